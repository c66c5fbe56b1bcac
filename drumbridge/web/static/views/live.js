// What a running server hears, as it comes: a lane for each label, what became of early answers, levels, and how long
// after the attack each answer was there.

import { h, percent } from "../dom.js";
import { spoken } from "../labels.js";
import { Strokes, histogram } from "../live/strokes.js";

const SHOWN_S = 8; // across the lanes
const LANE = 30;
const LISTED = 60;
const BINS = 40;
const LONGEST_MS = [30, 60, 120, 400, 1000, 4000, 60000]; // what a histogram may show: the first that holds most of it
const FATES = [
  ["early", "early", "told before it was sure"],
  ["confirmed", "confirmed", "the final answer was the early one"],
  ["changed", "changed", "the final answer has another label"],
  ["withdrawn", "withdrawn", "there was no hit after all"],
  ["late", "final only", "no early answer came before it"],
];

export async function create(root, page) {
  return new LiveView(root, page);
}

class LiveView {
  constructor(root, page) {
    this.page = page;
    this.strokes = new Strokes();
    this.shown = []; // strokes on the lanes, with the time at which they came
    this.streams = [];
    this.began = new Map(); // stream -> when its position 0 was, at the latest, ms
    this.only = null; // the stream that is shown, null: all
    this.state = null;
    this.keys = [
      ["Space", "hold still, and go on"],
      ["1 to 9", "this stream only"],
      ["0", "all streams"],
      ["x", "begin to count anew"],
    ];
    this._build(root);
    document.addEventListener("theme", () => this.drawAll());
    new ResizeObserver(() => this.drawAll()).observe(this.lanes.parentElement);
  }

  _build(root) {
    this.blank = h("div", { class: "blank", hidden: true });
    this.now = h("p", { class: "now", "aria-live": "off" }, "…");
    this.hold = h("button", { title: "Space", "aria-pressed": "false", onclick: () => this.toggle() }, "Hold");
    this.lanes = h("canvas", { "aria-label": "Hits of the last seconds" });
    this.list = h("ol", { class: "heard", "aria-label": "The last hits" });
    this.inputs = h("ul", { class: "streams" });
    this.counts = h("dl", { class: "fates" });
    this.trouble = h("p", { class: "bad", hidden: true });
    this.charts = Object.fromEntries(["early", "final"].map((stage) => [stage, {
      canvas: h("canvas", { "aria-label": `Latency of ${stage} answers` }), text: h("span", { class: "quiet" }),
    }]));
    this.body = h("div", { class: "stageboard", hidden: true },
      h("div", { class: "main-side" },
        h("div", { class: "top-row" }, this.now, h("div", { class: "controls" }, this.hold,
          h("button", { title: "x", onclick: () => this.clear() }, "Count anew"))),
        h("div", { class: "lanes" }, this.lanes),
        this.list),
      h("aside", {},
        h("h3", {}, "Streams"), this.inputs, this.trouble,
        h("h3", {}, "Early against final"), this.counts,
        h("h3", {}, "After the attack"),
        ...["early", "final"].map((stage) => h("figure", {}, h("figcaption", {}, h("b", {}, stage), " ", this.charts[stage].text),
          this.charts[stage].canvas))));
    root.append(this.body, this.blank);
  }

  show() {
    this.visible = true;
    this.source = new EventSource("/api/live");
    this.source.onmessage = (message) => this.take(JSON.parse(message.data));
    this.source.onerror = () => this.showBlank({ gone: true });
    this._tick = () => {
      if (!this.visible) return;
      this.drawLanes();
      requestAnimationFrame(this._tick);
    };
    requestAnimationFrame(this._tick);
  }

  hide() {
    this.visible = false;
    this.source?.close();
  }

  key(event) {
    if (event.key === " ") this.toggle();
    else if (event.key === "x") this.clear();
    else if (event.key === "0") this.choose(null);
    else if (/^[1-9]$/.test(event.key)) this.choose(this.streams[event.key - 1]?.id ?? null);
    else return false;
    return true;
  }

  take(event) {
    if (event.type === "state") this.takeState(event);
    else if (event.type === "hit") this.takeHit(event);
    else if (event.type === "gap") this.tell(`${event.reason} at ${event.position}: ${event.length} samples are missing`);
    else if (event.type === "missed") this.tell(`${event.events} events came faster than this page could show them`);
  }

  takeState(state) {
    this.state = state;
    this.streams = state.streams;
    if (!state.running || !state.streams.length) {
      this.showBlank(state);
      return;
    }
    this.blank.hidden = true;
    if (this.body.hidden) {
      this.body.hidden = false;
      this.page.say("listening");
      this.drawAll();
    }
    if (this.only !== null && !state.streams.some((stream) => stream.id === this.only)) this.only = null;
    this.inputs.replaceChildren(...state.streams.map((stream, k) => this._stream(stream, k)));
  }

