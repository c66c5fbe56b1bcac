"use strict";

/* OSC messages of ints, floats and strings, as udpsend and udpreceive make them. */

function padded(text) {
    const bytes = Buffer.from(text + "\0", "utf8");
    return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}

exports.encode = (atoms) => {
    const [address, ...values] = atoms;
    let tags = ",";
    const parts = values.map((value) => {
        if (typeof value === "string") {
            tags += "s";
            return padded(value);
        }
        const bytes = Buffer.alloc(4);
        if (Number.isInteger(value)) {
            tags += "i";
            bytes.writeInt32BE(value);
        } else {
            tags += "f";
            bytes.writeFloatBE(value);
        }
        return bytes;
    });
    return Buffer.concat([padded(address), padded(tags), ...parts]);
};

exports.decode = (packet) => {
    let at = 0;
    const text = () => {
        const end = packet.indexOf(0, at);
        const value = packet.toString("utf8", at, end);
        at = end + 4 - (end % 4);
        return value;
    };
    const atoms = [text()];
    for (const tag of text().slice(1)) {
        if (tag === "s") {
            atoms.push(text());
        } else {
            atoms.push(tag === "i" ? packet.readInt32BE(at) : packet.readFloatBE(at));
            at += 4;
        }
    }
    return atoms;
};
