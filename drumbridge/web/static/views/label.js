// A label session: what the model was least certain of, one sound or hit after another, and nine keys to say what it is.

import { getJson } from "../api.js";
import { count, fill, h, percent } from "../dom.js";
import { spoken } from "../labels.js";
import { Palette } from "../palette.js";
import { audioAddress } from "../player.js";
import { Waveform } from "../waveform.js";

const AT_ONCE = 200; // entries that are fetched
const FEW = 10; // left when more are fetched
const BEFORE_S = 0.01; // a piece of a loop begins so long before its hit
const LONGEST_S = 0.6; // and ends with the next hit or after so long
const AROUND_S = 1.0; // with Shift, on either side
const SKIPPED = "drumbridge.skipped";
const KEYS = [
  ["1 to 9", "it is that; the next one comes"],
  ["Enter", "the guess is right"],
  ["m", "another label: type a few letters of it"],
  ["Space", "play it again"],
  ["Shift Space", "play what is around it (hits of loops)"],
  ["→ or n", "skip it"],
  ["← or z", "undo, and back to it"],
  ["e", "choose other labels for the keys"],
];

export async function create(root, page) {
  return new LabelView(root, page);
}

class LabelView {
  constructor(root, page) {
    this.page = page;
    this.keys = KEYS;
    this.queue = [];
    this.done = []; // what was answered or skipped in this session, the last at the end
    this.labelled = 0;
    this.left = 0;
    this._written = Promise.resolve();
    this.query = "";
    this.palette = new Palette(page.labels);
    this.skipped = new Set(JSON.parse(sessionStorage.getItem(SKIPPED) ?? "[]"));
    this.waveform = new Waveform("Waveform");
    this.waveform.canvas.addEventListener("click", () => this.play());
    this.search = h("input", {
      type: "search", placeholder: "only these: label:snare below:/Samples/new", "aria-label": "Only what this search finds", spellcheck: "false",
      onchange: () => this.begin(this.search.value),
    });
    this.bar = h("span", { class: "bar" });
    this.progress = h("p", { class: "quiet", role: "status" });
    this.card = h("div", { class: "card" });
    root.append(h("div", { class: "session" },
      h("div", { class: "session-head" }, this.search, h("div", { class: "track" }, this.bar), this.progress),
      this.card,
    ));
    page.player.addEventListener("play", () => this._follow());
    page.library.addEventListener("change", () => this.shown && !this.queue.length && this.begin(this.query));
  }

  show({ q }) {
    this.shown = true;
    this.palette = new Palette(this.page.labels);
    if (q !== undefined) this.search.value = q;
    if (q !== undefined || !this.queue.length) this.begin(this.search.value);
    else this._showEntry();
  }

  hide() {
    this.shown = false;
    this.page.player.stop();
  }

  key(event) {
    const label = this.palette.ofKey(event.key);
    if (event.key === "Escape") document.activeElement?.blur();
    else if (event.key === "ArrowLeft" || event.key === "z") this.back();
    else if (!this.entry) return false;
    else if (label) this.give(label);
    else if (event.key === "Enter") this.give(guessOf(this.entry, this.page.labels));
    else if (event.key === " ") this.play(event.shiftKey);
    else if (event.key === "ArrowRight" || event.key === "n") this.skip();
    else if (event.key === "m") this.card.querySelector(".more-labels")?.focus();
    else if (event.key === "e") this._chooseKeys();
    else return false;
    return true;
  }

  get entry() {
    return this.queue[0] ?? null;
  }

  // Begin with what a search finds, "" for everything.
  async begin(query) {
    this.query = query.trim();
    this.queue = [];
    this.refill = null;
    await this._fill();
    this._showEntry();
  }

  // The next one comes at once; answers are written behind, one after another.
  give(label) {
    const { entry, page } = this;
    if (!entry || !label) return;
    const done = { entry, label };
    this.labelled += 1;
    this.left -= 1;
    page.say(spoken(label));
    this._next(done);
    this._write(() => page.corrections.give([{ id: entry.id, hit: entry.hit }], label), () => {
      this.done = this.done.filter((each) => each !== done);
      this.labelled -= 1;
      this.left += 1;
      this.queue.unshift(entry);
    });
  }

