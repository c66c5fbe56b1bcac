// The one table of labels, as the server has it: names, groups, colours, in the order in which they are shown.

import { getJson } from "./api.js";

export class Labels {
  static async load() {
    return new Labels(await getJson("/api/labels"));
  }

  constructor(rows) {
    this.rows = rows; // the last one is "unsure"; a dot's number of a label is an index here
    this.names = rows.slice(0, -1).map((row) => row.name);
    this.unsure = rows.length - 1;
    this._index = new Map(rows.map((row, index) => [row.name, index]));
  }

  index(name) {
    return this._index.get(name) ?? this.unsure;
  }

  colour(name) {
    return this.rows[this.index(name)].colour;
  }
}

// closed_hat -> closed hat
export function spoken(label) {
  return label.replaceAll("_", " ");
}
