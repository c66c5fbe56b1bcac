/* DrumBridge Pads, the MIDI effect: follows a bus and plays what is heard there; learns its notes from a Drum Rack.

Conventions: each function here that is not called by another is a message of the patch. A bus is the stream of that
name; hits reach the notes through Max's own objects. */

autowatch = 0;
inlets = 1;
outlets = 2;

var device_patcher = this.patcher;
var LOOK_MS = 1000;

var followed = {bus: 1, stream: 0, stage: 0, looked_ms: 0};

/* Words of chain names, surest first; the first row that fits gives the label. */
var WORDS = [
    [/pedal|foot|hh ?p\b|phh/, "pedal_hat"],
    [/(open|\boh?\b).*(hat|hh)|(hat|hh).*(open|\boh?\b)|\bohh?\b|hhopen|openh/, "open_hat"],
    [/hat|\bhh\b|\bchh?\b|hihat|closedh/, "closed_hat"],
    [/kick|\bbd\b|\bkik\b|bass ?drum/, "kick"],
    [/rim|side ?stick|\brs\b|xstick|cross ?stick/, "rim"],
    [/snap|finger/, "snap"],
    [/clap|\bcp\b|\bclp\b/, "clap"],
    [/snare|\bsd\b|\bsn\b|\bsnr\b/, "snare"],
    [/(tom.*(low|floor|\blo\b|\bl\b))|((low|floor|\blo\b).*tom)|\blt\b/, "tom_low"],
    [/(tom.*(hi|high))|((hi|high).*tom)|\bht\b/, "tom_high"],
    [/(tom.*mid)|(mid.*tom)|\bmt\b/, "tom_mid"],
    [/tom/, "tom"],
    [/bell/, "ride_bell"],
    [/ride|\brd\b/, "ride"],
    [/splash/, "splash"],
    [/china/, "china"],
    [/crash|\bcr\b/, "crash"],
    [/cymbal|\bcym\b|\bcy\b/, "cymbal"],
    [/cowbell|\bcb\b/, "cowbell"],
    [/conga/, "conga"],
    [/bongo/, "bongo"],
    [/timbal/, "timbale"],
    [/tamb/, "tambourine"],
    [/shak|maraca|cabasa/, "shaker"],
    [/clave/, "clave"],
    [/triang/, "triangle"],
    [/perc|block|agogo|guiro/, "percussion"]
];

function init() {
    if (cursor) {
        return;
    }
    wake();
    connect();
}

function on_connected() {
    say("pads_waiting");
    followed.looked_ms = 0;
}

function on_lost() {
    follow(0);
}

function nobody_there() {
    say("no_server_pads");
}

function bus(number) {
    followed.bus = number;
    followed.looked_ms = 0;
    follow(0);
}

function play_stage(stage) {
    outlet(1, ["stage", stage]);
}

function on_tick(time_ms) {
    if (link.connected && time_ms - followed.looked_ms > LOOK_MS) {
        followed.looked_ms = time_ms;
        ask("status", [], function (good, values, request) {
            if (good) {
                look_at(request.streams);
            }
        });
    }
}

function look_at(streams) {
    var wanted = "bus " + followed.bus, id = 0, i;
    for (i = 0; i < streams.length; i += 1) {
        if (streams[i].name === wanted) {
            id = streams[i].id;
        }
    }
    follow(id);
}

function follow(id) {
    if (id !== followed.stream) {
        followed.stream = id;
        outlet(1, ["stream", id]);
        say(id ? "pads_following" : "pads_waiting");
    }
}

function gap() {
    return;
}

/* -- notes from the names of the rack's chains -------------------------------------------------------------------- */

function label_of_name(name) {
    var text = name.toLowerCase().replace(/[_\-.]+/g, " "), i;
    if (/cowbell/.test(text)) {
        return "cowbell";
    }
    for (i = 0; i < WORDS.length; i += 1) {
        if (WORDS[i][0].test(text)) {
            return WORDS[i][1];
        }
    }
    return null;
}

function index_of_label(name) {
    var i;
    for (i = 0; i < LABELS.length; i += 1) {
        if (LABELS[i].name === name) {
            return i;
        }
    }
    return -1;
}

function learn_notes() {
    var rack = find_rack(), pads, taken = {}, n = 0, known = 0, i, label;
    if (!rack) {
        say("no_rack");
        return;
    }
    at_id(rack);
    pads = read_ids("drum_pads");
    for (i = 0; i < pads.length; i += 1) {
        at_id(pads[i]);
        if (cursor.getcount("chains") > 0) {
            n += 1;
            label = label_of_name(read_text("name"));
            if (label && taken[label] === undefined) {
                taken[label] = read_number("note");
            }
            known += label ? 1 : 0;
        }
    }
    for (i = 0; i < LABELS.length; i += 1) {
        if (taken[LABELS[i].name] !== undefined) {
            outlet(1, ["note", i, taken[LABELS[i].name]]);
        }
    }
    say("learnt", known, n);
}

/* The first Drum Rack behind this device in the same chain or track. */
function find_rack() {
    var own, devices, i;
    at("this_device");
    own = here();
    at("this_device canonical_parent");
    devices = read_ids("devices");
    for (i = devices.indexOf(own) + 1; i < devices.length; i += 1) {
        at_id(devices[i]);
        if (read_number("can_have_drum_pads") === 1) {
            return devices[i];
        }
    }
    return 0;
}
