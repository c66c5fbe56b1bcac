// A sound as a picture: peaks of its loudest channel, its hits as lines in their colours, how far it has played.

import { h } from "./dom.js";

export class Waveform {
  constructor(label) {
    this.canvas = h("canvas", { class: "waveform", role: "img", "aria-label": label });
    this.buffer = null;
    this.marks = []; // [{ at (s), colour }]
    this.colour = "#888";
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  set(buffer, colour, marks = []) {
    this.buffer = buffer;
    this.colour = colour;
    this.marks = marks;
    this.draw();
  }

  // `at`: how far it has played, seconds; null when it does not play.
  draw(at = null) {
    const { canvas } = this;
    const ratio = Math.min(2, devicePixelRatio || 1);
    const width = (canvas.width = Math.round(canvas.clientWidth * ratio));
    const height = (canvas.height = Math.round(canvas.clientHeight * ratio));
    if (!this.buffer || !width || !height) return;
    const context = canvas.getContext("2d");
    const { duration } = this.buffer;
    context.fillStyle = this.colour;
    const peaks = this._peaks(width);
    for (let x = 0; x < width; x++) {
      const high = Math.max(1, peaks[x] * height);
      context.fillRect(x, (height - high) / 2, 1, high);
    }
    for (const mark of this.marks) {
      context.fillStyle = mark.colour;
      context.fillRect(Math.round((mark.at / duration) * width), 0, 2 * ratio, height);
    }
    if (at !== null) {
      context.fillStyle = getComputedStyle(canvas).color;
      context.fillRect(Math.round((at / duration) * width), 0, ratio, height);
    }
  }

  _peaks(width) {
    if (this._kept?.buffer === this.buffer && this._kept.peaks.length === width) return this._kept.peaks;
    const peaks = new Float32Array(width);
    for (let channel = 0; channel < this.buffer.numberOfChannels; channel++) {
      const audio = this.buffer.getChannelData(channel);
      for (let k = 0; k < audio.length; k++) {
        const x = Math.floor((k / audio.length) * width);
        const level = Math.abs(audio[k]);
        if (level > peaks[x]) peaks[x] = level;
      }
    }
    const loudest = Math.max(0.05, ...peaks);
    for (let x = 0; x < width; x++) peaks[x] /= loudest;
    this._kept = { buffer: this.buffer, peaks };
    return peaks;
  }
}
