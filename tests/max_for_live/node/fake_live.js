"use strict";

/* A Live set that knows its members and nothing else.

Every member that is read, set or called is looked up in facts/live_members.json: one that is not there, came with a later
version of Live, or is read-only and set, is a violation, and so is what Live is known to refuse. Objects are
{class, props, children}; children are ids or lists of ids. */

const PALETTE_STEP = 0x11; // Live takes the nearest colour of its chooser

class FakeLive {
    constructor(state, members, version) {
        this.objects = state.objects;
        this.roots = state.roots;
        this.members = Object.assign({}, members, {View: {detail_clip: {kind: "property", since: "11.0.0"}}});
        this.version = version;
        this.violations = [];
        this.awake = false; // LiveAPI works only after live.thisdevice has spoken
        this.nextId = 1 + Math.max(...Object.keys(this.objects).map(Number));
    }

    wrong(what) {
        this.violations.push(what);
        throw new Error(what);
    }

    member(object, name, kind) {
        const found = (this.members[object.class] || {})[name];
        if (!found) {
            this.wrong(`${object.class} has no ${name}`);
        }
        if (found.kind !== kind) {
            this.wrong(`${object.class}.${name} is a ${found.kind}`);
        }
        if (newer(found.since, this.version)) {
            this.wrong(`${object.class}.${name} came with ${found.since}`);
        }
        return found;
    }

    resolve(path) {
        const words = path.split(" ");
        let id = this.roots[words.shift()];
        while (id && words.length) {
            const object = this.objects[id];
            const name = words.shift();
            this.member(object, name, "property");
            let child = (object.children || {})[name];
            if (Array.isArray(child)) {
                child = child[Number(words.shift())];
            }
            id = child;
        }
        return id || 0;
    }

    get(object, name) {
        this.member(object, name, "property");
        if (object.children && name in object.children) {
            const child = object.children[name];
            return [].concat(...(Array.isArray(child) ? child : child ? [child] : []).map((id) => ["id", id]));
        }
        if (!(name in object.props)) {
            this.wrong(`${object.class}.${name} is not to be had of this one`); // file_path of a MIDI clip, say
        }
        const value = object.props[name];
        return [typeof value === "object" ? JSON.stringify(value) : value];
    }

    set(object, name, value) {
        if (!this.member(object, name, "property").settable) {
            this.wrong(`${object.class}.${name} is read-only`);
        }
        if (object.props.locked) {
            return;
        }
        if (name === "color") {
            value = [16, 8, 0].reduce((all, bits) => all | (nearest(value >> bits & 255) << bits), 0);
        }
        object.props[name] = name === "routing_type" ? {routing_type: value} : value;
    }

    call(object, name, values) {
        this.member(object, name, "function");
        const id = Number(Object.keys(this.objects).find((key) => this.objects[key] === object));
        const props = object.props;
        if (name === "get_major_version") {
            return Number(this.version.split(".")[0]);
        }
        if (name === "get_minor_version") {
            return Number(this.version.split(".")[1]);
        }
        if (name === "create_clip") {
            object.children.clip = this.midiClip(id, values[0], 0, false);
            props.has_clip = 1;
        } else if (name === "create_midi_clip") {
            object.children.arrangement_clips.push(this.midiClip(id, values[1], values[0], true));
        } else if (name === "add_new_notes") {
            props.notes = (props.notes || []).concat(values[0].notes);
        } else if (name === "clear_slices") {
            props.slices = [];
        } else if (name === "insert_slice") {
            if (!Number.isInteger(values[0])) {
                this.wrong("a slice is a whole number of frames");
            }
            props.slices.push(values[0]);
        } else {
            this.wrong(`the fake cannot ${object.class}.${name}`);
        }
        return 0;
    }

    midiClip(parent, length, start, arranged) {
        const id = this.nextId++;
        this.objects[id] = {class: "Clip", children: {canonical_parent: parent}, props: {
            name: "", color: 0, is_audio_clip: 0, is_midi_clip: 1, is_arrangement_clip: arranged ? 1 : 0, looping: 1,
            loop_start: 0, loop_end: length, start_marker: 0, end_marker: length, length: length,
            start_time: start, end_time: start + length, notes: []}};
        return id;
    }

    pathOf(id) {
        for (const [root, start] of Object.entries(this.roots)) {
            const path = this.search(start, root, id, 0);
            if (path) {
                return path;
            }
        }
        return "";
    }

    search(at, path, wanted, depth) {
        if (at === wanted) {
            return path;
        }
        for (const [name, child] of Object.entries(depth > 6 ? {} : this.objects[at].children || {})) {
            if (name === "canonical_parent" || name === "view") {
                continue;
            }
            const list = Array.isArray(child) ? child : [child];
            for (let k = 0; k < list.length; k += 1) {
                const below = Array.isArray(child) ? `${path} ${name} ${k}` : `${path} ${name}`;
                const found = list[k] ? this.search(list[k], below, wanted, depth + 1) : "";
                if (found) {
                    return found;
                }
            }
        }
        return "";
    }

    api() {
        const live = this;
        class LiveAPI {
            constructor(path) {
                if (!live.awake) {
                    live.wrong("LiveAPI was used before live.thisdevice spoke");
                }
                this.current = live.resolve(path);
            }
            get id() {
                return String(this.current); // a string, and "0" for nothing
            }
            set id(value) {
                this.current = live.objects[Number(value)] ? Number(value) : 0;
            }
            get path() {
                return `"${live.pathOf(this.current)}"`;
            }
            set path(value) {
                this.current = live.resolve(value);
            }
            get unquotedpath() {
                return live.pathOf(this.current);
            }
            object() {
                return live.objects[this.current] || live.wrong("a member of nothing was used");
            }
            get(name) {
                return live.get(this.object(), name);
            }
            set(name, value) {
                live.set(this.object(), name, value);
            }
            call(name, ...values) {
                return live.call(this.object(), name, values);
            }
            getcount(name) {
                return live.get(this.object(), name).length / 2;
            }
        }
        return strict(LiveAPI, ["id", "path", "unquotedpath", "get", "set", "call", "getcount"], live);
    }
}

function nearest(value) {
    return Math.min(255, PALETTE_STEP * Math.round(value / PALETTE_STEP));
}

function newer(one, other) {
    const [a, b] = [one, other].map((version) => version.split(".").map(Number));
    const k = a.findIndex((value, place) => value !== b[place]);
    return k >= 0 && a[k] > b[k];
}

/* A class of which only the named properties may be touched from outside. */
function strict(Class, names, live) {
    const check = (name) => {
        if (typeof name === "string" && !names.includes(name)) {
            live.wrong(`${Class.name} has no ${name}`);
        }
    };
    return class {
        constructor(...values) {
            const inner = new Class(...values);
            return new Proxy({}, {
                get(_, name) {
                    check(name);
                    const value = inner[name];
                    return typeof value === "function" ? value.bind(inner) : value;
                },
                set(_, name, value) {
                    check(name);
                    inner[name] = value;
                    return true;
                },
            });
        }
    };
}

exports.FakeLive = FakeLive;
exports.strict = strict;