  _stream(stream, k) {
    const name = stream.device || stream.name || `stream ${stream.id}`;
    const meter = h("span", { class: "meter", role: "meter", "aria-label": "level", "aria-valuemin": -60, "aria-valuemax": 0 });
    const known = stream.level_db !== undefined;
    if (known) {
      const amount = h("span", {});
      amount.style.width = `${Math.max(0, Math.min(100, (100 * (stream.level_db + 60)) / 60))}%`;
      if (stream.level_db > -1) amount.classList.add("hot");
      meter.setAttribute("aria-valuenow", Math.round(stream.level_db));
      meter.append(amount);
    }
    const facts = [`${stream.sample_rate} Hz`, known ? `${Math.round(stream.level_db)} dB` : null,
      stream.there === false ? "the device is gone" : null, stream.lost ? `${stream.lost} packets lost` : null,
      stream.overrun ? "too fast to be heard" : null].filter(Boolean);
    return h("li", {}, h("button", { "aria-pressed": String(this.only === stream.id), onclick: () => this.choose(this.only === stream.id ? null : stream.id) },
      h("kbd", {}, `${k + 1}`), h("span", { class: "name" }, name)), known ? meter : null, h("span", { class: "quiet" }, facts.join(" · ")));
  }

  showBlank(state) {
    this.blank.hidden = false;
    this.body.hidden = true;
    this.blank.dataset.running = String(Boolean(state.running));
    if (state.gone) {
      this.blank.replaceChildren(h("h2", {}, "drumbridge web does not answer"), h("p", { class: "quiet" }, "It was ended; start it again in the terminal."));
    } else if (!state.running) {
      this.blank.replaceChildren(
        h("h2", {}, "Nobody listens yet"),
        h("p", { class: "quiet" }, `No drumbridge serve answers on port ${state.port}. Start one; it appears here by itself.`),
        h("p", { class: "quiet" }, "for an audio interface"), h("code", {}, "drumbridge listen --serve"),
        h("p", { class: "quiet" }, "for Live, REAPER, Max or Pure Data"), h("code", {}, "drumbridge serve"),
      );
    } else {
      this.blank.replaceChildren(
        h("h2", {}, "The server runs, and nothing plays into it"),
        h("p", { class: "quiet" }, "Start a device or a script in your DAW, or an audio interface:"),
        h("code", {}, "drumbridge listen --serve"),
      );
    }
  }

  takeHit(event) {
    const stroke = this.strokes.add(event);
    const last = this.shown.findLast?.((each) => each.stroke.stream === stroke.stream && each.stroke.hit === stroke.hit && performance.now() - each.came < 4000);
    if (last) last.stroke = stroke;
    else this.shown.push({ stroke, came: this._when(stroke) });
    if (this.held || (this.only !== null && this.only !== stroke.stream)) return;
    const row = this._row(stroke);
    const known = this.list.querySelector(`[data-stroke="${stroke.stream}-${stroke.hit}"]`);
    if (known) known.replaceWith(row);
    else this.list.prepend(row);
    while (this.list.children.length > LISTED) this.list.lastChild.remove();
    if (stroke.stage !== "withdrawn") {
      this.now.replaceChildren(h("span", { class: "dot", colour: this.colour(stroke.labels[0].label) }), h("b", {}, stroke.labels.map((each) => spoken(each.label)).join(" + ")),
        h("span", { class: "quiet" }, ` velocity ${stroke.velocity}${stroke.stage === "early" ? " · early" : ""}`));
    }
    this.changed = true;
  }

  // When a stroke was played: events come in bunches to a busy page, positions do not.
  _when(stroke) {
    const now = performance.now();
    if (stroke.position_s === undefined) return now;
    const began = Math.min(this.began.get(stroke.stream) ?? Infinity, now - 1000 * stroke.position_s);
    this.began.set(stroke.stream, began);
    const came = began + 1000 * stroke.position_s;
    if (now - came < 2000) return came;
    this.began.set(stroke.stream, now - 1000 * stroke.position_s); // its positions were passed over, or began anew
    return now;
  }

  _row(stroke) {
    const was = stroke.fate === "changed" ? ` (was ${spoken(stroke.early)})` : "";
    return h("li", { "data-stroke": `${stroke.stream}-${stroke.hit}`, "data-fate": stroke.fate, class: stroke.stage },
      h("span", { class: "time" }, stroke.position_s === undefined ? "" : `${stroke.position_s.toFixed(3)} s`),
      h("span", { class: "dot", colour: this.colour(stroke.labels[0].label) }),
      h("span", { class: "labels" }, stroke.labels.map((each) => `${spoken(each.label)} ${percent(each.confidence)}`).join(", ") + was),
      h("span", { class: "fate" }, stroke.fate === "late" ? "final only" : stroke.fate),
      h("span", { class: "quiet" }, stroke.latency_ms === undefined ? "" : `${stroke.latency_ms.toFixed(1)} ms`));
  }

  colour(label) {
    return this.page.labels.colour(label);
  }

  choose(stream) {
    this.only = stream;
    this.list.replaceChildren();
    if (this.state?.running) this.takeState(this.state);
  }

  toggle() {
    this.held = !this.held;
    this.heldAt = performance.now();
    this.hold.setAttribute("aria-pressed", String(this.held));
  }

  clear() {
    this.strokes.clear();
    this.shown = [];
    this.list.replaceChildren();
    this.trouble.hidden = true;
    this.changed = true;
  }

