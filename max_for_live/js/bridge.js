/* DrumBridge, the audio effect: what the strip's controls send, and what the parts call.

Conventions: each function here that is not called by another is a message of the patch. */

autowatch = 0;
inlets = 1;
outlets = 2;

var device_patcher = this.patcher;

function init() {
    if (cursor) {
        return;
    }
    wake();
    show_swatch();
    list_targets();
    list_routes();
    connect();
}

function refresh_tracks() {
    if (cursor) {
        list_targets();
        list_routes();
    }
}

function on_connected() {
    launch.began_ms = 0;
    launch.failed = "";
    if (live.wanted) {
        open_stream();
    }
}

function on_lost() {
    forget_stream();
    drop_work();
}

function on_tick(time_ms) {
    look_after_stream(time_ms);
}

function scope(index) {
    options.scope = index;
}

function colour_on(on) {
    options.colour = on !== 0;
}

function name_on(on) {
    options.name = on !== 0;
}

function dry_run(on) {
    options.dry = on !== 0;
}

function minimum_confidence(percent) {
    options.minimum = percent / 100;
}
