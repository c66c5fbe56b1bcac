/* Starting the server when nobody answers, through node.script.

Conventions: Node is asked at most once in a minute. It answers with `node_ready`, and later with what became of the
server: launched, not_found or ended. Nothing is stopped here: a server that was started ends by itself when no client
has spoken for some minutes. */

var WAIT_MS = 2500;
var NODE_MS = 10000;
var ANSWER_MS = 40000;
var AGAIN_MS = 60000;

var launch = {wanted: true, began_ms: 0, ready: false, failed: ""};

function start_server(on) {
    launch.wanted = on !== 0;
    launch.began_ms = 0;
    launch.failed = "";
}

function nobody_there(time_ms) {
    if (!launch.wanted) {
        say("no_server");
    } else if (launch.began_ms === 0) {
        if (link.tries > WAIT_MS / HELLO_MS) {
            launch.began_ms = time_ms;
            launch.ready = false;
            say("launching");
            outlet(1, ["launcher", "script", "start"]);
        }
    } else if (launch.failed) {
        say(launch.failed);
        retry_later(time_ms);
    } else if (!launch.ready && time_ms - launch.began_ms > NODE_MS) {
        launch.failed = "launch_no_node";
    } else if (time_ms - launch.began_ms > ANSWER_MS) {
        launch.failed = "launch_silent";
    }
}

function retry_later(time_ms) {
    if (time_ms - launch.began_ms > AGAIN_MS) {
        launch.began_ms = 0;
        launch.failed = "";
    }
}

function node_ready() {
    launch.ready = true;
    outlet(1, ["launcher", "launch", link.port, device_folder()]);
}

function node_launched() {
    launch.ready = true;
}

function node_not_found() {
    launch.failed = "launch_not_found";
}

function node_ended() {
    if (!link.connected) {
        launch.failed = "launch_ended";
    }
}

/* Where this device lies: drumbridge install live leaves a note there that says where drumbridge is. */
function device_folder() {
    var path = String(device_patcher.filepath || "").replace(/\\/g, "/");
    return path.slice(0, Math.max(0, path.lastIndexOf("/"))) || "-";
}
