/* Live mode: a stream of this track's audio, and where the notes that come back go.

Conventions: js opens and closes; audio and hits pass it by, through Max's own objects. The stream has a name of our own
and begins with its first audio, so its number is looked up by the name. `stage` is the one that is played: 0, the answer
after some 10 ms, or 1, the final one. */

var EARLY_MS = 10;
var LOOK_MS = 500;
var AGAIN_MS_LIVE = 2000;
var NO_AUDIO_MS = 5000;

var live = {wanted: false, opening: false, name: "", stream: 0, rate: 44100, stage: 0, bus: 0, looked_ms: 0,
            opened_ms: 0, again_ms: 0, complained: false};
var routes = [];

function stream_name() {
    return live.bus > 0 ? "bus " + live.bus : "device " + link.own;
}

function live_on(on) {
    live.wanted = on !== 0;
    if (live.wanted) {
        open_stream();
    } else if (cursor) {
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
    if (Math.round(rate) !== live.rate) {
        live.rate = Math.round(rate);
        reopen_stream();
    }
}

function reopen_stream() {
    if (live.name) {
        close_stream();
        open_stream();
    }
}

function open_stream() {
    var name = stream_name();
    if (!link.connected || live.opening || live.name) {
        return;
    }
    live.opening = true;
    live.again_ms = 0;
    ask("jmtx/open", [name, live.rate, live.stage === 0 ? EARLY_MS : 0], function (good, values) {
        live.opening = false;
        if (!good) {
            say(reason_of(values[0]) === "trouble" ? "live_refused" : reason_of(values[0]));
            live.again_ms = now_ms() + AGAIN_MS_LIVE;
        } else if (!live.wanted || name !== stream_name()) {
            ask("jmtx/close", [name], function () {});
            live.again_ms = 1;
        } else {
            live.name = name;
            live.opened_ms = now_ms();
            live.complained = false;
            outlet(1, ["tap_port", Number(values[0])]);
            outlet(1, ["tap", 1]);
        }
    });
}

function close_stream() {
    outlet(1, ["tap", 0]);
    outlet(1, ["stream", 0]);
    if (live.name && link.connected) {
        ask("jmtx/close", [live.name], function () {});
    }
    live.name = "";
    live.stream = 0;
}

function forget_stream() {
    live.name = "";
    live.stream = 0;
    live.opening = false;
    outlet(1, ["tap", 0]);
    outlet(1, ["stream", 0]);
}

function look_after_stream(time_ms) {
    if (live.wanted && live.again_ms && time_ms > live.again_ms) {
        open_stream();
    }
    if (live.name && time_ms - live.looked_ms > LOOK_MS) {
        live.looked_ms = time_ms;
        ask("status", [], function (good, values, request) {
            if (good) {
                find_stream(request.streams);
            }
        });
    }
}

function find_stream(streams) {
    var id = 0, i;
    for (i = 0; i < streams.length; i += 1) {
        if (streams[i].name === live.name) {
            id = streams[i].id;
        }
    }
    if (live.name && id !== live.stream) {
        live.stream = id;
        live.complained = false;
        outlet(1, ["stream", id]);
        if (id) {
            say("live_on");
        }
    }
    if (live.name && !id && !live.complained && now_ms() - live.opened_ms > NO_AUDIO_MS) {
        live.complained = true;
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
