// The map's dots as columns, as /api/map sends them (drumbridge/web/map_routes.py), and where each lies.
// One-shots lie where the server says. A loop is none of them: loops lie in a band below, the busier the further right,
// the longer the lower.

import { getBytes } from "../api.js";

export const UNSURE = 1;
export const CORRECTED = 2;
export const LOOP = 4;

const TYPES = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, f4: Float32Array };
export const BAND = { top: 3.9, height: 1.1, left: -3, width: 6 }; // in the map's own measure, where sounds deviate by 1

// `model` numbers one of those that sounds were heard with; 0: the one that is used now.
export async function loadDots(labels, model) {
  return new Dots(await getBytes(model ? `/api/map?model=${model}` : "/api/map"), labels);
}

export class Dots {
  constructor(bytes, labels) {
    const length = new DataView(bytes).getUint32(0, true);
    const head = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length)));
    this.n = head.n;
    this.folders = head.folders;
    this.provisional = head.provisional;
    this.models = head.models; // { number, name, n }: each has a map of its own
    this.model = head.model; // of which this is the map
    let at = 4 + length;
    for (const [name, type] of head.columns) {
      this[name] = new TYPES[type](bytes, at, head.n);
      at += Math.ceil(this[name].byteLength / 4) * 4;
    }
    // Labels of somebody's own may stand elsewhere in the page's table than in the server's.
    labels.learn(head.own_labels);
    const own = head.own_labels.map((row) => labels.index(row.name));
    for (let k = 0; k < this.n; k++) if (this.label[k] > labels.unsure) this.label[k] = own[this.label[k] - labels.unsure - 1];
    this.nLoops = 0;
    for (let k = 0; k < this.n; k++) if (this.flags[k] & LOOP) this._placeLoop(k);
    this._indexOf = null;
  }

  // The place of a file's dot in the columns, -1 if there is none.
  indexOf(id) {
    if (!this._indexOf) {
      this._indexOf = new Map();
      for (let k = 0; k < this.n; k++) this._indexOf.set(this.id[k], k);
    }
    return this._indexOf.get(id) ?? -1;
  }

  // The number of the label that is shown, `unsure` for one that is.
  labelOf(k, unsure) {
    return this.flags[k] & UNSURE ? unsure : this.label[k];
  }

  // Take in what a correction made of a file.
  correct(id, labels, { label, confidence, unsure, corrected }) {
    const k = this.indexOf(id);
    if (k < 0) return;
    this.label[k] = labels.index(label);
    this.confidence[k] = Math.round(255 * confidence);
    this.flags[k] = (this.flags[k] & LOOP) | (unsure ? UNSURE : 0) | (corrected ? CORRECTED : 0);
  }

  // What is on the map, without the few that lie far outside: [left, top, right, bottom].
  extent() {
    if (!this.n) return [-1, -1, 1, 1];
    const xs = this._inner("x");
    const ys = this._inner("y");
    return [xs[0], ys[0], xs[1], this.nLoops ? Math.max(ys[1], BAND.top + BAND.height) : ys[1]];
  }

  _placeLoop(k) {
    const busy = Math.log2(Math.max(this.x[k], 0.5) * 2) / 6; // 0.5 .. 32 hits in a second
    const long = Math.log2(Math.max(this.y[k], 0.5) * 2) / 9; // 0.5 .. 256 s
    this.x[k] = BAND.left + BAND.width * Math.min(1, busy);
    this.y[k] = BAND.top + BAND.height * Math.min(1, long);
    this.nLoops += 1;
  }

  _inner(axis) {
    const step = Math.max(1, Math.floor(this.n / 20000));
    const some = [];
    for (let k = 0; k < this.n; k += step) some.push(this[axis][k]);
    some.sort((a, b) => a - b);
    const cut = Math.floor(some.length * 0.004);
    return [some[cut], some[some.length - 1 - cut]];
  }
}
