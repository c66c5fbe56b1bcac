// The left side of the map: what is shown. Search, labels, how sure, folder. "change" is sent when any of it changes,
// "model" when another model's map is wanted.

import { getJson } from "../api.js";
import { count, h } from "../dom.js";
import { spoken } from "../labels.js";
import { UNSURE } from "./dots.js";

const PAUSE_MS = 250; // after the last letter

export class Filters extends EventTarget {
  constructor(page) {
    super();
    this.page = page;
    this.dots = null;
    this.labels = new Set(); // of numbers; empty: all
    this.least = 0; // confidences, 0..1
    this.most = 1;
    this.folder = ""; // with what is below it; "": all
    this.found = null; // Set of ids that the search found, null without a search
    this.first = []; // the first of them with their names
    this._timer = 0;
    this._asked = 0;
    this._build();
  }

  setDots(dots) {
    this.dots = dots;
    this._tree = null;
    if (this.folder && !this._folderTree().counts.has(this.folder)) this.folder = "";
    this._showLabels();
    this._showFolders();
    this._showModels();
    if (this.search.value) this._ask(false);
  }

  // 1 for every dot that is to be seen, Uint8Array.
  shown() {
    const { dots, labels, found, page } = this;
    const shown = new Uint8Array(dots.n);
    const least = Math.round(255 * this.least);
    const most = Math.round(255 * this.most);
    const inFolder = this.folder ? dots.folders.map((folder) => below(folder, this.folder)) : null;
    for (let k = 0; k < dots.n; k++) {
      const label = dots.flags[k] & UNSURE ? page.labels.unsure : dots.label[k];
      shown[k] =
        (!labels.size || labels.has(label)) && dots.confidence[k] >= least && dots.confidence[k] <= most &&
        (!inFolder || inFolder[dots.folder[k]]) && (!found || found.has(dots.id[k])) ? 1 : 0;
    }
    return shown;
  }

  get active() {
    return this.labels.size > 0 || this.least > 0 || this.most < 1 || this.folder !== "" || this.found !== null;
  }

  find(query) {
    this.search.value = query;
    return this._ask();
  }

  clear() {
    this.labels.clear();
    this.folder = "";
    this.least = 0;
    this.most = 1;
    this.leastInput.value = 0;
    this.mostInput.value = 100;
    this._showSure();
    this._showLabels();
    this._showFolders();
    return this.find("");
  }

  _build() {
    const changed = () => {
      clearTimeout(this._timer);
      this._timer = setTimeout(() => this._ask(), PAUSE_MS);
    };
    this.search = h("input", {
      type: "search", placeholder: "label:snare duration<0.3", "aria-label": "Search", spellcheck: "false",
      autocomplete: "off", oninput: changed,
    });
    this.answer = h("p", { class: "answer quiet", role: "status" });
    this.chips = h("div", { class: "chips", role: "group", "aria-label": "Labels" });
    this.leastInput = this._slider("At least", 0, (value) => (this.least = value));
    this.mostInput = this._slider("At most", 100, (value) => (this.most = value));
    this.sure = h("span", { class: "quiet" });
    this.folders = h("ul", { class: "folders" });
    this.model = h("select", { "aria-label": "Heard with", onchange: () => this.dispatchEvent(new Event("model")) });
    this.models = h("div", { class: "models", hidden: true }, h("h3", {}, "Heard with"), this.model);
    this.reset = h("button", { class: "plain", onclick: () => this.clear() }, "Show everything");
    this.root = h("aside", { class: "side", "aria-label": "What is shown" },
      h("button", { class: "main close", onclick: () => this.root.classList.remove("open") }, "Show on the map"),
      h("div", {}, this.search, this.answer),
      h("div", {}, h("h3", {}, "Labels"), this.chips),
      h("div", {}, h("h3", {}, "How sure ", this.sure), h("div", { class: "sliders" }, this.leastInput, this.mostInput)),
      h("div", {}, h("h3", {}, "Folder"), this.folders),
      this.models,
      this.reset,
      h("p", { class: "legend quiet" }, "Neighbours sound alike. Large dots are sure, small ones are guesses, rings are loops."),
    );
    this._showSure();
  }

  _slider(name, value, set) {
    return h("input", {
      type: "range", min: 0, max: 100, value, "aria-label": `${name} so sure, percent`,
      oninput: (event) => {
        set(event.target.value / 100);
        this._showSure();
        this._changed();
      },
    });
  }

  _showSure() {
    this.sure.textContent = `${Math.round(100 * this.least)} to ${Math.round(100 * this.most)} %`;
  }

  _changed() {
    this.dispatchEvent(new Event("change"));
  }