  skip() {
    const { entry } = this;
    this.skipped.add(nameOf(entry));
    this._keepSkipped();
    this._next({ entry, label: null });
  }

  back() {
    const last = this.done.pop();
    if (!last) return;
    this.queue.unshift(last.entry);
    if (last.label === null) {
      this.skipped.delete(nameOf(last.entry));
      this._keepSkipped();
    } else {
      this.labelled -= 1;
      this.left += 1;
      this._write(() => this.page.corrections.undo(), () => {});
    }
    this._showEntry();
  }

  // Write after what is being written; `failed` puts things back.
  _write(write, failed) {
    this._written = this._written.then(write).catch((error) => {
      failed();
      this.page.complain(error);
      this._showEntry();
    });
  }

  play(around = false) {
    const { entry } = this;
    if (!entry) return;
    this.page.player.play(around ? addressAround(entry) : addressOf(entry)).catch(this.page.complain);
  }

  _next(done) {
    this.done.push(done);
    this.queue.shift();
    this._showEntry();
    if (this.queue.length < FEW) this._fill().then(() => this.queue.length && !this.card.dataset.id && this._showEntry());
  }

  _keepSkipped() {
    sessionStorage.setItem(SKIPPED, JSON.stringify([...this.skipped]));
  }

  // Fetch more, unless there are no more.
  async _fill() {
    if (this.page.library.state?.problem || this._filling) return;
    this._filling = true;
    const query = this.query;
    try {
      await this._written;
      const limit = Math.min(1000, AT_ONCE + this.skipped.size);
      const { left, entries, problem } = await getJson(`/api/uncertain?limit=${limit}&q=${encodeURIComponent(query)}`);
      if (problem) throw new Error(problem.message);
      if (query !== this.query) return;
      // What was answered while this was asked for is not asked again.
      const known = new Set([...this.queue, ...this.done.map((each) => each.entry)].map(nameOf));
      this.left = left;
      this.queue.push(...entries.filter((entry) => !known.has(nameOf(entry)) && !this.skipped.has(nameOf(entry))));
    } catch (error) {
      this.page.complain(error);
    } finally {
      this._filling = false;
    }
  }

  _showEntry() {
    const { entry, page, card } = this;
    this._showProgress();
    this._sounding = null;
    if (!entry) {
      delete card.dataset.id;
      fill(card, this._nothing());
      return;
    }
    const guess = guessOf(entry, page.labels);
    const colour = page.labels.colour(guess ?? "unsure");
    card.dataset.id = entry.id;
    card.dataset.hit = entry.hit;
    fill(
      card,
      h("p", { class: "guess" }, h("span", { class: "quiet" }, guess ? "heard as" : "heard as nothing that is known"),
        guess && [h("span", { class: "dot large", colour }), h("b", {}, spoken(guess)), h("span", { class: "quiet" }, percent(entry.confidence)),
          h("button", { class: "right", onclick: () => this.give(guess) }, "That is right ", h("kbd", {}, "Enter"))]),
      this.waveform.canvas,
      h("p", { class: "name", title: entry.path }, entry.name, entry.hit < 0 ? null : h("span", { class: "quiet" },
        ` hit ${entry.hit + 1} of ${entry.n_hits}, at ${(entry.position / entry.sample_rate).toFixed(2)} s`)),
      this._choices(entry),
      h("div", { class: "actions" },
        h("button", { onclick: () => this.play() }, "Play ", h("kbd", {}, "Space")),
        entry.hit < 0 ? null : h("button", { onclick: () => this.play(true) }, "Around it ", h("kbd", {}, "⇧ Space")),
        h("button", { onclick: () => this.skip() }, "Skip ", h("kbd", {}, "→")),
        h("button", { onclick: () => this.back(), disabled: !this.done.length }, "Undo ", h("kbd", {}, "←")),
        h("button", { class: "plain", onclick: () => this._chooseKeys() }, "Change keys"),
      ),
    );
    this._drawWave(entry, colour);
    this.play();
    for (const next of this.queue.slice(1, 3)) page.player.load(addressOf(next)).catch(() => {});
  }

