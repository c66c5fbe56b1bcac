"use strict";

/* Runs a device's js as Max would, with real UDP and a fake Live: node host.js CONFIG.json.

Lines of JSON come in on stdin: {"send": [message, ...]} goes to js, {"state": 1} asks for the set, {"poke":
[id, property, value]} changes it, {"let": [name, value]} sets a constant of js. Lines go out: {"out":
[outlet, ...]} for everything that js sends to its patch, {"sent": address} for each request, {"state": ...}. What the patch
does between js and the sockets is done here: outlet 0 is udpsend, the words reply_port and server_port of outlet 1 are
the ports, and replies go to the functions that the patch's prepend objects name. */

const dgram = require("dgram");
const fs = require("fs");
const path = require("path");
const readline = require("readline");
const vm = require("vm");
const {FakeLive, strict} = require("./fake_live.js");
const osc = require("./osc.js");

const config = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const members = JSON.parse(fs.readFileSync(path.join(__dirname, "..", "facts", "live_members.json"), "utf8"));
const live = new FakeLive(config.live, members, config.version);
const symbols = new Set();
let socket = null;
let serverPort = 0;

function tell(line) {
    process.stdout.write(JSON.stringify(line) + "\n");
}

function bind(port) {
    if (socket) {
        socket.close();
    }
    socket = dgram.createSocket("udp4");
    socket.on("error", () => tell({busy: port}));
    socket.on("message", (packet) => {
        const [address, ...values] = osc.decode(packet);
        const handler = config.replies[address];
        if (handler) {
            deliver([handler, ...values]);
        } else {
            tell({event: [address, ...values]});
        }
    });
    socket.bind(port, "127.0.0.1");
}

const sender = dgram.createSocket("udp4");

function outlet(number, atoms) {
    if (number >= context.outlets || arguments.length !== 2 || !Array.isArray([...atoms])) {
        live.wrong(`outlet ${number} was used with ${arguments.length - 1} things`);
    }
    for (const atom of atoms) {
        if (typeof atom === "string") {
            symbols.add(atom);
        } else if (typeof atom !== "number" || !Number.isFinite(atom)) {
            live.wrong(`${atoms} holds what is no atom`);
        }
    }
    if (number === 0) {
        tell({sent: [...atoms]});
        sender.send(osc.encode(atoms), serverPort, "127.0.0.1");
        return;
    }
    tell({out: [...atoms]});
    if (atoms[0] === "reply_port") {
        bind(atoms[1]);
    } else if (atoms[0] === "server_port") {
        serverPort = atoms[1];
    }
}

class Task {
    constructor(what, object) {
        this.what = what;
        this.object = object;
        this.interval = 500;
    }
    repeat() {
        this.timer = setInterval(() => guarded(() => this.what.call(this.object)), this.interval);
    }
    schedule(ms) {
        this.timer = setTimeout(() => guarded(() => this.what.call(this.object)), ms);
    }
    cancel() {
        clearInterval(this.timer);
    }
}

const context = {
    outlet, LiveAPI: live.api(), Task: strict(Task, ["interval", "repeat", "schedule", "cancel"], live),
    patcher: {filepath: config.path},
};
vm.createContext(context);

function guarded(what) {
    try {
        what();
    } catch (error) {
        tell({error: String(error && error.stack)});
    }
}

function deliver([name, ...values]) {
    guarded(() => {
        if (name === "init") {
            live.awake = true;
        }
        if (typeof context[name] !== "function") {
            throw new Error(`js has no function ${name}`);
        }
        context[name](...values);
    });
}

guarded(() => vm.runInContext(fs.readFileSync(config.script, "utf8"), context, {filename: config.script}));

readline.createInterface({input: process.stdin}).on("line", (line) => {
    const message = JSON.parse(line);
    if (message.send) {
        deliver(message.send);
    } else if (message.let) { // a constant, so that a test need not wait
        context[message.let[0]] = message.let[1];
    } else if (message.poke) { // somebody works in Live
        const [id, name, value] = message.poke;
        live.objects[id].props[name] = value;
    } else {
        tell({state: live.objects, violations: live.violations, symbols: [...symbols]});
    }
}).on("close", () => process.exit(0));
