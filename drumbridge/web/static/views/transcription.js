// The transcription of a sound: waveform, a lane for each label, what each hit may be, playing with clicks, and files
// to take along. A hit is corrected as everywhere: by the number of what it may be, or by a name.

import { Refusal, getJson, postJson } from "../api.js";
import { h, percent } from "../dom.js";
import { spoken } from "../labels.js";
import { Playback } from "../transcription/playback.js";
import { GUTTER, Sheet, clock } from "../transcription/sheet.js";
import { Span } from "../transcription/span.js";

const FIRST_QUERY = "kind:loop";
const LISTED = 200;
const HEARD_S = 20; // of a file at once, for the probabilities of all labels
const SAME_S = 0.012; // two hits nearer than this are one
const GUESSES = 9; // keys 1 to 9
const BARS = 12;

export async function create(root, page) {
  return new TranscriptionView(root, page);
}

class TranscriptionView {
  constructor(root, page) {
    this.page = page;
    this.sound = null;
    this.undo = [];
    this.scores = new Map(); // piece of the file -> promise of its scored hits
    this.playback = new Playback();
    this.span = new Span();
    this.keys = [
      ["Space", "play from the cursor, or stop"],
      ["← →", "the hit before, the next one"],
      ["Shift ← →", "move the cursor a little"],
      ["+ − f", "zoom in, out, see everything"],
      ["1 to 9", "it is the first, second, ... of what it may be"],
      ["l", "write what it is"],
      ["u", "take the last correction back"],
      ["c", "clicks at the hits, or none"],
      ["/", "look for another sound"],
    ];
    this._build(root);
    this.sheet = new Sheet(this.canvas, this.span);
    this._listen();
  }

  _build(root) {
    this.search = h("input", { type: "search", placeholder: "find, as on the map", "aria-label": "Find a sound" });
    this.list = h("ul", { class: "found", role: "listbox", "aria-label": "Sounds" });
    this.canvas = h("canvas", { tabindex: 0, "aria-label": "Waveform and hits" });
    this.name = h("h2", {}, "");
    this.facts = h("span", { class: "quiet" });
    this.playButton = h("button", { class: "main", title: "Space", onclick: () => this.toggle() }, "Play");
    this.clickButton = h("button", { "aria-pressed": "true", title: "c", onclick: () => this.toggleClicks() }, "Clicks");
    this.files = h("span", { class: "files" });
    this.hit = h("div", { class: "hit", "aria-live": "polite" });
    this.blank = h("div", { class: "blank", hidden: true });
    this.body = h(
      "div", { class: "sheet" },
      h("div", { class: "top-row" }, h("div", { class: "title" }, this.name, this.facts),
        h("div", { class: "controls" },
          this.playButton, this.clickButton,
          h("button", { class: "icon", title: "+", "aria-label": "Zoom in", onclick: () => this.zoom(2) }, "+"),
          h("button", { class: "icon", title: "−", "aria-label": "Zoom out", onclick: () => this.zoom(0.5) }, "−"),
          h("button", { title: "f", onclick: () => this.fit() }, "All"),
          this.files)),
      h("div", { class: "paper" }, this.canvas),
      this.hit,
    );
    root.append(h("div", { class: "picker" }, this.search, this.list), this.body, this.blank);
  }

