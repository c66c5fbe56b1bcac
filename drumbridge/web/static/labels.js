// The one table of labels, as the server has it: names, groups, colours, in the order in which they
// are shown; what somebody calls sounds beside it stands at the end.

import { getJson } from "./api.js";

export class Labels {
  static async load() {
    return new Labels(await getJson("/api/labels"));
  }

  constructor(rows) {
    this.rows = []; // a dot's number of a label is an index here
    this._index = new Map();
    this.learn(rows);
    this.unsure = this._index.get("unsure");
  }

  // Take in labels of somebody's own.
  learn(rows) {
    for (const row of rows) {
      if (this._index.has(row.name)) continue;
      this._index.set(row.name, this.rows.length);
      this.rows.push(row);
    }
    this.names = this.rows.map((row) => row.name).filter((name) => name !== "unsure");
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
