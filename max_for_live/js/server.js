/* The way to the server: requests with numbers, their answers, and whether anybody is there.

Conventions: a request's number is this device's own block of a million plus a count, so that two devices never take each
other's answers for theirs. Every request has a patience: milliseconds without any word of it, after which it fails with
the code client.timeout. Times come from the clock of the computer, in milliseconds. */

var BLOCK = 1000000;
var PATIENCE_MS = 20000;
var TICK_MS = 250;
var HELLO_MS = 1000;
var PING_MS = 5000;
var SILENT_MS = 4000;
var HELD_UP_MS = 500;
var FIRST_PORT = 24000;
var PORTS = 8000;

var pending = {};
var count = 0;
var link = {connected: false, own: 0, port: SERVER_PORT, reply_port: 0, tries: 0, asked_ms: 0,
            model: "", model_ms: 0,
            ticked_ms: 0};
var ticker = null;

function now_ms() {
    return new Date().getTime();
}

/* Tell in the strip. Numbers go as numbers: a text with a number in it would be a new symbol every time. */
function say(key) {
    var numbers = Array.prototype.slice.call(arguments, 1);
    var words = MESSAGES[key].split(" ");
    var atoms = ["status"], i;
    for (i = 0; i < words.length; i += 1) {
        atoms.push(words[i] === "#" ? numbers.shift() : words[i]);
    }
    outlet(1, atoms);
}

function ask(address, values, on_end, patience_ms) {
    count = (count + 1) % BLOCK;
    var req = link.own * BLOCK + count;
    var patience = patience_ms || PATIENCE_MS;
    pending[req] = {on_end: on_end, patience: patience, due_ms: now_ms() + patience, hits: [], scores: null, values: {},
                    streams: []};
    outlet(0, ["/drumbridge/" + address, req].concat(values));
    return req;
}

function heard(req) {
    var request = pending[req];
    if (request) {
        request.due_ms = now_ms() + request.patience;
    }
    return request;
}

function end_request(req, good, values) {
    var request = pending[req];
    if (request) {
        delete pending[req];
        request.on_end(good, values, request);
    }
}

/* -- what the server says, each with its req first ------------------------------------------------------------- */

function done(req) {
    end_request(req, true, Array.prototype.slice.call(arguments, 1));
}

function fail(req) {
    end_request(req, false, Array.prototype.slice.call(arguments, 1));
}

function hit(req, index, position_s, velocity) {
    var request = heard(req);
    if (request) {
        request.hits.push({position_s: position_s, velocity: velocity, labels: pairs(arguments, 4)});
    }
}

function scores(req) {
    var request = heard(req);
    if (request) {
        request.scores = pairs(arguments, 1);
    }
}

function progress(req) {
    heard(req);
}

function warning(req) {
    heard(req);
}

function status_value(req) {
    var request = heard(req), i;
    for (i = 1; request && i + 1 < arguments.length; i += 2) {
        request.values[arguments[i]] = arguments[i + 1];
    }
}

function status_stream(req, stream_id, name) {
    var request = heard(req);
    if (request) {
        request.streams.push({id: stream_id, name: String(name)});
    }
}

function pairs(values, first) {
    var found = [], i;
    for (i = first; i + 1 < values.length; i += 2) {
        found.push({label: String(values[i]), p: Number(values[i + 1])});
    }
    return found;
}

/* -- is anybody there? ------------------------------------------------------------------------------------------- */

function connect() {
    at("this_device");
    link.own = here() % 2000;
    link.tries = 0;
    choose_reply_port();
    outlet(1, ["server_port", link.port]);
    say("starting");
    link.ticked_ms = now_ms();
    ticker = new Task(tick, this);
    ticker.interval = TICK_MS;
    ticker.repeat();
    hello();
}

/* Each device listens on a port of its own; after three hellos in vain it tries another, for somebody may have it. */
function choose_reply_port() {
    link.reply_port = FIRST_PORT + (link.own * 4 + Math.floor(link.tries / 3)) % PORTS;
    outlet(1, ["reply_port", link.reply_port]);
}

function hello() {
    link.asked_ms = now_ms();
    link.tries += 1;
    if (link.tries % 3 === 0) {
        choose_reply_port();
    }
    ask("hello", [link.reply_port, DEVICE_NAME], function (good, values) {
        if (good && !link.connected) {
            greeted(String(values[1]));
        }
    }, SILENT_MS);
}

function greeted(version) {
    link.connected = true;
    link.tries = 0;
    outlet(1, ["connection", 1]);
    say(version === VERSION ? "connected" : "other_version");
    ask("notify", [2], function () {});
    link.model = "";
    link.model_ms = 0;
    on_connected();
}

/* A server that has just begun is still loading its model, so ask until there is one. */
function ask_for_model(time_ms) {
    if (link.model || time_ms - link.model_ms < HELLO_MS) {
        return;
    }
    link.model_ms = time_ms;
    ask("status", [], function (good, values, request) {
        if (good && request.values.model) {
            link.model = String(request.values.model);
            outlet(1, ["model", link.model]);
        }
    });
}

function lose() {
    if (link.connected) {
        link.connected = false;
        link.tries = 0;
        outlet(1, ["connection", 0]);
        outlet(1, ["model", "-"]);
        say("lost");
        on_lost();
    }
}

function tick() {
    var time_ms = now_ms(), req, late = [], held_up_ms = time_ms - link.ticked_ms - TICK_MS;
    link.ticked_ms = time_ms;
    for (req in pending) { // while Live itself stood still no answer could be heard
        if (pending.hasOwnProperty(req) && held_up_ms > HELD_UP_MS) {
            pending[req].due_ms += held_up_ms;
        }
    }
    for (req in pending) {
        if (pending.hasOwnProperty(req) && pending[req].due_ms < time_ms) {
            late.push(req);
        }
    }
    while (late.length) {
        end_request(late.pop(), false, ["client.timeout", ""]);
    }
    if (link.connected && time_ms - link.asked_ms > PING_MS) {
        link.asked_ms = time_ms;
        ask("ping", [], function (good) {
            if (!good) {
                lose();
            }
        }, SILENT_MS);
    } else if (!link.connected && time_ms - link.asked_ms > HELLO_MS) {
        hello();
        nobody_there(time_ms);
    }
    if (link.connected) {
        ask_for_model(time_ms);
    }
    on_tick(time_ms);
}

function server_port(port) {
    if (port !== link.port) {
        link.port = port;
        if (cursor) {
            outlet(1, ["server_port", port]);
            lose();
        }
    }
}

/* What a fail means to the person in front of the strip. */
function reason_of(code) {
    code = String(code);
    if (FAILS[code]) {
        return FAILS[code];
    }
    if (code.indexOf("audio.") === 0) {
        return "file_unreadable";
    }
    return code.indexOf("model.") === 0 ? "no_model" : "trouble";
}

var FAILS = {
    "client.timeout": "no_answer",
    "job.cancelled": "cancelled",
    "client.lost": "hits_lost",
    "audio.not_found": "file_missing",
    "audio.permission": "file_forbidden",
    "stream.name_taken": "bus_taken",
    "stream.too_many": "too_many_streams"
};
