// Prints the hits of a live stream: node hits.js [port]
//
// First type in a terminal: drumbridge listen --serve
// Nothing to install: OSC is simple enough to be written here. What a hit does is onHit: make it yours.
"use strict";

const dgram = require("node:dgram");

const PORT = Number(process.argv[2] || 23786);
const link = dgram.createSocket("udp4");

function onHit(hit) {
  // stage 0: early, to play on. 1: final, to write down. 2: withdrawn, there was none.
  console.log(["early", "final", "withdrawn"][hit.stage], hit.id, hit.note, hit.velocity, hit.confidence.toFixed(2));
}

// -- OSC: everything is padded with zeros to four bytes, numbers are big-endian -------------------------------------

function text(value) {
  const bytes = Buffer.from(value, "utf8");
  return Buffer.concat([bytes, Buffer.alloc(4 - (bytes.length % 4))]);
}

function int(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function send(address, ...values) {
  const tags = "," + values.map((value) => (typeof value === "string" ? "s" : "i")).join("");
  const parts = values.map((value) => (typeof value === "string" ? text(value) : int(value)));
  link.send(Buffer.concat([text(address), text(tags), ...parts]), PORT, "127.0.0.1");
}

function read(packet) {
  let at = 0;
  function readText() {
    const end = packet.indexOf(0, at);
    const value = packet.toString("utf8", at, end);
    at = (end + 4) & ~3;
    return value;
  }
  const address = readText();
  const values = [...readText().slice(1)].map((tag) => {
    if (tag === "s") return readText();
    at += 4;
    return tag === "f" ? packet.readFloatBE(at - 4) : packet.readInt32BE(at - 4);
  });
  return { address, values };
}

// -- drumbridge -----------------------------------------------------------------------------------------------------

link.on("message", (packet) => {
  const { address, values } = read(packet);
  if (address === "/drumbridge/live/hit") {
    const [stream, id, stage, position, note, velocity, duration_ms, label_index, confidence] = values;
    onHit({ stream, id, stage, position, note, velocity, duration_ms, label_index, confidence });
  } else if (address === "/drumbridge/fail") {
    console.error("drumbridge:", values[2]);
  } else if (address === "/drumbridge/done" && values[0] === 2) {
    clearTimeout(nobody);
    console.log("listening");
  }
});

const nobody = setTimeout(() => {
  console.error(`drumbridge does not answer on port ${PORT}: type drumbridge listen --serve in a terminal first`);
  process.exit(1);
}, 5000);

send("/drumbridge/hello", 1, 0, "Node"); // 0: answer where I send from
send("/drumbridge/notify", 2, 1);
