/* Run by node.script: finds drumbridge and starts `drumbridge serve`.

Conventions: messages in: launch PORT FOLDER, where FOLDER is the device's. Messages out: node_ready, node_launched,
node_not_found, node_ended. The server is a process of its own and outlives this one. */

"use strict";

const maxApi = require("max-api");
const {spawn} = require("child_process");
const fs = require("fs");
const os = require("os");
const path = require("path");

const NOTE = "drumbridge-server.json"; // written by drumbridge install live
const WINDOWS = process.platform === "win32";

/* Max writes Macintosh HD:/Users/... where the system says /Users/... */
function native(folder) {
    const volume = /^([^/:]{2,}):\/(.*)$/.exec(folder);
    return volume ? "/" + volume[2] : folder;
}

function userLibrary() {
    const home = os.homedir();
    return path.join(home, WINDOWS ? "Documents" : "Music", "Ableton", "User Library", "Presets", "Audio Effects",
                     "Max Audio Effect", "DrumBridge");
}

function notedCommand(folder) {
    for (const place of [native(folder), userLibrary()]) {
        try {
            const command = JSON.parse(fs.readFileSync(path.join(place, NOTE), "utf8")).command;
            if (Array.isArray(command) && command.length && fs.existsSync(command[0])) {
                return command;
            }
        } catch (error) {
            continue; // no note here, or one that cannot be read: look on
        }
    }
    return null;
}

function commandOnPath() {
    const name = WINDOWS ? "drumbridge.exe" : "drumbridge";
    const folders = (process.env.PATH || "").split(path.delimiter);
    folders.push(path.join(os.homedir(), ".local", "bin"), "/opt/homebrew/bin", "/usr/local/bin");
    for (const folder of folders) {
        const file = path.join(folder, name);
        if (folder && fs.existsSync(file)) {
            return [file];
        }
    }
    return null;
}

maxApi.addHandler("launch", (port, folder) => {
    const command = notedCommand(String(folder)) || commandOnPath();
    if (!command) {
        maxApi.outlet("node_not_found");
        return;
    }
    const options = {detached: true, stdio: "ignore", windowsHide: true};
    const server = spawn(command[0], [...command.slice(1), "serve", "--port", String(port), "--idle-exit", "10"], options);
    server.on("error", () => maxApi.outlet("node_not_found"));
    server.on("spawn", () => maxApi.outlet("node_launched"));
    server.on("exit", () => maxApi.outlet("node_ended"));
    server.unref();
});

maxApi.outlet("node_ready");
