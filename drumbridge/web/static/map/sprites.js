// Dots by canvas 2D, where there is no WebGL: each colour and size is painted once and then copied.

const SPREAD = 2; // sizes are rounded to half pixels

export class SpriteDots {
  constructor(canvas) {
    this.name = "canvas";
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.sprites = new Map();
    this.look = null;
    this.dots = null;
  }

  setPlaces(dots) {
    this.dots = dots;
  }

  setLook(look) {
    this.look = look;
    this.sprites.clear();
    this.colours = new Uint32Array(look.colours.buffer);
  }

  draw(camera, grow, ratio) {
    const { context, canvas, look, dots } = this;
    context.clearRect(0, 0, canvas.width, canvas.height);
    if (!look) return;
    const { x, y } = dots;
    const scale = camera.scale * ratio;
    const left = canvas.width / 2 - camera.x * scale;
    const top = canvas.height / 2 - camera.y * scale;
    for (const k of look.order) {
      const sprite = this._sprite(k, grow * ratio);
      const px = left + x[k] * scale - sprite.width / 2;
      const py = top + y[k] * scale - sprite.height / 2;
      if (px > -sprite.width && py > -sprite.width && px < canvas.width && py < canvas.height) {
        context.drawImage(sprite, px | 0, py | 0);
      }
    }
  }

  _sprite(k, grow) {
    const radius = Math.max(1, Math.round((this.look.forms[2 * k] / 16) * grow * SPREAD)) / SPREAD;
    const ring = this.look.forms[2 * k + 1];
    const key = this.colours[k] * 1024 + radius * 2 * SPREAD + ring;
    let sprite = this.sprites.get(key);
    if (!sprite) {
      if (this.sprites.size > 4000) this.sprites.clear(); // many zooms have been here
      sprite = this._paint(radius, ring, this.look.colours.subarray(4 * k, 4 * k + 4));
      this.sprites.set(key, sprite);
    }
    return sprite;
  }

  _paint(radius, ring, [red, green, blue, alpha]) {
    const side = Math.ceil(2 * radius) + 2;
    const sprite = new OffscreenCanvas(side, side);
    const context = sprite.getContext("2d");
    const dark = (part) => Math.round(part * this.look.edge);
    context.globalAlpha = alpha / 255;
    context.beginPath();
    context.arc(side / 2, side / 2, ring ? 0.78 * radius : radius, 0, 2 * Math.PI);
    if (ring) {
      context.lineWidth = 0.45 * radius;
      context.strokeStyle = `rgb(${red} ${green} ${blue})`;
      context.stroke();
    } else {
      context.fillStyle = `rgb(${dark(red)} ${dark(green)} ${dark(blue)})`;
      context.fill();
      context.beginPath();
      context.arc(side / 2, side / 2, Math.max(0.5, radius - 1), 0, 2 * Math.PI);
      context.fillStyle = `rgb(${red} ${green} ${blue})`;
      context.fill();
    }
    return sprite;
  }
}