  _listen() {
    const { canvas, playback, page } = this;
    this.search.addEventListener("input", () => {
      clearTimeout(this.searchTimer);
      this.searchTimer = setTimeout(() => this.find(), 200);
    });
    this.search.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === "ArrowDown") {
        event.preventDefault();
        this.list.querySelector("button")?.focus();
      } else if (event.key === "Escape") canvas.focus();
    });
    this.list.addEventListener("keydown", (event) => {
      const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!by) return;
      const all = [...this.list.querySelectorAll("button")];
      all[all.indexOf(document.activeElement) + by]?.focus();
      event.preventDefault();
      event.stopPropagation();
    });
    canvas.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
    canvas.addEventListener("pointerdown", (event) => this.onDown(event));
    canvas.addEventListener("pointermove", (event) => this.onMove(event));
    for (const kind of ["pointerup", "pointercancel"]) canvas.addEventListener(kind, () => (this.drag = null));
    playback.addEventListener("end", () => this.stopped());
    playback.addEventListener("failed", ({ detail }) => page.complain(detail));
    this.sheet.addEventListener("failed", ({ detail }) => page.complain(detail));
    document.addEventListener("theme", () => this.sheet.draw());
    page.library.addEventListener("change", () => this.shown && this.refresh().catch(page.complain));
  }

  show(parameters) {
    this.shown = true;
    this.find().then(() => this.openFrom(parameters)).catch(this.page.complain);
  }

  hide() {
    this.shown = false;
    this.playback.stop();
  }

  key(event) {
    if (event.key === "/") this.search.focus();
    else if (!this.sound) return false;
    else if (event.key === " ") this.toggle();
    else if (event.shiftKey && event.key === "ArrowLeft") this.nudge(-1);
    else if (event.shiftKey && event.key === "ArrowRight") this.nudge(1);
    else if (event.key === "ArrowLeft") this.step(-1);
    else if (event.key === "ArrowRight") this.step(1);
    else if (event.key === "Home") this.pointAt(0);
    else if (event.key === "End") this.pointAt(this.sound.n_samples - 1);
    else if (event.key === "+" || event.key === "=") this.zoom(2);
    else if (event.key === "-" || event.key === "−") this.zoom(0.5);
    else if (event.key === "f") this.fit();
    else if (event.key === "c") this.toggleClicks();
    else if (event.key === "u") this.takeBack();
    else if (event.key === "l") this.hit.querySelector("input")?.focus();
    else if (/^[1-9]$/.test(event.key)) this.hit.querySelectorAll(".guesses button")[event.key - 1]?.click();
    else return false;
    return true;
  }

  // --- Which sound

  async find() {
    const query = this.search.value.trim();
    let found;
    try {
      found = await getJson(`/api/find?q=${encodeURIComponent(query || FIRST_QUERY)}`);
      if (!query && found.first?.length === 0) found = await getJson("/api/find?q=");
      if (found.problem) throw new Refusal(found.problem.error, found.problem.message);
      this.search.removeAttribute("aria-invalid");
    } catch (error) {
      if (error.code === "library.not_found") return this.showBlank(error);
      this.search.setAttribute("aria-invalid", "true");
      this.list.replaceChildren(h("li", { class: "bad" }, error.message));
      return null;
    }
    this.list.replaceChildren(...found.first.slice(0, LISTED).map((sound) => h("li", {}, h(
      "button", {
        "data-id": sound.id, "aria-current": sound.id === this.sound?.id ? "true" : null,
        onclick: () => this.page.go("transcription", { id: sound.id }),
      },
      h("span", { class: "dot", colour: this.colour(sound.unsure ? "unsure" : sound.label) }), sound.name,
    ))));
    if (!found.first.length) this.list.append(h("li", { class: "quiet" }, "Nothing is found."));
    if (found.ids.length > LISTED) {
      this.list.append(h("li", { class: "quiet" }, `and ${found.ids.length - LISTED} more: say more to find less`));
    }
    return found.first[0] ?? null;
  }

  showBlank() {
    this.body.hidden = true;
    this.blank.hidden = false;
    this.blank.replaceChildren(
      h("h2", {}, "No sounds yet"),
      h("p", { class: "quiet" }, "Let drumbridge hear a folder of loops and samples."),
      h("code", {}, "drumbridge scan ~/Samples"),
    );
    return null;
  }

  async openFrom(parameters) {
    let id = Number(parameters.id) || this.sound?.id;
    if (!id) id = Number(this.list.querySelector("button")?.dataset.id) || 0;
    if (!id) return this.showBlank();
    this.blank.hidden = true;
    this.body.hidden = false;
    if (id !== this.sound?.id) await this.open(id, Number(parameters.at) || 0);
    this.canvas.focus({ preventScroll: true });
    return null;
  }

  async open(id, at) {
    this.playback.stop();
    const sound = await getJson(`/api/sounds/${id}/hits`);
    this.scores.clear();
    this.undo = [];
    this.span.all(sound.n_samples);
    this.take(sound);
    this.sheet.cursor = at || sound.hits[0]?.position || 0;
    this.point();
    for (const button of this.list.querySelectorAll("button")) {
      if (Number(button.dataset.id) === id) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
    this.page.say(`${sound.name}, ${sound.hits.length} hits`);
  }

  async refresh() {
    await this.find();
    if (!this.sound) return this.openFrom({});
    this.take(await getJson(`/api/sounds/${this.sound.id}/hits`));
    this.point();
    return null;
  }

  // Show a sound, or what has become of it.
  take(sound) {
    this.sound = sound;
    const used = new Set(sound.hits.flatMap((hit) => hit.labels.map(([label]) => label)));
    const known = this.page.labels.names.filter((name) => used.delete(name));
    const names = [...known, ...[...used].sort()];
    if (sound.hits.some((hit) => hit.unsure)) names.push("unsure");
    this.lanes = names.map((label) => ({ label, colour: this.colour(label) }));
    for (const hit of sound.hits) {
      hit.pitch = 500 * 2 ** ((names.length - 1 - Math.max(0, names.indexOf(hit.labels[0]?.[0] ?? "unsure"))) / 4);
    }
    this.name.textContent = sound.name;
    this.name.title = sound.path;
    const hits = sound.kind === "loop" ? `${sound.hits.length} hits, ` : "";
    this.facts.textContent = `${hits}${clock(sound.duration_s, 0.01)}, ${sound.sample_rate} Hz${sound.warning ? ` · ${sound.warning}` : ""}`;
    this.files.replaceChildren(...["mid", "csv", "json"].map((suffix) => h(
      "a", { href: `/api/sounds/${sound.id}/transcription.${suffix}`, download: true }, { mid: "MIDI", csv: "CSV", json: "JSON" }[suffix],
    )));
    this.canvas.dataset.hits = sound.hits.length;
    this.canvas.dataset.id = sound.id;
    this.sheet.show(sound, this.lanes);
  }

  colour(label) {
    return this.sound?.colours[label] ?? this.page.labels.colour(label);
  }

  // --- Where

  step(by) {
    const hits = this.sound.hits;
    const from = this.sheet.chosen;
    let k = from + by;
    if (from < 0) {
      k = hits.findIndex((hit) => hit.position >= this.sheet.cursor);
      if (by < 0) k = (k < 0 ? hits.length : k) - 1;
    }
    if (hits[k]) this.pointAt(hits[k].position);
  }

  nudge(by) {
    const step = Math.max(1, Math.round((this.span.end - this.span.start) / 200));
    this.pointAt(this.sheet.cursor + by * step);
  }

  pointAt(sample) {
    this.sheet.cursor = Math.max(0, Math.min(this.sound.n_samples - 1, Math.round(sample)));
    const { start, end } = this.span;
    this.span.reveal(this.sheet.cursor);
    if (start !== this.span.start || end !== this.span.end) this.sheet.moved();
    this.point();
  }

  // Tell of what is under the cursor.
  point() {
    const { sheet, sound, span } = this;
    const reach = Math.max(SAME_S * sound.sample_rate, (6 * (span.end - span.start)) / span.width);
    let least = reach;
    sheet.chosen = -1;
    sound.hits.forEach((hit, k) => {
      const distance = Math.abs(hit.position - sheet.cursor);
      if (distance < least) [sheet.chosen, least] = [k, distance];
    });
    sheet.draw();
    this.canvas.dataset.chosen = sheet.chosen;
    this.tellHit();
  }

  zoom(factor, x) {
    if (!this.sound) return;
    this.span.zoom(factor, x ?? Math.max(0, Math.min(this.span.width, this.span.toX(this.sheet.cursor))));
    this.sheet.moved();
  }

  fit() {
    this.span.all(this.sound.n_samples);
    this.sheet.moved();
  }

  onWheel(event) {
    if (!this.sound) return;
    const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;
    if (!sideways && !event.ctrlKey && this.canvas.parentElement.scrollHeight > this.canvas.parentElement.clientHeight + 1
        && event.offsetY > this.canvas.clientHeight / 2) return; // lanes are scrolled
    event.preventDefault();
    if (sideways) {
      this.span.move(event.deltaX || event.deltaY);
      this.sheet.moved();
    } else this.zoom(Math.exp(-event.deltaY / 400), Math.max(0, event.offsetX - GUTTER));
  }

  onDown(event) {
    if (!this.sound || event.button) return;
    this.canvas.focus();
    this.canvas.setPointerCapture(event.pointerId);
    this.drag = { x: event.clientX, moved: false };
    const k = this.sheet.hitAt(event.offsetX - GUTTER, event.offsetY);
    this.pointAt(k < 0 ? this.span.toSample(Math.max(0, event.offsetX - GUTTER)) : this.sound.hits[k].position);
  }

  onMove(event) {
    if (!this.drag) return;
    const by = this.drag.x - event.clientX;
    if (!this.drag.moved && Math.abs(by) < 4) return;
    this.drag = { x: event.clientX, moved: true };
    this.span.move(by);
    this.sheet.moved();
  }

  // --- What it is

  tellHit() {
    const { sheet, sound } = this;
    const hit = sound.hits[sheet.chosen];
    // Something has changed elsewhere while a label is written here: the words stay.
    if (this.hit.contains(document.activeElement) && this.hit.dataset.index === String(hit?.index)) return;
    this.hit.dataset.index = hit?.index;
    if (!hit) {
      this.hit.replaceChildren(h("p", { class: "quiet" }, `${clock(sheet.cursor / sound.sample_rate)} · no hit here; arrow keys go from hit to hit`));
      return;
    }
    const which = hit.index < 0 ? "the sound" : `hit ${sheet.chosen + 1} of ${sound.hits.length}`;
    const label = hit.labels[0]?.[0] ?? "unsure";
    const bars = h("ol", { class: "bars" });
    const guesses = h("div", { class: "guesses" });
    const input = h("input", { type: "text", list: "label-names", placeholder: "another label", "aria-label": "Another label", size: 14 });
    const names = h("datalist", { id: "label-names" }, this.page.labels.names.map((name) => h("option", { value: name })));
    this.hit.replaceChildren(
      h("div", { class: "verdict" },
        h("p", {}, h("span", { class: "dot", colour: this.colour(label) }), h("b", {}, ` ${hit.labels.map(([name]) => spoken(name)).join(" + ") || `unsure (${spoken(hit.guess)}?)`}`),
          h("span", { class: "quiet" }, ` ${hit.corrected ? "your correction" : percent(hit.labels[0]?.[1] ?? 0)} · ${which} · ${clock(hit.position / sound.sample_rate)} · velocity ${hit.velocity}`)),
        guesses,
        h("form", { onsubmit: (event) => { event.preventDefault(); this.correct(hit, input.value); } }, input, names,
          h("button", {}, "Set"),
          hit.corrected ? h("button", { type: "button", onclick: () => this.correct(hit, "") }, "Take back") : null,
          this.undo.length ? h("button", { type: "button", title: "u", onclick: () => this.takeBack() }, "Undo") : null)),
      bars,
    );
    input.addEventListener("keydown", (event) => event.key === "Escape" && this.canvas.focus());
    this._fill(hit, guesses, bars, hit.labels);
    this._scored(hit).then((all) => {
      if (all && this.sound.hits[this.sheet.chosen] === hit) this._fill(hit, guesses, bars, all);
    }, this.page.complain);
  }

  _fill(hit, guesses, bars, all) {
    const sorted = [...all].sort((one, other) => other[1] - one[1]);
    guesses.replaceChildren(...sorted.slice(0, GUESSES).map(([label], k) => h(
      "button", { onclick: () => this.correct(hit, label), title: `${k + 1}` }, h("kbd", {}, `${k + 1}`), " ", spoken(label),
    )));
    bars.replaceChildren(...sorted.slice(0, BARS).map(([label, p]) => {
      const bar = h("span", { class: "amount", colour: this.colour(label) });
      bar.style.width = `${Math.max(1, 100 * p)}%`;
      return h("li", {}, h("span", { class: "of" }, spoken(label)), h("span", { class: "gauge" }, bar), h("span", { class: "p" }, percent(p)));
    }));
    bars.dataset.n = all.length;
  }

  // The probabilities of all labels of a hit, heard anew with the piece of the file that it lies in.
  async _scored(hit) {
    const { sound } = this;
    const length = Math.round(HEARD_S * sound.sample_rate);
    const start = Math.floor(hit.position / length) * length;
    const end = Math.min(sound.n_samples, start + length);
    if (!this.scores.has(start)) {
      const asked = getJson(`/api/sounds/${sound.id}/scores?start=${start}&end=${end}`);
      this.scores.set(start, asked);
      asked.catch(() => this.scores.delete(start));
    }
    const heard = await this.scores.get(start);
    let best = null;
    for (const each of heard.hits) {
      const distance = Math.abs(each.position - hit.position);
      if (distance < SAME_S * sound.sample_rate && (!best || distance < Math.abs(best.position - hit.position))) best = each;
    }
    return best && heard.labels.map((label, k) => [label, best.scores[k]]);
  }

  async correct(hit, label) {
    if (!label.trim() && !hit.corrected) return;
    const entry = { id: this.sound.id, hit: hit.index, label: label.trim() };
    try {
      const { corrections } = await postJson("/api/correct", { corrections: [entry] });
      this.undo.push({ ...entry, label: corrections[0].before ?? "" });
      this.page.say(entry.label ? `now ${spoken(entry.label)}` : "taken back");
      this.canvas.focus({ preventScroll: true });
      await this.refresh();
    } catch (error) {
      this.page.complain(error);
    }
  }

  async takeBack() {
    const last = this.undo.pop();
    if (!last) return;
    try {
      await postJson("/api/correct", { corrections: [last] });
      const hit = this.sound.hits.find((each) => each.index === last.hit);
      this.page.say("taken back");
      await this.refresh();
      if (hit) this.pointAt(hit.position);
    } catch (error) {
      this.page.complain(error);
    }
  }

  // --- How it sounds

  toggle() {
    if (this.playback.playing) {
      this.playback.stop();
      return;
    }
    const from = this.sheet.cursor >= this.sound.n_samples - 1 ? 0 : this.sheet.cursor;
    this.playButton.textContent = "Stop";
    this.playback.start(this.sound, from).then(() => this.follow(), (error) => {
      this.stopped();
      this.page.complain(error);
    });
  }

  follow() {
    const at = this.playback.position;
    if (at === null) return;
    this.sheet.playhead = Math.min(at, this.sound.n_samples);
    this.canvas.dataset.playhead = Math.round(this.sheet.playhead);
    const x = this.span.toX(at);
    if (!this.drag && x > this.span.width * 0.98) {
      this.span.move(x - this.span.width * 0.05);
      this.sheet.moved();
    }
    this.sheet.draw();
    requestAnimationFrame(() => this.follow());
  }

  stopped() {
    this.playButton.textContent = "Play";
    this.sheet.playhead = null;
    delete this.canvas.dataset.playhead;
    this.sheet.draw();
  }

  toggleClicks() {
    this.playback.clicks = !this.playback.clicks;
    this.clickButton.setAttribute("aria-pressed", String(this.playback.clicks));
    if (!this.playback.playing) return;
    const at = Math.round(this.playback.position);
    this.playback.start(this.sound, at).then(() => {
      this.playButton.textContent = "Stop";
      this.follow();
    }, this.page.complain);
  }
}
