/* The hits of the selected clip as a MIDI clip.

Conventions: notes stand where the hits are heard: beats by the clip's warp markers, or seconds turned into beats by the
tempo of the set. In the session the new clip loops as the old one does; in the arrangement, where Live can make MIDI
clips there, it lies under the old one with its loop written out. A note is a sixteenth long, less where the same
note comes again sooner. */

var NOTE_BEATS = 0.25;
var SHORTEST_BEATS = 0.01;
var ARRANGEMENT_CLIPS_SINCE = 12.02; // Track.create_midi_clip came during 12.1

var targets = [];
var target = -1;
var task_req = 0;

function ready_for_work() {
    if (run || task_req) {
        say("busy");
        return false;
    }
    if (!link.connected) {
        say("no_server");
        return false;
    }
    return true;
}

function list_targets() {
    var n = track_count(), i;
    var old = targets[target];
    targets = [];
    target = -1;
    outlet(1, ["targets", "clear"]);
    for (i = 0; i < n; i += 1) {
        at("live_set tracks " + i);
        if (read_number("has_midi_input") === 1 && read_number("is_foldable") !== 1) {
            outlet(1, ["targets", "append", read_text("name")]);
            if (here() === old) {
                target = targets.length;
            }
            targets.push(here());
        }
    }
    target = target < 0 && targets.length ? 0 : target;
    if (target >= 0) {
        outlet(1, ["targets", "set", target]);
    }
}

function target_track(index) {
    target = index;
}

/* The id of the chosen track, 0 and a word about it when there is none that can be written to. */
function usable_target() {
    if (target < 0 || target >= targets.length || !at_id(targets[target])) {
        say("no_target");
        return 0;
    }
    if (read_number("is_frozen") === 1) {
        say("target_frozen");
        return 0;
    }
    return targets[target];
}

function to_midi() {
    var track, clip, id;
    if (!ready_for_work()) {
        return;
    }
    id = selected_clip();
    clip = id ? describe_clip(id) : null;
    if (!clip || !clip.is_audio) {
        say(clip ? "not_audio" : "no_clip");
        return;
    }
    track = usable_target();
    if (!track) {
        return;
    }
    say("listening");
    task_req = hits_of_clip(clip, function (hits, reason) {
        task_req = 0;
        if (!hits || !hits.length) {
            say(hits ? "no_hits" : reason);
            return;
        }
        write_notes(clip, track, notes_of(clip, hits));
    });
}

/* Notes in clip time (beats of a warped clip; seconds turned into beats). */
function notes_of(clip, hits) {
    var notes = [], left_out = 0, i, k, index, beat;
    for (i = 0; i < hits.length; i += 1) {
        beat = clip.warped ? s_to_beat(clip.map, hits[i].position_s) : hits[i].position_s * clip.tempo / 60;
        for (k = 0; k < hits[i].labels.length; k += 1) {
            index = label_index(hits[i].labels[k].label);
            if (index === UNSURE) {
                left_out += 1;
            } else {
                notes.push({pitch: LABELS[index].note, start_time: beat, velocity: hits[i].velocity});
            }
        }
    }
    return {notes: notes, left_out: left_out};
}

function in_beats(clip, time) {
    return clip.warped ? time : time * clip.tempo / 60;
}

function write_notes(clip, track, found) {
    var origin = in_beats(clip, clip.start), length = in_beats(clip, clip.end) - origin;
    var arranged = clip.in_arrangement && live_version() >= ARRANGEMENT_CLIPS_SINCE;
    var notes = arranged ? unrolled(clip, found.notes) : moved(found.notes, -origin, 0, length);
    var id = arranged ? make_arrangement_clip(clip, track) : make_session_clip(clip, track, length);
    if (!id) {
        return;
    }
    at_id(id);
    if (!arranged) {
        shape_loop(clip, origin);
    }
    cursor.call("add_new_notes", {notes: with_durations(notes)});
    cursor.set("name", clip.name);
    say("notes_written", notes.length, found.left_out);
}

function make_session_clip(clip, track, length) {
    var slot = free_slot(clip, track);
    if (!slot) {
        say("no_slot");
        return 0;
    }
    at_id(slot);
    cursor.call("create_clip", Math.max(length, NOTE_BEATS));
    return made(read_ids("clip"));
}

/* The slot in the row of the clip if it is empty, else the first empty one. */
function free_slot(clip, track) {
    var row = / clip_slots (\d+)/.exec(clip.path), slots, i;
    at_id(track);
    slots = read_ids("clip_slots");
    if (row && is_empty(slots[Number(row[1])])) {
        return slots[Number(row[1])];
    }
    for (i = 0; i < slots.length; i += 1) {
        if (is_empty(slots[i])) {
            return slots[i];
        }
    }
    return 0;
}

function is_empty(slot) {
    return slot !== undefined && at_id(slot) && read_number("has_clip") === 0;
}

function make_arrangement_clip(clip, track) {
    var before, after, i;
    at_id(track);
    before = read_ids("arrangement_clips");
    cursor.call("create_midi_clip", clip.start_time, clip.end_time - clip.start_time);
    after = read_ids("arrangement_clips");
    for (i = 0; i < after.length; i += 1) {
        if (before.indexOf(after[i]) < 0) {
            return after[i];
        }
    }
    return made([]);
}

function made(ids) {
    if (!ids.length) {
        say("notes_refused");
        return 0;
    }
    return ids[0];
}

function shape_loop(clip, origin) {
    cursor.set("looping", clip.looping ? 1 : 0);
    if (clip.looping) {
        cursor.set("loop_end", clip.loop_end - origin);
        cursor.set("loop_start", clip.loop_start - origin);
        cursor.set("start_marker", clip.first - origin);
    }
}

/* Notes moved by `by`, those that then start in [from, to). */
function moved(notes, by, from, to) {
    var kept = [], i, start;
    for (i = 0; i < notes.length; i += 1) {
        start = notes[i].start_time + by;
        if (start > from - SHORTEST_BEATS && start < to) {
            kept.push({pitch: notes[i].pitch, start_time: Math.max(from, start), velocity: notes[i].velocity});
        }
    }
    return kept;
}

/* What an arrangement clip plays in its whole length: from its start marker on, then its loop again and again. */
function unrolled(clip, notes) {
    var length = clip.end_time - clip.start_time, first = in_beats(clip, clip.first), turn, at_beat, result;
    if (!clip.looping) {
        return moved(notes, -first, 0, length);
    }
    result = moved(notes, -first, 0, Math.min(length, clip.loop_end - first));
    turn = clip.loop_end - clip.loop_start;
    for (at_beat = clip.loop_end - first; turn > 0 && at_beat < length; at_beat += turn) {
        result = result.concat(moved(notes, at_beat - clip.loop_start, at_beat, Math.min(length, at_beat + turn)));
    }
    return result;
}

function with_durations(notes) {
    var i, next = {};
    notes.sort(function (a, b) {
        return a.start_time - b.start_time;
    });
    for (i = notes.length - 1; i >= 0; i -= 1) {
        notes[i].duration = NOTE_BEATS;
        if (next[notes[i].pitch] !== undefined) {
            notes[i].duration = Math.max(SHORTEST_BEATS, Math.min(NOTE_BEATS, next[notes[i].pitch] - notes[i].start_time));
        }
        next[notes[i].pitch] = notes[i].start_time;
    }
    return notes;
}
