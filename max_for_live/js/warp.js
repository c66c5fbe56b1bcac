/* From seconds of a file to beats of a clip and back, by the clip's warp markers.

Conventions: a map is a sorted list of {s, beat} with at least two points; between them it is straight, before and after
them as between the nearest two (the last marker is Live's own and gives the tempo of the rest). An unwarped clip counts
in seconds, which the set's tempo turns into beats where notes are written. */

function warp_map(markers, sample_rate, tempo) {
    var map = [], i, scale;
    for (i = 0; markers && i < markers.length; i += 1) {
        map.push({s: Number(markers[i].sample_time), beat: Number(markers[i].beat_time)});
    }
    map.sort(function (a, b) {
        return a.beat - b.beat;
    });
    scale = unit_of(map, sample_rate);
    for (i = 0; i < map.length; i += 1) {
        map[i].s *= scale;
    }
    if (map.length === 1) {
        map.push({s: map[0].s + 60 / tempo, beat: map[0].beat + 1});
    }
    return map.length ? map : [{s: 0, beat: 0}, {s: 60 / tempo, beat: 1}];
}

/* Live's documents do not say whether a marker's sample_time is in samples or in seconds. No music has less than one beat
in a minute, and every marker in samples read as seconds does. */
function unit_of(map, sample_rate) {
    var i, per_minute;
    for (i = 1; i < map.length; i += 1) {
        if (map[i].s > map[i - 1].s) {
            per_minute = 60 * (map[i].beat - map[i - 1].beat) / (map[i].s - map[i - 1].s);
            return per_minute < 1 ? 1 / sample_rate : 1;
        }
    }
    return 1;
}

function interpolate(map, from, to, value) {
    var i = 1, span;
    while (i < map.length - 1 && map[i][from] < value) {
        i += 1;
    }
    span = map[i][from] - map[i - 1][from];
    return span > 0 ? map[i - 1][to] + (value - map[i - 1][from]) * (map[i][to] - map[i - 1][to]) / span : map[i][to];
}

function s_to_beat(map, s) {
    return interpolate(map, "s", "beat", s);
}

function beat_to_s(map, beat) {
    return interpolate(map, "beat", "s", beat);
}
