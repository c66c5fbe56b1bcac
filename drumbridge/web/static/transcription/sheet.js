// What is drawn of a sound: its waveform, below it a lane for each label, over both the cursor and the playhead.

import { getBytes } from "../api.js";
import { spoken } from "../labels.js";

export const LANE = 26; // pixels
export const GUTTER = 98; // left of the time, for the names of the lanes; x counts from behind it
const RULER = 20;
const NEAR = 9; // pixels: how near to a hit the mouse points at it
const ASK_AFTER_MS = 60;

export class Sheet extends EventTarget {
  constructor(canvas, span) {
    super();
    this.canvas = canvas;
    this.span = span;
    this.sound = null;
    this.lanes = []; // [{ label, colour }]
    this.cursor = 0; // sample
    this.playhead = null; // sample
    this.chosen = -1; // of sound.hits
    this._peaks = null; // { start, end, pairs: Int16Array }
    this._asked = 0;
    this._timer = 0;
    this._frame = 0;
    new ResizeObserver(() => this._resize()).observe(canvas.parentElement);
  }

  show(sound, lanes) {
    if (this.sound?.id !== sound.id) this._peaks = null;
    this.sound = sound;
    this.lanes = lanes;
    this._resize();
  }

  // The index of the hit at a pixel, -1 for none.
  hitAt(x, y) {
    const lane = Math.floor((y - this._laneTop) / LANE);
    let best = -1;
    let least = NEAR;
    this.sound?.hits.forEach((hit, k) => {
      const distance = Math.abs(this.span.toX(hit.position) - x);
      const inLane = y < this._laneTop || this._lanesOf(hit).includes(lane);
      if (inLane && distance < least) [best, least] = [k, distance];
    });
    return best;
  }

  draw() {
    cancelAnimationFrame(this._frame);
    this._frame = requestAnimationFrame(() => this._draw());
  }

