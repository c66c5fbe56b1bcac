/* Reading and writing Live's objects through one cursor.

Conventions: one LiveAPI object is moved about, for each one that is made anew leaves symbols behind. A path or id that
leads nowhere has id 0. Properties come as lists of one; children as "id", n, "id", m ... */

var cursor = null;

function wake() {
    cursor = new LiveAPI("this_device");
}

function at(path) {
    cursor.path = path;
    return Number(cursor.id) !== 0;
}

function at_id(id) {
    cursor.id = id;
    return Number(cursor.id) !== 0;
}

function here() {
    return Number(cursor.id);
}

function where() {
    return String(cursor.unquotedpath);
}

function read(property) {
    var value = cursor.get(property);
    return value !== null && typeof value === "object" && value.length !== undefined ? value[0] : value;
}

function read_number(property) {
    return Number(read(property));
}

function read_text(property) {
    var value = cursor.get(property);
    return value !== null && typeof value === "object" && value.join ? value.join(" ") : String(value);
}

function read_ids(property) {
    var value = cursor.get(property), ids = [], i;
    for (i = 0; value && i + 1 < value.length; i += 2) {
        if (Number(value[i + 1]) !== 0) {
            ids.push(Number(value[i + 1]));
        }
    }
    return ids;
}

function read_record(property) {
    try {
        return JSON.parse(read_text(property));
    } catch (error) {
        return null;
    }
}

function live_version() {
    at("live_app");
    return Number(cursor.call("get_major_version")) + Number(cursor.call("get_minor_version")) / 100;
}

function own_track() {
    var found;
    at("this_device");
    found = /^live_set tracks \d+/.exec(where());
    return found ? found[0] : "";
}

function track_count() {
    at("live_set");
    return cursor.getcount("tracks");
}
