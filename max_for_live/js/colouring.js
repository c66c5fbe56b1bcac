/* Colouring and naming clips, and putting them back.

Conventions: a run goes through its clips one by one, so that Live is never held up and Stop is felt at once. What a run
changed is kept, newest run last; undo restores only what still is as the run left it: whatever somebody changed since
then is theirs. */

var RUNS = 20;

var colours = LABELS.map(function (label) {
    return label.colour;
}).concat([UNSURE_COLOUR, SEVERAL_COLOUR]);

var options = {scope: THIS_CLIP, colour: true, name: true, dry: false, minimum: 0.5};
var run = null;
var history = [];

function display_name(label) {
    return label === SEVERAL ? "drums" : LABELS[label].name.replace(/_/g, " ");
}

function colour_clips() {
    var ids;
    if (!ready_for_work()) {
        return;
    }
    if (!options.dry && !options.colour && !options.name) {
        say("nothing_to_do");
        return;
    }
    ids = clips_in(options.scope);
    if (!ids.length) {
        say(options.scope === THIS_CLIP ? "no_clip" : "no_clips");
        return;
    }
    run = {ids: ids, next: 0, dry: options.dry, changed: [], done: 0, unsure: 0, other: 0, failed: 0, reason: "", req: 0};
    next_clip();
}

function next_clip() {
    var clip;
    while (run && run.next < run.ids.length) {
        clip = describe_clip(run.ids[run.next]);
        run.next += 1;
        if (clip && clip.is_audio) {
            say("working", run.next, run.ids.length);
            judge(clip);
            return;
        }
        run.other += 1;
    }
    end_run();
}

function judge(clip) {
    var mine = run;
    run.req = judge_clip(clip, function (verdict, reason) {
        if (run !== mine) {
            return;
        }
        if (verdict) {
            apply_verdict(clip.id, verdict);
        } else if (reason === "no_hits") {
            apply_verdict(clip.id, {label: UNSURE, p: 0, guess: UNSURE});
        } else {
            run.failed += 1;
            run.reason = reason;
        }
        next_clip();
    });
}

function apply_verdict(id, verdict) {
    var unsure = verdict.label === UNSURE || verdict.p < options.minimum;
    var guess = verdict.label === UNSURE ? verdict.guess : verdict.label;
    var name = unsure ? (guess === undefined || guess === UNSURE ? "unsure" : display_name(guess) + "?")
                      : display_name(verdict.label);
    var before;
    run.done += 1;
    run.unsure += unsure ? 1 : 0;
    show_verdict(unsure ? UNSURE : verdict.label, verdict.p);
    if (run.dry || !at_id(id)) {
        return;
    }
    before = {id: id, name: read_text("name"), color: read_number("color")};
    if (options.colour) {
        cursor.set("color", colours[unsure ? UNSURE : verdict.label]);
        before.new_color = read_number("color"); // Live takes the nearest that it has
    }
    if (options.name) {
        cursor.set("name", name);
        before.new_name = name;
    }
    run.changed.push(before);
}

function show_verdict(label, p) {
    outlet(1, ["verdict", label === SEVERAL ? SEVERAL + 1 : label]); // in the strip's list a kit's pad stands between
    outlet(1, ["confidence", Math.round(100 * p)]);
}

function end_run() {
    var ended = run;
    run = null;
    remember(ended.changed);
    if (ended.ids.length === 1 && ended.failed === 1) {
        say(ended.reason);
    } else if (ended.ids.length === 1 && ended.other === 1) {
        say("not_audio");
    } else {
        say(ended.dry ? "would_colour" : "coloured", ended.done, ended.unsure, ended.other, ended.failed);
    }
}

function remember(changed) {
    if (changed.length) {
        history.push(changed);
        history = history.slice(-RUNS);
    }
}

/* The server is gone: what was asked of it is never answered, and what was changed can still be undone. */
function drop_work() {
    if (run) {
        remember(run.changed);
        run = null;
    }
    task_req = 0;
    pending = {};
}

function stop_work() {
    var stopped = run;
    if (task_req) {
        ask("cancel", [task_req], function () {});
        task_req = 0;
    }
    if (stopped) {
        ask("cancel", [stopped.req], function () {});
        stopped.dry = true;
        end_run();
        say("stopped", stopped.done, stopped.ids.length);
    }
}

function undo_colours() {
    var changed = history.pop(), n = 0, i, was;
    if (!changed) {
        say("nothing_to_undo");
        return;
    }
    for (i = changed.length - 1; i >= 0; i -= 1) {
        was = changed[i];
        if (at_id(was.id)) {
            if (was.new_color !== undefined && read_number("color") === was.new_color) {
                cursor.set("color", was.color);
            }
            if (was.new_name !== undefined && read_text("name") === was.new_name) {
                cursor.set("name", was.name);
            }
            n += 1;
        }
    }
    say("undone", n);
}

/* -- the table of colours ---------------------------------------------------------------------------------------- */

var shown_class = 0;

function colour_class(label) {
    shown_class = label;
    show_swatch();
}

function show_swatch() {
    var colour = colours[shown_class];
    outlet(1, ["swatch", (colour >> 16 & 255) / 255, (colour >> 8 & 255) / 255, (colour & 255) / 255, 1]);
}

function take_colour() {
    if (!selected_clip()) {
        say("no_clip");
        return;
    }
    colours[shown_class] = read_number("color");
    keep_colours();
    say("colour_taken");
}

function reset_colours() {
    colours = LABELS.map(function (label) {
        return label.colour;
    }).concat([UNSURE_COLOUR, SEVERAL_COLOUR]);
    keep_colours();
    say("colours_reset");
}

function keep_colours() {
    outlet(1, ["colours"].concat(colours));
    show_swatch();
}

/* What the set kept, when it is loaded; a table of another length is of another version and is left out. */
function stored_colours() {
    if (arguments.length === colours.length) {
        colours = Array.prototype.slice.call(arguments);
    }
}
