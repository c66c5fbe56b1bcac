// The sample map: every sound a dot, near what sounds like it, in the colour of its label, the larger the surer.

import { h, percent } from "../dom.js";
import { audioAddress } from "../player.js";
import { spoken } from "../labels.js";
import { getJson } from "../api.js";
import { Stage } from "../map/stage.js";
import { LOOP, UNSURE, loadDots } from "../map/dots.js";

const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export async function create(root, page) {
  const view = new MapView(root, page);
  await view.refresh();
  return view;
}

class MapView {
  constructor(root, page) {
    this.page = page;
    this.stage = new Stage();
    this.tip = h("div", { class: "tip", hidden: true });
    this.blank = h("div", { class: "blank", hidden: true });
    this.dots = null;
    root.append(this.stage.root, this.tip, this.blank);
    this.keys = [
      ["arrow keys", "to the next sound in that direction, and play it"],
      ["Enter, Space", "play it again"],
      ["+ and −", "zoom"],
      ["f", "see everything"],
    ];
    this.stage.addEventListener("hover", ({ detail }) => this.point(detail));
    this.stage.addEventListener("pick", ({ detail }) => detail.dot >= 0 && this.choose(detail.dot));
    this.stage.addEventListener("over", () => this.placeTip());
    this.page.library.addEventListener("change", () => this.shown && this.refresh().catch(page.complain));
    document.addEventListener("theme", () => this.dots && this.paint());
  }

  show() {
    this.shown = true;
    this.stage.root.focus({ preventScroll: true });
  }

  hide() {
    this.shown = false;
    this.page.player.stop();
  }

  key(event) {
    const direction = DIRECTIONS[event.key];
    if (direction) this.step(...direction);
    else if ((event.key === "Enter" || event.key === " ") && this.stage.current >= 0) this.choose(this.stage.current);
    else if (event.key === "+" || event.key === "=") this.stage.zoom(1.4);
    else if (event.key === "-" || event.key === "−") this.stage.zoom(1 / 1.4);
    else if (event.key === "f") this.stage.fit();
    else return false;
    return true;
  }

  async refresh() {
    const problem = this.page.library.state?.problem;
    if (problem || !this.page.library.state?.sounds) {
      this.showBlank(problem);
      return;
    }
    this.blank.hidden = true;
    this.stage.root.hidden = false;
    this.dots = await loadDots();
    this.stage.setDots(this.dots);
    this.paint();
  }

  showBlank(problem) {
    this.stage.root.hidden = true;
    this.blank.hidden = false;
    this.blank.replaceChildren(
      h("h2", {}, problem && problem.error !== "library.not_found" ? "The library cannot be shown" : "No sounds yet"),
      h("p", { class: "quiet" }, problem && problem.error !== "library.not_found"
        ? problem.message
        : "Let drumbridge hear a folder of samples; they appear here while it listens."),
      !problem || problem.error === "library.not_found" ? h("code", {}, "drumbridge scan ~/Samples") : null,
    );
  }

  // Colours, sizes and order of all dots.
  paint() {
    const { dots, page } = this;
    const colours = new Uint8Array(4 * dots.n);
    const forms = new Uint8Array(2 * dots.n);
    const order = new Uint32Array(dots.n);
    const table = page.labels.rows.map((row) => [1, 3, 5].map((at) => parseInt(row.colour.slice(at, at + 2), 16)));
    for (let k = 0; k < dots.n; k++) {
      const rgb = table[dots.flags[k] & UNSURE ? page.labels.unsure : dots.label[k]];
      colours.set(rgb, 4 * k);
      colours[4 * k + 3] = 235;
      forms[2 * k] = 16 * (2.2 + (4.6 * dots.confidence[k]) / 255);
      forms[2 * k + 1] = dots.flags[k] & LOOP ? 1 : 0;
      order[k] = k;
    }
    this.stage.setLook({ colours, forms, order, edge: page.dark() ? 0.55 : 0.7 });
  }

  point(k) {
    if (k === this.stage.current || k < 0) return;
    this.goTo(k);
    if (this.page.player.awake) this.play(k);
  }

  choose(k) {
    this.goTo(k);
    this.play(k);
  }

  step(dx, dy) {
    const { stage } = this;
    const k = stage.current < 0 ? stage.middle() : stage.grid.towards(stage.current, dx, dy, (j) => stage.shown[j]);
    if (k >= 0) this.choose(k);
  }

  goTo(k) {
    this.stage.setCurrent(k);
    const { dots, page } = this;
    const label = page.labels.rows[dots.flags[k] & UNSURE ? page.labels.unsure : dots.label[k]];
    const name = h("span", { class: "quiet" }, "…");
    this.tip.replaceChildren(
      h("span", { class: "dot", colour: label.colour }), h("b", {}, spoken(label.name)), percent(dots.confidence[k] / 255), name,
    );
    this.tip.dataset.id = dots.id[k];
    getJson(`/api/sounds/${dots.id[k]}`).then((sound) => {
      name.textContent = sound.name;
      if (this.stage.current === k) page.say(`${spoken(label.name)}, ${sound.name}`);
    }, page.complain);
  }

  play(k) {
    this.page.player.play(audioAddress(this.dots.id[k])).catch(this.page.complain);
  }

  placeTip() {
    const k = this.stage.current;
    this.tip.hidden = k < 0;
    if (k < 0) return;
    const [x, y] = this.stage.camera.toScreen(this.dots.x[k], this.dots.y[k]);
    this.tip.style.left = `${x}px`;
    this.tip.style.top = `${y}px`;
  }
}
