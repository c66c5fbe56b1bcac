// Building the page: h("button", { class: "x", onclick }, "text", child). Text is always text, never markup.

export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "colour") element.style.setProperty("--colour", value); // by script: the CSP forbids styles in markup
    else if (value === true) element.setAttribute(name, "");
    else element.setAttribute(name, value);
  }
  element.append(...real(children));
  return element;
}

// Put other children in the place of those that are there.
export function fill(element, ...children) {
  element.replaceChildren(...real(children));
}

function real(children) {
  return children.flat(2).filter((child) => child !== null && child !== undefined && child !== false);
}

// What the person at the keyboard is typing into, if anything: keys are then text, not commands.
export function isTyping(event) {
  const target = event.target;
  return target instanceof HTMLInputElement
    ? !["range", "checkbox", "radio", "button"].includes(target.type)
    : target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

export function percent(confidence) {
  return `${Math.round(100 * confidence)} %`;
}

export function seconds(value) {
  if (value < 1) return `${Math.round(1000 * value)} ms`;
  if (value < 60) return `${value.toFixed(2)} s`;
  return `${Math.floor(value / 60)}:${String(Math.floor(value % 60)).padStart(2, "0")} min`;
}

export function count(number) {
  return number.toLocaleString("en");
}
