// Asking the server. A refusal becomes a Refusal with the server's sentence; a server that is gone one with code "web.gone".

export class Refusal extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

async function answered(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal("web.gone", "drumbridge web does not answer any more: start it again in the terminal.");
  }
  if (response.ok) return response;
  const said = await response.json().catch(() => ({}));
  throw new Refusal(said.error ?? "web.http", said.message ?? `The server answered ${response.status}.`);
}

export async function getJson(path, options) {
  return (await answered(path, options)).json();
}

export async function getBytes(path, options) {
  return (await answered(path, options)).arrayBuffer();
}

export async function postJson(path, value) {
  const headers = { "Content-Type": "application/json" };
  return (await answered(path, { method: "POST", headers, body: JSON.stringify(value) })).json();
}
