/* Which clips there are, and what a clip plays of its file.

Conventions: clip time is beats in a warped clip and seconds in another; `start` and `end` are the part that is played,
in clip time, `start_s` and `end_s` the same in seconds of the file. */

var THIS_CLIP = 0;
var SESSION = 1;
var ARRANGEMENT = 2;
var EVERYTHING = 3;

function selected_clip() {
    return at("live_set view detail_clip") ? here() : 0;
}

function clips_in(scope) {
    var ids = [], track, i, n, id;
    if (scope === THIS_CLIP) {
        id = selected_clip();
        return id ? [id] : [];
    }
    if (scope === EVERYTHING) {
        n = track_count();
        for (i = 0; i < n; i += 1) {
            track = "live_set tracks " + i;
            ids = ids.concat(session_clips(track), arrangement_clips(track));
        }
        return ids;
    }
    track = own_track();
    if (!track) {
        return [];
    }
    return scope === SESSION ? session_clips(track) : arrangement_clips(track);
}

function session_clips(track) {
    var ids = [], i, n;
    at(track);
    n = cursor.getcount("clip_slots");
    for (i = 0; i < n; i += 1) {
        if (at(track + " clip_slots " + i) && read_number("has_clip") === 1) {
            ids = ids.concat(read_ids("clip"));
        }
    }
    return ids;
}

function arrangement_clips(track) {
    at(track);
    return read_number("is_foldable") === 1 ? [] : read_ids("arrangement_clips");
}

/* What there is to know of a clip; null when it is gone. */
function describe_clip(id) {
    var clip = {id: id}, tempo;
    if (!at_id(id)) {
        return null;
    }
    clip.name = read_text("name");
    clip.color = read_number("color");
    clip.is_audio = read_number("is_audio_clip") === 1;
    if (!clip.is_audio) {
        return clip;
    }
    clip.path = where();
    clip.file = read_text("file_path");
    clip.sample_rate = read_number("sample_rate") || 44100;
    clip.file_s = read_number("sample_length") / clip.sample_rate;
    clip.warped = read_number("warping") === 1;
    clip.looping = clip.warped && read_number("looping") === 1;
    clip.in_arrangement = read_number("is_arrangement_clip") === 1;
    clip.loop_start = read_number("loop_start");
    clip.loop_end = read_number("loop_end");
    clip.first = read_number("start_marker");
    clip.start = clip.looping ? Math.min(clip.first, clip.loop_start) : clip.first;
    clip.end = clip.looping ? clip.loop_end : read_number("end_marker");
    if (clip.in_arrangement) {
        clip.start_time = read_number("start_time");
        clip.end_time = read_number("end_time");
    }
    clip.markers = clip.warped ? (read_record("warp_markers") || {}).warp_markers : null;
    at("live_set");
    tempo = read_number("tempo");
    clip.map = clip.warped ? warp_map(clip.markers, clip.sample_rate, tempo) : null;
    clip.tempo = tempo;
    clip.start_s = Math.max(0, clip.warped ? beat_to_s(clip.map, clip.start) : clip.start);
    clip.end_s = Math.max(clip.start_s, clip.warped ? beat_to_s(clip.map, clip.end) : clip.end);
    return clip;
}

function plays_whole_file(clip) {
    return clip.file_s > 0 && clip.start_s < 0.02 && clip.end_s > clip.file_s - 0.02;
}
