/* Live mode: a stream of this track's audio, and where the notes that come back go.

Conventions: js opens and closes; audio and hits pass it by, through Max's own objects. `stage` is the one that is
played: 0, the answer after some 10 ms, or 1, the final one. */

var EARLY_MS = 10;
var CHECK_MS = 2000;

var live = {wanted: false, opening: false, stream: 0, rate: 44100, stage: 0, bus: 0, checked_ms: 0, missing: 0};
var routes = [];

function stream_name() {
    return live.bus > 0 ? "bus " + live.bus : "device " + link.own;
}

function live_on(on) {
    live.wanted = on !== 0;
    if (live.wanted) {
        open_stream();
    } else {
        close_stream();
        say("live_off");
    }
}

function play_stage(stage) {
    live.stage = stage;
    outlet(1, ["stage", stage]);
    reopen_stream();
}

function bus(number) {
    live.bus = number;
    reopen_stream();
}

function sample_rate(rate) {
    live.rate = Math.round(rate);
    reopen_stream();
}

function reopen_stream() {
    if (live.stream) {
        close_stream();
        open_stream();
    }
}

function open_stream() {
    if (!link.connected || live.opening || live.stream) {
        return;
    }
    live.opening = true;
    ask("jmtx/open", [live.rate, stream_name(), live.stage === 0 ? EARLY_MS : 0], function (good, values) {
        live.opening = false;
        if (!good) {
            say(reason_of(values[0]) === "trouble" ? "live_refused" : reason_of(values[0]));
        } else if (live.wanted) {
            live.stream = Number(values[0]);
            outlet(1, ["stream", live.stream]);
            outlet(1, ["tap_port", Number(values[1])]);
            outlet(1, ["tap", 1]);
            say("live_on");
        } else {
            ask("stream/close", [Number(values[0])], function () {});
        }
    });
}

function close_stream() {
    outlet(1, ["tap", 0]);
    outlet(1, ["stream", 0]);
    if (live.stream && link.connected) {
        ask("stream/close", [live.stream], function () {});
    }
    live.stream = 0;
}

/* jit.net.send says whether it reached the server. */
function tap_connected(on) {
    if (live.stream && on === 0) {
        say("tap_refused");
    }
}

function gap(stream_id) {
    if (stream_id === live.stream) {
        say("audio_missing");
    }
}

/* -- MIDI to another track ---------------------------------------------------------------------------------------- */

function list_routes() {
    var i, current, record;
    routes = [];
    outlet(1, ["routes", "clear"]);
    if (!at("this_device midi_outputs 0")) {
        say("no_routing");
        return;
    }
    record = read_record("available_routing_types");
    routes = record ? record.available_routing_types : [];
    record = read_record("routing_type");
    current = record ? record.routing_type.identifier : null;
    for (i = 0; i < routes.length; i += 1) {
        outlet(1, ["routes", "append", routes[i].display_name]);
    }
    for (i = 0; i < routes.length; i += 1) {
        if (routes[i].identifier === current) {
            outlet(1, ["routes", "set", i]);
        }
    }
}

function route_to(index) {
    if (index >= 0 && index < routes.length && at("this_device midi_outputs 0")) {
        cursor.set("routing_type", routes[index]);
    }
}