  _choices(entry) {
    const likely = new Set(entry.ranking.slice(0, 3).map(([label]) => label));
    const buttons = this.palette.buttons((label) => this.give(label));
    for (const button of buttons.querySelectorAll("button")) button.classList.toggle("likely", likely.has(button.dataset.label));
    return buttons;
  }

  _nothing() {
    const { problem, sounds } = this.page.library.state ?? {};
    const text = problem
      ? problem.message
      : !sounds
        ? "There are no sounds yet: drumbridge scan FOLDER brings them."
        : this.skipped.size
          ? "Everything else has an answer. What you skipped comes back in the next session."
          : "Nothing left to ask: every sound has been checked.";
    return h("div", { class: "blank" }, h("h2", {}, problem ? "The library cannot be shown" : "Nothing to label"), h("p", { class: "quiet" }, text));
  }

  _showProgress() {
    const all = this.labelled + this.left;
    this.bar.style.width = `${all ? (100 * this.labelled) / all : 0}%`;
    this.progress.textContent = `${count(this.labelled)} labelled in this session, ${count(Math.max(0, this.left))} to go`;
  }

  async _drawWave(entry, colour) {
    this.waveform.buffer = null;
    this.waveform.draw();
    try {
      const buffer = await this.page.player.load(addressOf(entry));
      if (this.entry === entry) this.waveform.set(buffer, colour);
    } catch {
      // playing it says why
    }
  }

  _follow() {
    const { playing } = this.page.player;
    const own = this.shown && playing && this.entry && playing.address === addressOf(this.entry);
    this.waveform.draw(own ? playing.at : null);
    if (own) requestAnimationFrame(() => this._follow());
  }

  _chooseKeys() {
    const { palette, page } = this;
    const dialog = h("dialog", { "aria-label": "Labels on the keys" });
    const rows = palette.names.map((name, k) => {
      const list = h("select", { "aria-label": `Key ${k + 1}` },
        page.labels.names.map((each) => h("option", { value: each, selected: each === name }, spoken(each))));
      list.addEventListener("change", () => {
        palette.put(k, list.value);
        dialog.querySelectorAll("select").forEach((other, at) => (other.value = palette.names[at]));
      });
      return [h("dt", {}, String(k + 1)), h("dd", {}, list)];
    });
    dialog.append(h("h2", {}, "Labels on the keys"), h("dl", {}, rows.flat()),
      h("form", { method: "dialog" }, h("button", { class: "main" }, "Done")));
    dialog.addEventListener("close", () => {
      dialog.remove();
      this._showEntry();
    });
    document.body.append(dialog);
    dialog.showModal();
  }
}

// What the model thinks it is, null where it thinks nothing.
function guessOf(entry, labels) {
  return [entry.label, ...entry.ranking.map(([label]) => label)].find((label) => labels.names.includes(label)) ?? null;
}

function nameOf(entry) {
  return `${entry.id}.${entry.hit}`;
}

function addressOf(entry) {
  if (entry.hit < 0) return audioAddress(entry.id);
  const start = Math.max(0, entry.position - Math.round(BEFORE_S * entry.sample_rate));
  const longest = entry.position + Math.round(LONGEST_S * entry.sample_rate);
  return audioAddress(entry.id, start, Math.max(start + 1, Math.min(longest, entry.next_position ?? longest)));
}

function addressAround(entry) {
  if (entry.hit < 0) return addressOf(entry);
  const around = Math.round(AROUND_S * entry.sample_rate);
  return audioAddress(entry.id, Math.max(0, entry.position - around), entry.position + around);
}