  async _ask(again = true) {
    clearTimeout(this._timer);
    const query = this.search.value.trim();
    const turn = ++this._asked;
    this.answer.classList.remove("bad");
    if (!query) {
      this.found = null;
      this.first = [];
      this.answer.textContent = "";
      if (again) this._changed();
      return;
    }
    try {
      const { ids, first, problem } = await getJson(`/api/find?q=${encodeURIComponent(query)}`);
      if (problem) throw new Error(problem.message);
      if (turn !== this._asked) return;
      this.found = new Set(ids);
      this.first = first;
      this.answer.textContent = ids.length === 1 ? "1 sound" : `${count(ids.length)} sounds`;
      this._changed();
    } catch (error) {
      if (turn !== this._asked) return;
      this.answer.classList.add("bad");
      this.answer.textContent = error.message;
    }
  }

  _showLabels() {
    const { dots, page } = this;
    if (!dots) return;
    const counts = new Uint32Array(page.labels.rows.length);
    for (let k = 0; k < dots.n; k++) counts[dots.flags[k] & UNSURE ? page.labels.unsure : dots.label[k]] += 1;
    const focused = document.activeElement?.dataset?.chip;
    this.chips.replaceChildren(...page.labels.rows.flatMap((row, index) => {
      if (!counts[index] && !this.labels.has(index)) return [];
      return [h("button", {
        class: "chip", "aria-pressed": String(this.labels.has(index)), colour: row.colour, "data-chip": row.name,
        onclick: () => this._toggle(index),
      }, h("span", { class: "dot" }), spoken(row.name), h("span", { class: "quiet" }, count(counts[index])))];
    }));
    this.chips.classList.toggle("some", this.labels.size > 0);
    if (focused) this.chips.querySelector(`[data-chip="${focused}"]`)?.focus();
  }

  _toggle(index) {
    if (!this.labels.delete(index)) this.labels.add(index);
    this._showLabels();
    this._changed();
  }

  // Sounds that different models heard lie on different maps.
  _showModels() {
    const { models, model } = this.dots;
    this.models.hidden = models.length < 2;
    if (document.activeElement === this.model && this.model.length === models.length) return;
    this.model.replaceChildren(...models.map(({ number, name, n }) =>
      h("option", { value: number, selected: number === model }, `${name.replace(/\.onnx$/, "")} (${count(n)})`)));
  }

  // The folders one step below the chosen one, with how many sounds they hold, and the way back up.
  _showFolders() {
    const { dots } = this;
    if (!dots) return;
    const all = this._folderTree();
    const root = this.folder || all.root;
    const children = [...(all.children.get(root) ?? [])].sort((a, b) => a.localeCompare(b));
    const rows = children.map((path) => this._folderRow(path, lastPart(path), all.counts.get(path)));
    if (this.folder) {
      const up = this.folder === all.root ? "" : parentOf(this.folder);
      rows.unshift(this._folderRow(up === all.root ? "" : up, "↑ back", null), h("li", { class: "here", title: this.folder }, lastPart(this.folder)));
    }
    this.folders.replaceChildren(...rows);
  }

  _folderRow(path, name, n) {
    const choose = () => {
      this.folder = path;
      this._showFolders();
      this._changed();
      this.folders.querySelector("button")?.focus();
    };
    return h("li", {}, h("button", { class: "plain", title: path, onclick: choose }, h("span", {}, name),
      n === null ? null : h("span", { class: "quiet" }, count(n))));
  }

  _folderTree() {
    if (this._tree) return this._tree;
    const { dots } = this;
    const own = new Uint32Array(dots.folders.length);
    for (let k = 0; k < dots.n; k++) own[dots.folder[k]] += 1;
    const counts = new Map();
    const children = new Map();
    dots.folders.forEach((folder, index) => {
      let path = folder;
      let below_ = null;
      for (;;) {
        counts.set(path, (counts.get(path) ?? 0) + own[index]);
        if (below_ !== null) (children.get(path) ?? children.set(path, new Set()).get(path)).add(below_);
        const up = parentOf(path);
        if (up === path) break;
        below_ = path;
        path = up;
      }
    });
    // Where all sounds are below one folder, the way to it need not be walked.
    let root = [...counts.keys()].find((path) => parentOf(path) === path) ?? "";
    while (children.get(root)?.size === 1 && counts.get([...children.get(root)][0]) === counts.get(root)) {
      root = [...children.get(root)][0];
    }
    this._tree = { counts, children, root };
    return this._tree;
  }
}

function parentOf(path) {
  const at = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
  if (at < 0) return path;
  return at === 0 ? path.slice(0, 1) : path.slice(0, at);
}

function lastPart(path) {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1) || path;
}

function below(folder, root) {
  return folder === root || (folder.startsWith(root) && /[/\\]/.test(folder[root.length] ?? "") ) || root === "/";
}
