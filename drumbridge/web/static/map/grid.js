// Finding dots by place: a grid of cells with some eight dots each, as one list sorted by cell.

export class Grid {
  constructor(dots) {
    this.dots = dots;
    const [left, top, right, bottom] = dots.extent();
    this.side = Math.max(1, Math.min(512, Math.round(Math.sqrt(dots.n / 8))));
    this.left = left;
    this.top = top;
    this.cell = Math.max((right - left) / this.side, (bottom - top) / this.side, 1e-6);
    this.starts = new Uint32Array(this.side * this.side + 1);
    const cells = new Uint32Array(dots.n);
    for (let k = 0; k < dots.n; k++) {
      cells[k] = this._row(dots.y[k]) * this.side + this._column(dots.x[k]);
      this.starts[cells[k] + 1] += 1;
    }
    for (let k = 0; k < this.side * this.side; k++) this.starts[k + 1] += this.starts[k];
    const next = this.starts.slice(0, -1);
    this.entries = new Uint32Array(dots.n);
    for (let k = 0; k < dots.n; k++) this.entries[next[cells[k]]++] = k;
  }

  // The nearest dot that may be taken, no further than `reach`; -1 if there is none.
  nearest(x, y, reach, may) {
    let best = -1;
    let least = reach * reach;
    this.within(x - reach, y - reach, x + reach, y + reach, (k) => {
      const dx = this.dots.x[k] - x;
      const dy = this.dots.y[k] - y;
      const distance = dx * dx + dy * dy;
      if (distance <= least && may(k)) {
        least = distance;
        best = k;
      }
    });
    return best;
  }

  // The nearest dot to the left, right, above or below of one: far to the side counts more than far ahead.
  towards(from, dx, dy, may) {
    const { x, y } = this.dots;
    let best = -1;
    let least = Infinity;
    for (let reach = 2 * this.cell; best < 0 && reach < 4 * this.side * this.cell; reach *= 2) {
      this.within(x[from] - reach, y[from] - reach, x[from] + reach, y[from] + reach, (k) => {
        const along = (x[k] - x[from]) * dx + (y[k] - y[from]) * dy;
        const aside = Math.abs((x[k] - x[from]) * dy) + Math.abs((y[k] - y[from]) * dx);
        const cost = along + 2 * aside;
        if (along > 0 && along >= aside && cost < least && cost <= reach && may(k)) {
          least = cost;
          best = k;
        }
      });
    }
    return best;
  }

  // Call `visit` for at least every dot in a box.
  within(left, top, right, bottom, visit) {
    const [first, last] = [this._column(left), this._column(right)];
    for (let row = this._row(top); row <= this._row(bottom); row++) {
      const end = this.starts[row * this.side + last + 1];
      for (let k = this.starts[row * this.side + first]; k < end; k++) visit(this.entries[k]);
    }
  }

  _column(x) {
    return Math.max(0, Math.min(this.side - 1, Math.floor((x - this.left) / this.cell)));
  }

  _row(y) {
    return Math.max(0, Math.min(this.side - 1, Math.floor((y - this.top) / this.cell)));
  }
}
