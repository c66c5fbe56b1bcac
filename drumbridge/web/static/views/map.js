// The sample map: every sound a dot, near what sounds like it, in the colour of its label, the larger the surer.

import { getJson } from "../api.js";
import { fill, h, percent } from "../dom.js";
import { spoken } from "../labels.js";
import { audioAddress } from "../player.js";
import { Palette } from "../palette.js";
import { Details } from "../map/details.js";
import { CORRECTED, UNSURE, loadDots } from "../map/dots.js";
import { Filters } from "../map/filters.js";
import { lookOf } from "../map/look.js";
import { Stage } from "../map/stage.js";

const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const HOVER = "drumbridge.hover";
const REST = 6; // a new map is fetched no sooner than so many times as long as the last one took
const KEYS = [
  ["arrow keys", "to the next sound in that direction, and play it"],
  ["Enter, Space", "play it again"],
  ["1 to 9", "say what it is, or what the selected ones are"],
  ["m", "another label: type a few letters of it"],
  ["0", "take the correction back"],
  ["z", "undo the last correction"],
  ["x", "select it, or no more"],
  ["s", "find similar sounds"],
  ["/", "search"],
  ["h", "play sounds under the mouse, or not"],
  ["l", "lasso: draw around sounds to select them (or Shift and drag)"],
  ["+ − f", "zoom in, zoom out, see everything"],
  ["Esc", "leave: the selection, the search, the sound"],
];

export async function create(root, page) {
  const view = new MapView(root, page);
  await view.refresh();
  return view;
}

class MapView {
  constructor(root, page) {
    this.page = page;
    this.keys = KEYS;
    this.dots = null;
    this.model = 0; // whose map is shown, 0: of the one that is used now
    this.sounds = new Map(); // details that were asked for, by id
    this.palette = new Palette(page.labels);
    this.stage = new Stage();
    this.filters = new Filters(page);
    this.details = new Details(page, this.palette, {
      play: () => this.play(this.stage.current),
      playAll: () => this.playAll(),
      give: (label) => this.give(label),
      like: (sound) => this.like(sound),
      clear: () => this.leave(),
      goTo: (id) => this.goToId(id),
    });
    this.tip = h("div", { class: "tip", hidden: true });
    this.blank = h("div", { class: "blank", hidden: true });
    this.hint = h("p", { class: "hint", hidden: true }, "Click once, then sounds play under the mouse");
    this.tools = this._tools();
    this.ground = h("div", { class: "ground" }, this.stage.root, this.tip, this.hint, this.tools);
    root.append(this.filters.root, this.ground, this.details.root, this.blank);
    this._listen(root);
  }

  show(parameters) {
    this.shown = true;
    this.palette = this.details.palette = new Palette(this.page.labels);
    this.stage.root.focus({ preventScroll: true });
    if (parameters.q !== undefined) this.filters.find(parameters.q).catch(this.page.complain);
    if (parameters.sound) this.goToId(Number(parameters.sound));
    if (this.stale) this.refresh().catch(this.page.complain);
  }

  hide() {
    this.shown = false;
    this.page.player.stop();
  }

  key(event) {
    const { stage, page } = this;
    const direction = DIRECTIONS[event.key];
    const label = this.palette.ofKey(event.key);
    if (!this.dots) return false;
    if (event.target.type === "range" && direction) return false;
    if (direction) this.step(...direction);
    else if (label) this.give(label);
    else if (event.key === "Enter" || event.key === " ") this.play(stage.current < 0 ? this.goTo(stage.middle()) : stage.current);
    else if (event.key === "0") this.give("");
    else if (event.key === "m") this.details.root.querySelector(".more-labels")?.focus();
    else if (event.key === "z") page.corrections.undo().then((done) => page.say(done ? "undone" : "nothing to undo"), page.complain);
    else if (event.key === "x" && stage.current >= 0) this.toggle(stage.current);
    else if (event.key === "s" && this.details.sound) this.like(this.details.sound);
    else if (event.key === "/") this._showSide(true), this.filters.search.focus();
    else if (event.key === "h") this._setHover(!this.hover);
    else if (event.key === "l") this._setLasso(!stage.lassoMode);
    else if (event.key === "+" || event.key === "=") stage.zoom(1.4);
    else if (event.key === "-" || event.key === "−") stage.zoom(1 / 1.4);
    else if (event.key === "f") stage.fit();
    else if (event.key === "Escape") this.leave();
    else return false;
    return true;
  }

