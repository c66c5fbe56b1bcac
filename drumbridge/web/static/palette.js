// Nine labels on the keys 1 to 9, the rest in a list. Which nine is remembered by the browser.

import { h } from "./dom.js";
import { spoken } from "./labels.js";

const FIRST = ["kick", "snare", "closed_hat", "open_hat", "tom", "clap", "crash", "ride", "percussion"];
const STORED = "drumbridge.keys";

export class Palette {
  constructor(labels) {
    this.labels = labels;
    let kept = null;
    try {
      kept = JSON.parse(localStorage.getItem(STORED));
    } catch {
      // somebody else's; the first nine then
    }
    const usable = Array.isArray(kept) && kept.length === 9 && kept.every((name) => labels.names.includes(name));
    this.names = usable ? kept : [...FIRST];
  }

  // The label of a key, undefined if it has none.
  ofKey(key) {
    return /^[1-9]$/.test(key) ? this.names[Number(key) - 1] : undefined;
  }

  // Put a label on a key, 0..8; the one that was there goes where that label was.
  put(place, name) {
    const before = this.names.indexOf(name);
    if (before >= 0) this.names[before] = this.names[place];
    this.names[place] = name;
    localStorage.setItem(STORED, JSON.stringify(this.names));
  }

  // Buttons for the nine keys and a field for all labels; `pick` is called with a label.
  buttons(pick, current = "") {
    return h("div", { class: "palette" },
      this.names.map((name, k) => h("button", {
        class: "label-button", colour: this.labels.colour(name), "aria-pressed": name === current ? "true" : "false",
        "data-label": name, onclick: () => pick(name),
      }, h("kbd", {}, String(k + 1)), h("span", { class: "dot" }), spoken(name))),
      this.list(pick),
    );
  }

  // A field that takes any label: a few letters of it and Enter; or one of somebody's own.
  // (A list would answer to the first letter.)
  list(pick) {
    const found = (text) => {
      const wanted = text.trim().toLowerCase();
      const names = wanted ? this.labels.names : [];
      return names.find((name) => spoken(name) === wanted) ?? names.find((name) => spoken(name).startsWith(wanted))
        ?? names.find((name) => spoken(name).includes(wanted));
    };
    const take = (label) => {
      if (!label) return;
      field.value = "";
      pick(label);
    };
    const field = h("input", {
      type: "text", class: "more-labels", "aria-label": "Another label", placeholder: "another … (m)", list: "all-labels",
      autocomplete: "off", spellcheck: "false",
      onkeydown: (event) => event.key === "Enter" && take(found(field.value) ?? field.value.trim()),
      oninput: () => {
        const label = this.labels.names.find((name) => spoken(name) === field.value);
        if (label && !this.labels.names.some((name) => name !== label && spoken(name).startsWith(field.value))) take(label);
      },
    });
    return [field, h("datalist", { id: "all-labels" }, this.labels.names.map((name) => h("option", { value: spoken(name) })))];
  }
}
