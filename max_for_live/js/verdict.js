/* What a clip is, from the hits in it.

Conventions: a verdict is {label, p}: label is the place in the table of labels, or UNSURE or SEVERAL behind it. Each hit
counts as much as its velocity, with its strongest label. Three quarters of one drum make the clip that drum, otherwise
it holds several drums. A clip that is one short sound is asked about as a one-shot, which is surer. */

var UNSURE = LABELS.length;
var SEVERAL = LABELS.length + 1;
var ONE_DRUM_SHARE = 0.75;
var ONE_SHOT_S = 6;

function label_index(name) {
    var i;
    for (i = 0; i < LABELS.length; i += 1) {
        if (LABELS[i].name === name) {
            return i;
        }
    }
    return UNSURE;
}

function verdict_of_hits(hits) {
    var weight = [], p = [], total = 0, best = 0, i, k;
    for (k = 0; k <= UNSURE; k += 1) {
        weight.push(0);
        p.push(0);
    }
    for (i = 0; i < hits.length; i += 1) {
        k = label_index(hits[i].labels[0].label);
        weight[k] += hits[i].velocity;
        p[k] += hits[i].velocity * hits[i].labels[0].p;
        total += hits[i].velocity;
    }
    for (k = 1; k <= UNSURE; k += 1) {
        if (weight[k] > weight[best]) {
            best = k;
        }
    }
    if (weight[best] >= ONE_DRUM_SHARE * total) {
        return {label: best, p: p[best] / weight[best]};
    }
    for (k = 0, best = 0; k <= UNSURE; k += 1) {
        best += p[k];
    }
    return {label: SEVERAL, p: best / total};
}

function verdict_of_scores(answer, scores) {
    var label = label_index(String(answer[0]));
    return {label: label, p: Number(answer[1]), guess: scores && scores.length ? label_index(scores[0].label) : label};
}

/* Ask about one clip; on_verdict gets a verdict, or null and the key of what to say. */
function judge_clip(clip, on_verdict) {
    function one_shot() {
        return ask("classify", [clip.file], function (good, values, request) {
            if (good) {
                on_verdict(verdict_of_scores(values, request.scores), "");
            } else {
                on_verdict(null, reason_of(values[0]));
            }
        });
    }
    return hits_of_clip(clip, function (hits, reason) {
        if (hits && hits.length < 2 && plays_whole_file(clip) && clip.file_s <= ONE_SHOT_S) {
            one_shot();
        } else if (hits && hits.length) {
            on_verdict(verdict_of_hits(hits), "");
        } else {
            on_verdict(null, hits ? "no_hits" : reason);
        }
    });
}

/* Ask for the hits in the part of its file that a clip plays. */
function hits_of_clip(clip, on_hits) {
    return hits_of_file(clip.file, plays_whole_file(clip) ? [] : [clip.start_s, clip.end_s], on_hits);
}

function hits_of_file(file, part, on_hits) {
    return ask("transcribe", [file].concat(part), function (good, values, request) {
        if (!good) {
            on_hits(null, reason_of(values[0]));
        } else if (values[0] !== request.hits.length) {
            on_hits(null, reason_of("client.lost"));
        } else {
            on_hits(request.hits, "");
        }
    });
}