  // Fetch the map: at the start, and when the library has changed.
  async refresh() {
    const { state } = this.page.library;
    if (state?.problem || !state?.sounds) {
      this._showBlank(state);
      return;
    }
    if (this._fetching || performance.now() < (this._restUntil ?? 0)) {
      this.stale = true;
      clearTimeout(this._later);
      this._later = setTimeout(() => this.shown && this.refresh().catch(this.page.complain), 1000);
      return;
    }
    this.stale = false;
    this._fetching = true;
    const since = performance.now();
    try {
      this._setDots(await loadDots(this.page.labels, this.model));
    } finally {
      this._fetching = false;
      this._restUntil = performance.now() + REST * (performance.now() - since);
    }
  }

  _setDots(dots) {
    const { stage, dots: before } = this;
    const again = (k) => (k < 0 ? -1 : dots.indexOf(before.id[k]));
    const current = before ? again(stage.current) : -1;
    const selected = before ? [...stage.selected].map(again).filter((k) => k >= 0) : [];
    this.blank.hidden = true;
    this._hideAll(false);
    this.dots = dots;
    this.sounds.clear();
    stage.setDots(dots);
    if (before && before.model !== dots.model) stage.fit();
    stage.current = current;
    stage.selected = new Set(selected);
    this.filters.setDots(dots);
    this.paint();
    if (current < 0) this.tip.hidden = true;
    this._showDetails();
  }

  _showBlank(state) {
    const problem = state?.problem;
    const none = !problem || problem.error === "library.not_found";
    const waiting = none && state?.failed ? `${state.failed} files could not be read: drumbridge scan says why.` : null;
    this.details.showNothing();
    this._hideAll(true);
    this.blank.hidden = false;
    fill(
      this.blank,
      h("img", { src: "/static/icon.svg", alt: "", width: 64, height: 64 }),
      h("h2", {}, none ? "No sounds yet" : "The library cannot be shown"),
      h("p", { class: "quiet" }, none ? "Let drumbridge hear a folder of samples. They appear here while it listens:" : problem.message),
      none ? h("code", {}, "drumbridge scan ~/Samples") : null,
      waiting ? h("p", { class: "bad" }, waiting) : null,
    );
  }

  _hideAll(hidden) {
    for (const part of [this.ground, this.filters.root, this.details.root]) part.hidden = hidden;
  }

  // Colours, sizes and order of all dots.
  paint() {
    const { dots, page, stage, filters } = this;
    stage.shown = filters.shown();
    stage.setLook(lookOf(dots, stage.shown, page.labels, page.dark(), stage.ground()));
  }

  point(k) {
    if (k === this.pointed) return;
    this.pointed = k;
    if (k < 0 || !this.hover || this.stage.selected.size) return;
    this.goTo(k);
    this.hint.hidden = this.page.player.awake;
    if (this.page.player.awake) this.play(k);
  }

  choose(k, add) {
    this.hint.hidden = true;
    if (k < 0) {
      if (!add) this.leave();
      return;
    }
    if (add) this.toggle(k);
    else this.select([]);
    this.goTo(k);
    this.play(k);
  }

  step(dx, dy) {
    const { stage } = this;
    const k = stage.current < 0 ? stage.middle() : stage.grid.towards(stage.current, dx, dy, (j) => stage.shown[j]);
    if (k >= 0) this.play(this.goTo(k));
  }

  toggle(k) {
    const { selected } = this.stage;
    if (!selected.delete(k)) selected.add(k);
    this.select([...selected]);
  }

  select(dots) {
    this.stage.selected = new Set(dots);
    this.stage.redraw("over");
    this._showDetails();
    if (dots.length) this.page.say(`${dots.length} selected`);
  }