  tell(text) {
    this.trouble.textContent = text;
    this.trouble.hidden = false;
  }

  drawAll() {
    this.changed = true;
    if (this.visible) this.drawLanes();
  }

  drawLanes() {
    const now = this.held ? this.heldAt : performance.now();
    if (!this.held) this.shown = this.shown.filter((each) => now - each.came < 1000 * SHOWN_S + 500);
    if (this.body.hidden) return;
    if (this.changed) {
      this.changed = false;
      this.counts.replaceChildren(...FATES.flatMap(([fate, name, what]) => [h("dt", { title: what }, name), h("dd", { "data-fate": fate }, String(this.strokes.counts[fate]))]));
      for (const stage of ["early", "final"]) this.drawChart(stage);
    }
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    const visible = this.shown.filter((each) => this.only === null || each.stroke.stream === this.only);
    const used = new Set([...this.strokes.known.values()].flatMap((stroke) => stroke.labels.map((each) => each.label)));
    const names = [...this.page.labels.names.filter((name) => used.delete(name)), ...used];
    const { to, width, height } = this._canvas(this.lanes, Math.max(names.length, 6) * LANE);
    to.font = "13px system-ui, sans-serif";
    const left = 110;
    const scale = (width - left - 12) / SHOWN_S / 1000;
    names.forEach((name, k) => {
      to.fillStyle = k % 2 ? colour("--ground") : colour("--panel");
      to.fillRect(0, k * LANE, width, LANE);
      to.fillStyle = this.colour(name);
      to.beginPath();
      to.arc(16, (k + 0.5) * LANE, 5, 0, 7);
      to.fill();
      to.fillStyle = colour("--text");
      to.fillText(spoken(name), 28, (k + 0.5) * LANE + 4, left - 32);
    });
    to.fillStyle = colour("--line");
    for (let s = 1; s <= SHOWN_S; s++) to.fillRect(Math.round(width - 12 - 1000 * s * scale), 0, 1, height);
    for (const { stroke, came } of visible) {
      const x = width - 12 - (now - came) * scale;
      if (x < left) continue;
      for (const each of stroke.labels) this._mark(to, x, names.indexOf(each.label), each.label, stroke, colour);
    }
  }

  // Early: a ring. Final: filled; one that was called otherwise has a white rim. Withdrawn: a cross.
  _mark(to, x, lane, label, stroke, colour) {
    const y = (lane + 0.5) * LANE;
    const size = 4 + (7 * stroke.velocity) / 127;
    to.fillStyle = to.strokeStyle = this.colour(label);
    to.lineWidth = 2;
    to.beginPath();
    if (stroke.stage === "withdrawn") {
      to.strokeStyle = colour("--quiet");
      to.moveTo(x - 4, y - 4);
      to.lineTo(x + 4, y + 4);
      to.moveTo(x + 4, y - 4);
      to.lineTo(x - 4, y + 4);
      to.stroke();
      return;
    }
    to.arc(x, y, size, 0, 7);
    if (stroke.stage === "early") to.stroke();
    else to.fill();
    if (stroke.fate === "changed") {
      to.strokeStyle = colour("--text");
      to.stroke();
    }
  }

  drawChart(stage) {
    const { canvas, text } = this.charts[stage];
    const values = this.strokes.latencies[stage];
    const { median, slowest } = histogram(values, 1, 1);
    const most = LONGEST_MS.find((each) => each >= 1.1 * (slowest ?? 0)) ?? LONGEST_MS.at(-1);
    const { bins } = histogram(values, BINS, most);
    const none = this.strokes.known.size ? "not known of this stream" : "none yet"; // times that make no sense are left out
    text.textContent = median === null ? none : `half within ${median.toFixed(1)} ms, 95 % within ${slowest.toFixed(1)} ms`;
    canvas.dataset.n = values.length;
    const { to, width, height } = this._canvas(canvas, 74);
    const style = getComputedStyle(document.documentElement);
    const highest = Math.max(1, ...bins);
    to.fillStyle = style.getPropertyValue(stage === "early" ? "--accent" : "--wave");
    bins.forEach((n, k) => {
      const tall = ((height - 18) * n) / highest;
      to.fillRect((k * width) / BINS + 0.5, height - 16 - tall, width / BINS - 1, tall);
    });
    to.fillStyle = style.getPropertyValue("--quiet");
    to.font = "11px system-ui, sans-serif";
    to.fillRect(0, height - 16, width, 1);
    to.fillText("0", 0, height - 3);
    to.textAlign = "center";
    to.fillText(`${most / 2}`, width / 2, height - 3);
    to.textAlign = "right";
    to.fillText(`${most} ms`, width, height - 3);
    to.textAlign = "left";
  }

  _canvas(canvas, height) {
    const width = canvas.parentElement.clientWidth;
    const ratio = devicePixelRatio;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.style.height = `${height}px`;
    }
    const to = canvas.getContext("2d");
    to.setTransform(ratio, 0, 0, ratio, 0, 0);
    to.clearRect(0, 0, width, height);
    return { to, width, height };
  }
}
