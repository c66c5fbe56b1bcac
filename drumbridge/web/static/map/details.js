// The right side of the map: the sound that was chosen, or the selected ones, or what a search found.

import { count, fill, h, percent, seconds } from "../dom.js";
import { spoken } from "../labels.js";
import { audioAddress } from "../player.js";
import { Waveform } from "../waveform.js";

const GUIDE = [["← ↑ ↓ →", "from sound to sound"], ["Space", "again"], ["1 … 9", "it is really that"], ["z", "undo"], ["s", "similar sounds"], ["/", "search"], ["?", "all keys"]];

export class Details {
  // act: { play(), give(label), like(sound), clear(), goTo(id), playAll() }
  constructor(page, palette, act) {
    this.page = page;
    this.palette = palette;
    this.act = act;
    this.sound = null;
    this.root = h("aside", { class: "details", "aria-label": "The sound" });
    this.waveform = new Waveform("Waveform");
    this.waveform.canvas.addEventListener("click", () => act.play());
    page.player.addEventListener("play", () => this._follow());
  }

  // Where there is room the right side is always there: a map that moves aside under the mouse would be worse.
  showNothing() {
    this.sound = null;
    delete this.root.dataset.id;
    this.root.classList.add("empty");
    fill(
      this.root,
      h("h2", {}, "Point at a dot to hear it"),
      h("p", { class: "quiet" }, "Click keeps it here, where you can say what it really is. Drag moves the map, the wheel looks in, Shift and drag selects many."),
      h("dl", { class: "facts" }, GUIDE.map(([key, what]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, what)])),
    );
  }

  showSound(sound) {
    const { page } = this;
    const same = this.sound?.id === sound.id;
    this.sound = sound;
    const label = sound.unsure ? "unsure" : sound.label;
    const colour = page.labels.colour(label);
    this.root.classList.remove("empty");
    this.root.dataset.id = sound.id;
    fill(
      this.root,
      h("div", { class: "what", colour },
        h("span", { class: "dot large" }),
        h("div", {},
          h("h2", {}, sound.kind === "loop" ? "loop" : spoken(label)),
          h("p", { class: "quiet" }, certainty(sound)),
        ),
        h("button", { class: "icon", "aria-label": "Close", onclick: () => this.act.clear() }, "×"),
      ),
      this.waveform.canvas,
      h("p", { class: "name" }, sound.name),
      h("p", { class: "folder quiet", title: sound.path }, h("bdi", {}, sound.folder)),
      sound.warning ? h("p", { class: "bad" }, sound.warning) : null,
      h("div", { class: "actions" },
        h("button", { class: "main", onclick: () => this.act.play() }, "Play ", h("kbd", {}, "Space")),
        sound.kind === "one_shot" ? h("button", { onclick: () => this.act.like(sound) }, "Similar") : null,
        sound.kind === "loop" && page.has("transcription")
          ? h("button", { onclick: () => page.go("transcription", { id: sound.id }) }, "Open") : null,
        h("button", { onclick: () => navigator.clipboard.writeText(sound.path).then(() => page.say("copied"), page.complain) }, "Copy path"),
      ),
      h("h3", {}, sound.kind === "loop" ? "Call the loop" : "It is really"),
      this.palette.buttons((name) => this.act.give(name), sound.corrected ? sound.label : ""),
      sound.corrected ? h("button", { class: "plain", onclick: () => this.act.give("") }, "Take the correction back ", h("kbd", {}, "0")) : null,
      this._ranking(sound),
      h("dl", { class: "facts" },
        fact("Length", seconds(sound.duration_s)),
        fact("Peak", `${sound.level_db.toFixed(1)} dBFS`),
        fact("Rate", `${(sound.sample_rate / 1000).toFixed(1)} kHz`),
        sound.hits ? fact("Hits", count(sound.hits.length)) : null,
        sound.copies?.length ? fact("Also as", h("ul", {}, sound.copies.slice(0, 5).map((path) => h("li", { title: path }, path)))) : null,
      ),
    );
    if (!same) this._drawWave();
  }

  showMany(dots, chosen) {
    const { page } = this;
    this.sound = null;
    const counts = new Map();
    for (const k of chosen) {
      const label = page.labels.rows[dots.labelOf(k, page.labels.unsure)].name;
      counts.set(label, (counts.get(label) ?? 0) + 1);
    }
    this.root.classList.remove("empty");
    delete this.root.dataset.id;
    fill(
      this.root,
      h("div", { class: "what" },
        h("div", {}, h("h2", {}, `${count(chosen.size)} selected`)),
        h("button", { class: "icon", "aria-label": "Close", onclick: () => this.act.clear() }, "×"),
      ),
      h("ul", { class: "breakdown" }, [...counts].sort((a, b) => b[1] - a[1]).map(([label, n]) => h("li", { colour: page.labels.colour(label) },
        h("span", { class: "dot" }), spoken(label), h("span", { class: "quiet" }, count(n))))),
      h("div", { class: "actions" }, h("button", { class: "main", onclick: () => this.act.playAll() }, "Play them all")),
      h("h3", {}, "They are really"),
      this.palette.buttons((name) => this.act.give(name)),
      h("button", { class: "plain", onclick: () => this.act.give("") }, "Take corrections back ", h("kbd", {}, "0")),
    );
  }

  showFound(first, n) {
    const { page } = this;
    this.sound = null;
    this.root.classList.remove("empty");
    delete this.root.dataset.id;
    fill(
      this.root,
      h("h2", {}, n === 1 ? "1 sound found" : `${count(n)} sounds found`),
      h("ul", { class: "found" }, first.map((sound) => h("li", {}, h("button", {
        class: "plain", colour: page.labels.colour(sound.unsure ? "unsure" : sound.label),
        title: sound.error_message ?? "", onclick: () => this.act.goTo(sound.id),
      }, h("span", { class: "dot" }), h("span", { class: "name" }, sound.name),
      h("span", { class: "quiet" }, sound.error_message ? "not readable" : sound.similarity?.toFixed(2) ?? "")),
      sound.error_message ? h("p", { class: "bad" }, sound.error_message) : null))),
      n > first.length ? h("p", { class: "quiet" }, `and ${count(n - first.length)} more on the map`) : null,
    );
  }

  _ranking(sound) {
    const ranking = (sound.ranking ?? []).filter(([, share]) => share >= 0.01);
    if (!ranking.length) return null;
    return h("div", {},
      h("h3", {}, sound.kind === "loop" ? "Of its hits are" : "It was heard as"),
      h("ul", { class: "ranking" }, ranking.map(([label, share]) => {
        const bar = h("span", { class: "bar" });
        bar.style.width = `${Math.max(1, 100 * share)}%`;
        return h("li", { colour: this.page.labels.colour(label) }, h("span", {}, spoken(label)), h("span", { class: "track" }, bar),
          h("span", { class: "quiet" }, percent(share)));
      })),
    );
  }

  async _drawWave() {
    const { sound, page, waveform } = this;
    waveform.buffer = null;
    waveform.draw();
    try {
      const buffer = await page.player.load(audioAddress(sound.id));
      if (this.sound?.id !== sound.id) return;
      const marks = (sound.hits ?? []).map((hit) => ({ at: hit.position / sound.sample_rate, colour: page.labels.colour(hit.label) }));
      waveform.set(buffer, sound.kind === "loop" ? "#8a8f98" : page.labels.colour(sound.unsure ? "unsure" : sound.label), marks);
    } catch {
      // playing it says why
    }
  }

  _follow() {
    const { playing } = this.page.player;
    const own = playing && this.sound && playing.address === audioAddress(this.sound.id);
    this.waveform.draw(own ? playing.at : null);
    if (own) requestAnimationFrame(() => this._follow());
  }
}

function certainty(sound) {
  if (sound.corrected) return "corrected by you";
  if (sound.unsure) return `unsure, perhaps ${spoken(sound.label)} (${percent(sound.confidence)})`;
  if (sound.kind === "loop") return `mostly ${spoken(sound.label)}`;
  return `${percent(sound.confidence)} sure`;
}

function fact(name, value) {
  return [h("dt", {}, name), h("dd", {}, value)];
}