  // Point at a dot; returns it.
  goTo(k) {
    if (k < 0) return k;
    const { dots, page, stage } = this;
    stage.setCurrent(k);
    const label = page.labels.rows[dots.labelOf(k, page.labels.unsure)];
    fill(
      this.tip,
      h("span", { class: "dot", colour: label.colour }), h("b", {}, spoken(label.name)),
      dots.flags[k] & CORRECTED ? "✓" : dots.flags[k] & UNSURE ? "" : percent(dots.confidence[k] / 255),
      h("span", { class: "quiet name" }, this.sounds.get(dots.id[k])?.name ?? "…"),
    );
    this.tip.dataset.id = dots.id[k];
    this._ask(dots.id[k]).then((sound) => {
      if (stage.current < 0 || this.dots.id[stage.current] !== sound.id) return;
      this.tip.querySelector(".name").textContent = sound.name;
      page.say(`${spoken(label.name)}, ${sound.name}`);
      this._showDetails();
    }, page.complain);
    return k;
  }

  goToId(id) {
    const k = this.dots?.indexOf(id) ?? -1;
    if (k >= 0) this.play(this.goTo(k));
    else if (this.dots?.models.length > 1) this.page.complain("That sound was heard with another model: choose it on the left.");
    else this.page.complain("That sound is not on the map.");
  }

  play(k) {
    if (k < 0) return;
    this.page.player.play(audioAddress(this.dots.id[k])).catch((error) => {
      if (this.dots.id[this.stage.current] === this.dots.id[k]) this.page.complain(error);
    });
  }

  async playAll() {
    const turn = (this._turn = (this._turn ?? 0) + 1);
    const { player } = this.page;
    for (const k of [...this.stage.selected].sort((a, b) => this.dots.x[a] - this.dots.x[b])) {
      if (turn !== this._turn || !this.stage.selected.has(k)) return;
      this.goTo(k);
      const ended = new Promise((resolve) => player.addEventListener("end", resolve, { once: true }));
      const plays = await player.play(audioAddress(this.dots.id[k])).catch(() => false);
      if (plays) await ended;
    }
  }

  // Say what the selected sounds are, or else the one that is pointed at.
  async give(label) {
    const { stage, dots, page } = this;
    stage.root.focus({ preventScroll: true }); // keys mean something there
    const chosen = stage.selected.size ? [...stage.selected] : stage.current >= 0 ? [stage.current] : [];
    if (!chosen.length) return;
    try {
      await page.corrections.give(chosen.map((k) => ({ id: dots.id[k], hit: -1 })), label);
      page.say(label ? spoken(label) : "correction taken back");
    } catch (error) {
      page.complain(error);
    }
  }

  like(sound) {
    const quote = sound.path.includes('"') ? "'" : '"';
    this.filters.find(`like:${quote}${sound.path}${quote}`).catch(this.page.complain);
  }

  // Escape: one thing after another.
  leave() {
    const { stage, filters, page } = this;
    this._turn = (this._turn ?? 0) + 1;
    const fields = [filters.search, filters.model];
    if (fields.includes(document.activeElement) || this.details.root.contains(document.activeElement)) {
      stage.root.focus({ preventScroll: true });
      if (document.activeElement === filters.search) return;
    }
    if (stage.lassoMode) this._setLasso(false);
    if (stage.selected.size) this.select([]);
    else if (stage.current >= 0) {
      page.player.stop();
      stage.setCurrent(-1);
      this._showDetails();
    } else if (filters.active) filters.clear();
    this._showSide(false);
  }

