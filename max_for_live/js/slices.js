/* The hits of a Simpler's sample as its slices.

Conventions: it is the first Simpler on the target track, also inside racks. Slices are in frames of the sample's file;
those before or behind the markers stay out, as do those closer to the one before than 5 ms. */

var SLICING_MODE = 2;
var MANUAL_SLICES = 3;
var APART_S = 0.005;
var DEEPEST = 6;

function slice_simpler() {
    var track, simpler, sample, file, rate;
    if (!ready_for_work()) {
        return;
    }
    track = usable_target();
    if (!track) {
        return;
    }
    simpler = find_simpler(track, 0);
    sample = simpler && at_id(simpler) ? read_ids("sample")[0] : 0;
    if (!sample) {
        say("no_simpler");
        return;
    }
    at_id(sample);
    file = read_text("file_path");
    rate = read_number("sample_rate");
    say("listening");
    task_req = hits_of_file(file, [], function (hits, reason) {
        task_req = 0;
        if (!hits || !hits.length) {
            say(hits ? "no_hits" : reason);
        } else {
            set_slices(simpler, sample, hits, rate);
        }
    });
}

function find_simpler(id, depth) {
    var devices, chains, i, k, found;
    at_id(id);
    devices = read_ids("devices");
    for (i = 0; i < devices.length; i += 1) {
        at_id(devices[i]);
        if (read_text("class_name") === "OriginalSimpler") {
            return devices[i];
        }
        if (depth < DEEPEST && read_number("can_have_chains") === 1) {
            chains = read_ids("chains");
            for (k = 0; k < chains.length; k += 1) {
                found = find_simpler(chains[k], depth + 1);
                if (found) {
                    return found;
                }
            }
        }
    }
    return 0;
}

function set_slices(simpler, sample, hits, rate) {
    var n = 0, last = -1e9, i, frame, from, to;
    at_id(simpler);
    cursor.set("playback_mode", SLICING_MODE);
    at_id(sample);
    cursor.set("slicing_style", MANUAL_SLICES);
    cursor.call("clear_slices");
    from = read_number("start_marker");
    to = read_number("end_marker");
    for (i = 0; i < hits.length; i += 1) {
        frame = Math.round(hits[i].position_s * rate);
        if (frame >= from && frame < to && frame - last >= APART_S * rate) {
            cursor.call("insert_slice", frame);
            last = frame;
            n += 1;
        }
    }
    say("sliced", n);
}