  // Something else is seen: get its peaks.
  moved() {
    this.draw();
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this._ask(), ASK_AFTER_MS);
  }

  async _ask() {
    const { span, sound } = this;
    if (!sound || span.width < 2) return;
    const { start, end } = span;
    const columns = Math.max(1, Math.min(8192, end - start, Math.round(span.width * devicePixelRatio)));
    const turn = ++this._asked;
    try {
      const bytes = await getBytes(`/api/sounds/${sound.id}/peaks?start=${start}&end=${end}&columns=${columns}`);
      if (turn !== this._asked || this.sound !== sound) return;
      this._peaks = { start, end, pairs: new Int16Array(bytes) };
      this.canvas.dataset.drawn = `${start}-${end}`;
      this.draw();
    } catch (error) {
      if (turn === this._asked) this.dispatchEvent(new CustomEvent("failed", { detail: error }));
    }
  }

  _resize() {
    const box = this.canvas.parentElement.getBoundingClientRect();
    if (!box.width || !this.sound) return;
    const wanted = RULER + Math.max(90, Math.min(220, box.height * 0.4)) + LANE * this.lanes.length + 8;
    const height = Math.max(wanted, Math.floor(box.height));
    this.canvas.width = Math.round(box.width * devicePixelRatio);
    this.canvas.height = Math.round(height * devicePixelRatio);
    this.canvas.style.height = `${height}px`;
    this.span.width = Math.max(1, box.width - GUTTER);
    this._laneTop = height - LANE * this.lanes.length - 8;
    this._height = height;
    this.moved();
  }

  _lanesOf(hit) {
    const names = hit.labels.length ? hit.labels.map(([label]) => label) : ["unsure"];
    return names.map((name) => this.lanes.findIndex((lane) => lane.label === name));
  }

  _draw() {
    if (!this.sound || !this._height) return;
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    const to = this.canvas.getContext("2d");
    to.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    to.clearRect(0, 0, this.span.width + GUTTER, this._height);
    to.font = "12px system-ui, sans-serif";
    this._names(to, colour);
    to.save();
    to.beginPath();
    to.rect(GUTTER, 0, this.span.width, this._height);
    to.clip();
    to.translate(GUTTER, 0);
    this._ruler(to, colour);
    this._wave(to, colour);
    this._hits(to, colour);
    this._line(to, this.cursor, colour("--text"), [3, 3]);
    if (this.playhead !== null) this._line(to, this.playhead, colour("--accent"), []);
    to.restore();
  }

  _ruler(to, colour) {
    const { span, sound } = this;
    const seconds = (span.end - span.start) / sound.sample_rate;
    const least = (seconds * 80) / span.width;
    const step = [0.0001, 0.0002, 0.0005].concat(
      [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600],
    ).find((each) => each >= least) ?? 7200;
    to.fillStyle = colour("--quiet");
    to.strokeStyle = colour("--line");
    to.beginPath();
    for (let k = Math.ceil(span.start / sound.sample_rate / step); k * step * sound.sample_rate <= span.end; k++) {
      const x = Math.round(span.toX(k * step * sound.sample_rate)) + 0.5;
      to.moveTo(x, RULER - 5);
      to.lineTo(x, this._height);
      to.fillText(clock(k * step, step), x + 3, RULER - 7);
    }
    to.stroke();
  }

  _wave(to, colour) {
    const top = RULER;
    const bottom = this._laneTop - 6;
    const middle = (top + bottom) / 2;
    const scale = (bottom - top) / 2 / 32768;
    to.strokeStyle = colour("--line");
    to.strokeRect(-1, top + 0.5, this.span.width + 2, bottom - top);
    if (!this._peaks) return;
    const { start, end, pairs } = this._peaks;
    const n = pairs.length / 2;
    to.fillStyle = colour("--wave");
    to.beginPath();
    for (let k = 0; k < n; k++) {
      const x = this.span.toX(start + (k * (end - start)) / n);
      const width = Math.max(0.6, this.span.toX(start + ((k + 1) * (end - start)) / n) - x + 0.2);
      if (x + width < 0 || x > this.span.width) continue;
      const high = middle - pairs[2 * k + 1] * scale;
      to.rect(x, high, width, Math.max(1, middle - pairs[2 * k] * scale - high));
    }
    to.fill();
  }

  _hits(to, colour) {
    const { lanes, span } = this;
    lanes.forEach((lane, k) => {
      const y = this._laneTop + k * LANE;
      to.fillStyle = k % 2 ? colour("--ground") : colour("--panel");
      to.fillRect(0, y, span.width, LANE);
    });
    const dense = this.sound.hits.filter((hit) => hit.position >= span.start && hit.position < span.end).length > span.width / 12;
    this.sound.hits.forEach((hit, k) => {
      const x = span.toX(hit.position);
      if (x < -20 || x > span.width + 20) return;
      const of = this._lanesOf(hit);
      to.globalAlpha = dense ? 0.25 : 0.7;
      to.fillStyle = lanes[of[0]]?.colour ?? colour("--quiet");
      to.fillRect(Math.round(x) - 0.5, RULER, 1, this._laneTop - RULER);
      of.forEach((lane, j) => {
        if (lane < 0) return;
        const size = 4 + (7 * hit.velocity) / 127;
        const sure = hit.labels[j]?.[1] ?? 0;
        const y = this._laneTop + lane * LANE + LANE / 2;
        to.fillStyle = lanes[lane].colour;
        to.globalAlpha = hit.corrected ? 1 : 0.35 + 0.65 * sure;
        to.beginPath();
        to.roundRect(x - 1, y - size, 8, 2 * size, 2);
        to.fill();
        to.globalAlpha = 1;
        if (k === this.chosen || hit.corrected) {
          to.lineWidth = k === this.chosen ? 2 : 1;
          to.strokeStyle = k === this.chosen ? colour("--focus") : colour("--text");
          to.stroke();
          to.lineWidth = 1;
        }
      });
      to.globalAlpha = 1;
    });
  }

  _names(to, colour) {
    this.lanes.forEach((lane, k) => {
      const y = this._laneTop + k * LANE + LANE / 2;
      to.fillStyle = lane.colour;
      to.beginPath();
      to.arc(13, y, 5, 0, 7);
      to.fill();
      to.fillStyle = colour("--text");
      to.fillText(spoken(lane.label), 24, y + 4, GUTTER - 28);
    });
  }

  _line(to, sample, colour, dash) {
    const x = Math.round(this.span.toX(sample)) + 0.5;
    if (x < 0 || x > this.span.width + 1) return;
    to.strokeStyle = colour;
    to.setLineDash(dash);
    to.beginPath();
    to.moveTo(x, RULER - 4);
    to.lineTo(x, this._height);
    to.stroke();
    to.setLineDash([]);
  }
}

// 83.25 -> 1:23.25, with as many digits as the step asks for.
export function clock(seconds, step = 0.001) {
  const digits = Math.max(0, Math.min(4, Math.ceil(-Math.log10(step) - 1e-9)));
  if (seconds < 60) return `${seconds.toFixed(digits)} s`;
  const whole = Math.floor(seconds / 60);
  const rest = (seconds - 60 * whole).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
  if (whole < 60) return `${whole}:${rest}`;
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}:${rest}`;
}