  _listen(root) {
    const { page, stage, filters } = this;
    stage.addEventListener("hover", ({ detail }) => this.point(detail));
    stage.addEventListener("pick", ({ detail }) => this.choose(detail.dot, detail.add));
    stage.addEventListener("lasso", ({ detail }) => this.select(detail.add ? [...stage.selected, ...detail.dots] : detail.dots));
    stage.addEventListener("over", () => this._placeTip());
    filters.addEventListener("change", () => {
      this.paint();
      this._showDetails();
    });
    filters.addEventListener("model", () => {
      this.model = Number(filters.model.value);
      this._restUntil = 0; // somebody waits for it
      this.refresh().catch(page.complain);
    });
    filters.search.addEventListener("keydown", (event) => {
      if (event.key === "Enter") stage.root.focus({ preventScroll: true });
    });
    page.player.addEventListener("play", () => stage.pulse(() => page.player.playing));
    page.player.addEventListener("awake", () => (this.hint.hidden = true));
    page.corrections.addEventListener("corrected", ({ detail }) => this._corrected(detail));
    page.library.addEventListener("change", () => {
      this.stale = true;
      if (this.shown) this.refresh().catch(page.complain);
    });
    document.addEventListener("theme", () => this.dots && this.paint());
  }

  _corrected(answers) {
    if (!this.dots) return;
    this.page.labels.learn(answers.map(({ row }) => row));
    for (const answer of answers.filter(({ hit }) => hit === -1)) {
      for (const id of answer.same) {
        this.dots.correct(id, this.page.labels, answer);
        this.sounds.delete(id);
      }
    }
    this.paint();
    if (this.stage.current >= 0) this.goTo(this.stage.current);
    this._showDetails();
  }

  _showDetails() {
    const { stage, details, filters, dots } = this;
    const sound = stage.current >= 0 ? this.sounds.get(dots.id[stage.current]) : null;
    if (stage.selected.size) details.showMany(dots, stage.selected);
    else if (sound) details.showSound(sound);
    else if (stage.current < 0 && filters.found && filters.search.value.trim()) details.showFound(filters.first, filters.found.size);
    else if (stage.current < 0) details.showNothing();
    const sheet = !details.root.classList.contains("empty") && details.root.offsetWidth >= this.ground.offsetWidth;
    stage.covered = sheet ? details.root.offsetHeight : 0;
    if (sheet && stage.current >= 0) stage.setCurrent(stage.current);
  }

  async _ask(id) {
    if (!this.sounds.has(id)) {
      const sound = await getJson(`/api/sounds/${id}`);
      if (this.sounds.size > 500) this.sounds.clear();
      this.sounds.set(id, sound);
    }
    return this.sounds.get(id);
  }

  _placeTip() {
    const { stage, dots, tip } = this;
    const k = stage.current;
    tip.hidden = k < 0;
    if (k < 0) return;
    const [x, y] = stage.camera.toScreen(dots.x[k], dots.y[k]);
    tip.style.left = `${x}px`;
    tip.style.top = `${y}px`;
    tip.classList.toggle("left", x > stage.camera.width / 2);
  }

  _tools() {
    this.hover = localStorage.getItem(HOVER) !== "no";
    this.hoverButton = h("button", { "aria-pressed": String(this.hover), title: "Play what is under the mouse (h)", onclick: () => this._setHover(!this.hover) }, "Hover plays");
    this.lassoButton = h("button", { "aria-pressed": "false", title: "Draw around sounds (l)", onclick: () => this._setLasso(!this.stage.lassoMode) }, "Lasso");
    return h("div", { class: "tools", role: "toolbar", "aria-label": "Map" },
      h("button", { class: "side-button", onclick: () => this._showSide() }, "Filter"),
      this.hoverButton, this.lassoButton,
      h("button", { class: "icon", "aria-label": "Zoom in", onclick: () => this.stage.zoom(1.4) }, "+"),
      h("button", { class: "icon", "aria-label": "Zoom out", onclick: () => this.stage.zoom(1 / 1.4) }, "−"),
      h("button", { title: "See everything (f)", onclick: () => this.stage.fit() }, "Fit"),
    );
  }

  _setHover(on) {
    this.hover = on;
    localStorage.setItem(HOVER, on ? "yes" : "no");
    this.hoverButton.setAttribute("aria-pressed", String(on));
  }

  _setLasso(on) {
    this.stage.lassoMode = on;
    this.lassoButton.setAttribute("aria-pressed", String(on));
  }

  // On a phone the left side is a drawer.
  _showSide(open = !this.filters.root.classList.contains("open")) {
    this.filters.root.classList.toggle("open", open);
  }
}
