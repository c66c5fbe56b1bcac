// Which part of the map is seen: places to pixels (of CSS) and back.

const MOST = 400; // how far one can look in, as a multiple of seeing everything

export class Camera {
  constructor() {
    this.width = 1;
    this.height = 1;
    this.x = 0; // the place in the middle
    this.y = 0;
    this.scale = 1; // pixels for 1
    this.whole = 1; // the scale at which everything is seen
  }

  resize(width, height) {
    this.width = Math.max(1, width);
    this.height = Math.max(1, height);
  }

  fit([left, top, right, bottom], margin = 28) {
    this.x = (left + right) / 2;
    this.y = (top + bottom) / 2;
    const across = Math.max(1, this.width - 2 * margin) / Math.max(1e-6, right - left);
    const down = Math.max(1, this.height - 2 * margin) / Math.max(1e-6, bottom - top);
    this.scale = Math.min(across, down);
    this.whole = this.scale;
  }

  get zoom() {
    return this.scale / this.whole;
  }

  toScreen(x, y) {
    return [(x - this.x) * this.scale + this.width / 2, (y - this.y) * this.scale + this.height / 2];
  }

  toMap(px, py) {
    return [(px - this.width / 2) / this.scale + this.x, (py - this.height / 2) / this.scale + this.y];
  }

  pan(dx, dy) {
    this.x -= dx / this.scale;
    this.y -= dy / this.scale;
  }

  // Look in or out so that the place under a pixel stays there.
  zoomAt(px, py, factor) {
    const [x, y] = this.toMap(px, py);
    this.scale = Math.min(MOST, Math.max(0.5, (this.scale * factor) / this.whole)) * this.whole;
    this.x = x - (px - this.width / 2) / this.scale;
    this.y = y - (py - this.height / 2) / this.scale;
  }

  // Bring a place into sight, if it is not; `covered` pixels at the bottom are not in sight.
  show(x, y, covered = 0) {
    const margin = 40;
    const [px, py] = this.toScreen(x, y);
    const bottom = this.height - covered - margin;
    this.pan(
      px < margin ? margin - px : px > this.width - margin ? this.width - margin - px : 0,
      py < margin ? margin - py : py > bottom ? bottom - py : 0,
    );
  }
}
