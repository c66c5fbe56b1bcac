// Dots by this processor, where there is no graphics card: each colour and size is a stamp of pixels, made once. Drivers
// that imitate a graphics card, and canvas 2D's drawImage, are several times slower (benchmarks/web_map.py).
// When the map is only moved, what was drawn is moved too, and only the strips that came into sight are drawn anew; so
// places are rounded to pixels before the map's position is added, and nothing trembles.

const OPAQUE = 255;

export class StampedDots {
  constructor(canvas) {
    this.name = "stamps";
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
    this.look = null;
    this.stamps = new Map();
    this.last = null; // what the pixels show: { left, top, scale, grow, width, height }
  }

  setPlaces(dots, grid) {
    this.dots = dots;
    this.grid = grid;
    this.last = null;
  }

  setLook(look) {
    this.look = look;
    this.colours = new Uint32Array(look.colours.buffer);
    this.ranks = new Int32Array(this.dots.n).fill(-1);
    look.order.forEach((k, rank) => (this.ranks[k] = rank));
    this.stamps.clear();
    this.last = null;
  }

  draw(camera, grow, ratio) {
    const { width, height } = this.canvas;
    if (!this.look || !width || !height) return;
    const scale = camera.scale * ratio;
    const now = {
      left: Math.round(width / 2 - camera.x * scale), top: Math.round(height / 2 - camera.y * scale),
      scale, grow: grow * ratio, width, height,
    };
    const last = this.last;
    const same = last && ["scale", "grow", "width", "height"].every((name) => last[name] === now[name]);
    this.last = now;
    if (!same) {
      if (!last || last.width !== width || last.height !== height) {
        this.image = new ImageData(width, height);
        this.pixels = new Uint32Array(this.image.data.buffer);
      }
      this.steps = null;
      this._all([0, 0, width, height]);
    } else {
      this._move(now.left - last.left, now.top - last.top);
    }
    this.context.putImageData(this.image, 0, 0);
  }

  _move(dx, dy) {
    const { width, height } = this.last;
    if (Math.abs(dx) >= width || Math.abs(dy) >= height) {
      this._all([0, 0, width, height]);
      return;
    }
    const by = dy * width + dx; // rows wrap around into strips that are drawn anew
    if (by > 0) this.pixels.copyWithin(by, 0, width * height - by);
    else if (by < 0) this.pixels.copyWithin(0, -by, width * height);
    if (dx) this._strip(dx > 0 ? [0, 0, dx, height] : [width + dx, 0, width, height]);
    if (dy) this._strip(dy > 0 ? [0, 0, width, dy] : [0, height + dy, width, height]);
  }

  // Draw what is in a box, of which a small part of all dots can be seen.
  _strip(box) {
    const { left, top, scale, grow } = this.last;
    const reach = 8 * grow + 2;
    const found = [];
    this._clear(box);
    this.grid.within(
      (box[0] - left - reach) / scale, (box[1] - top - reach) / scale,
      (box[2] - left + reach) / scale, (box[3] - top + reach) / scale,
      (k) => this.ranks[k] >= 0 && found.push(k),
    );
    found.sort((a, b) => this.ranks[a] - this.ranks[b]);
    for (const k of found) this._stamp(k, box);
  }

  _all(box) {
    this._clear(box);
    const { order } = this.look;
    for (let at = 0; at < order.length; at++) this._stamp(order[at], box);
  }

  _clear([left, top, right, bottom]) {
    const { width } = this.last;
    for (let row = top; row < bottom; row++) this.pixels.fill(this.look.ground, row * width + left, row * width + right);
  }

  _stamp(k, [left, top, right, bottom]) {
    const { last, pixels, look } = this;
    const stamp = this._stampOf(k);
    const x = Math.round(this.dots.x[k] * last.scale) + last.left - stamp.middle;
    const y = Math.round(this.dots.y[k] * last.scale) + last.top - stamp.middle;
    const firstColumn = Math.max(0, left - x);
    const endColumn = Math.min(stamp.side, right - x);
    const firstRow = Math.max(0, top - y);
    const endRow = Math.min(stamp.side, bottom - y);
    if (firstColumn >= endColumn || firstRow >= endRow) return;
    const { colours, covers, side } = stamp;
    for (let row = firstRow; row < endRow; row++) {
      let at = (y + row) * last.width + x + firstColumn;
      const end = row * side + endColumn;
      for (let from = row * side + firstColumn; from < end; from++, at++) {
        const cover = covers[from];
        if (cover === OPAQUE) pixels[at] = colours[from];
        else if (cover) pixels[at] = mixed(pixels[at], colours[from], cover);
      }
    }
  }

  _stampOf(k) {
    const form = this.look.forms[2 * k] + 256 * this.look.forms[2 * k + 1];
    const key = this.colours[k] * 512 + form; // below 2^53
    let stamp = this.stamps.get(key);
    if (stamp?.grow !== this.last.grow) {
      stamp = this._make(k);
      this.stamps.set(key, stamp);
    }
    return stamp;
  }

  _make(k) {
    const { grow } = this.last;
    const radius = Math.max(0.7, (this.look.forms[2 * k] / 16) * grow);
    const ring = this.look.forms[2 * k + 1] > 0;
    const middle = Math.ceil(radius);
    const side = 2 * middle + 1;
    const stamp = { grow, side, middle, colours: new Uint32Array(side * side), covers: new Uint8Array(side * side) };
    const [red, green, blue, alpha] = this.look.colours.subarray(4 * k, 4 * k + 4);
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        const distance = Math.hypot(row - middle, column - middle);
        let cover = clamp(radius - distance + 0.5);
        if (ring) cover *= clamp(distance - 0.55 * radius + 0.5);
        const rim = clamp((distance - radius + 1.6) / 1.2);
        const shade = 1 + rim * (this.look.edge - 1);
        const at = row * side + column;
        stamp.colours[at] = (0xff000000 | ((blue * shade) << 16) | ((green * shade) << 8) | (red * shade)) >>> 0;
        stamp.covers[at] = Math.round(cover * alpha);
      }
    }
    return stamp;
  }
}

function clamp(value) {
  return Math.min(1, Math.max(0, value));
}

// One colour over another, both without transparency; red and blue in one multiplication.
function mixed(below, above, cover) {
  const rest = 255 - cover;
  const redBlue = ((above & 0xff00ff) * cover + (below & 0xff00ff) * rest) / 256;
  const green = ((above & 0x00ff00) * cover + (below & 0x00ff00) * rest) / 256;
  return (0xff000000 | (redBlue & 0xff00ff) | (green & 0x00ff00)) >>> 0;
}
