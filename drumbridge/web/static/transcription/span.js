// Which part of a file is seen: samples to pixels and back. Zooming keeps what is under a pixel there.

const CLOSEST = 64; // samples across the whole width, at least

export class Span {
  constructor() {
    this.total = 1;
    this.start = 0;
    this.end = 1;
    this.width = 1; // pixels
  }

  all(total) {
    this.total = Math.max(1, total);
    this.start = 0;
    this.end = this.total;
  }

  toX(sample) {
    return ((sample - this.start) / (this.end - this.start)) * this.width;
  }

  toSample(x) {
    return this.start + (x / this.width) * (this.end - this.start);
  }

  zoom(factor, x = this.width / 2) {
    const at = this.toSample(x);
    const length = Math.min(this.total, Math.max(Math.min(CLOSEST, this.total), (this.end - this.start) / factor));
    this._set(at - (x / this.width) * length, length);
  }

  move(pixels) {
    this._set(this.start + (pixels / this.width) * (this.end - this.start), this.end - this.start);
  }

  // Move as little as it takes to see a sample, with some room around it.
  reveal(sample) {
    const length = this.end - this.start;
    if (sample < this.start + 0.05 * length) this._set(sample - 0.1 * length, length);
    else if (sample > this.end - 0.05 * length) this._set(sample - 0.9 * length, length);
  }

  _set(start, length) {
    this.start = Math.round(Math.max(0, Math.min(start, this.total - length)));
    this.end = Math.min(this.total, Math.round(this.start + length));
  }
}
