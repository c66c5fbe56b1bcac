// Where the dots are drawn, and what a mouse, a finger or two do to them: pan, zoom, point, pick, lasso.
// Dots are drawn by one of two engines (webgl.js, stamps.js), what changes all the time on a canvas of its own above.

import { h } from "../dom.js";
import { BAND } from "./dots.js";
import { Camera } from "./camera.js";
import { Grid } from "./grid.js";
import { StampedDots } from "./stamps.js";
import { WebglDots } from "./webgl.js";

const STILL = 5; // pixels that a click may move
const REACH = { mouse: 10, pen: 14, touch: 24 }; // how near one has to point, pixels

export class Stage extends EventTarget {
  // Events: "hover" and "pick" (detail: dot or -1), "lasso" (detail: { dots, add }), "moved".
  constructor() {
    super();
    this.over = h("canvas", { class: "over" });
    this.root = h("div", {
      class: "stage", tabindex: 0, role: "application", "aria-label": "Sample map: arrow keys go from sound to sound",
    }, this.over);
    this.camera = new Camera();
    this.engine = null;
    this.dots = null;
    this.grid = null;
    this.shown = null; // Uint8Array: 1 for dots that can be pointed at
    this.lassoMode = false;
    this.current = -1; // the dot with the ring
    this.selected = new Set();
    this.covered = 0; // pixels at the bottom that something lies over
    this.frames = 0;
    this._pointers = new Map();
    this._lasso = null;
    this._wanted = { dots: false, over: false };
    this._request = 0;
    this._useEngine();
    new ResizeObserver(() => this._resize()).observe(this.root);
    this._listen();
  }

  setDots(dots) {
    const first = !this.dots;
    this.dots = dots;
    this.grid = new Grid(dots);
    this.shown = new Uint8Array(dots.n).fill(1);
    this.engine.setPlaces(dots, this.grid);
    if (first) this.fit();
  }

  setLook(look) {
    this.look = look;
    this.engine.setLook(look);
    this.redraw();
  }

  fit() {
    if (!this.dots) return;
    this.camera.fit(this.dots.extent());
    this.redraw();
    this.dispatchEvent(new Event("moved"));
  }

  // The colour of the page behind the dots, as a pixel.
  ground() {
    const [red, green, blue] = getComputedStyle(this.root).backgroundColor.match(/\d+/g).map(Number);
    return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
  }

  // How large dots are drawn: smaller when there are many, larger when one looks in.
  get grow() {
    const crowd = Math.min(1, Math.max(0.32, (1400 / Math.max(1, this.dots?.n ?? 1)) ** 0.3));
    return crowd * Math.min(3, Math.max(0.8, this.camera.zoom ** 0.35));
  }

  radius(k) {
    return (this.look.forms[2 * k] / 16) * this.grow;
  }

  redraw(only = "dots") {
    this._wanted.over = true;
    if (only === "dots") this._wanted.dots = true;
    this._request ||= requestAnimationFrame(() => this._draw());
  }

  setCurrent(k) {
    this.current = k;
    if (k >= 0) this.camera.show(this.dots.x[k], this.dots.y[k], this.covered);
    this.redraw();
  }

  // Draw a ring that widens while a sound plays; `playing` gives { at, duration } or null.
  pulse(playing) {
    if (this._pulsing || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const next = () => {
      const now = playing();
      this._pulsing = now && now.at < now.duration ? now : null;
      this.redraw("over");
      if (this._pulsing) requestAnimationFrame(next);
    };
    next();
  }

  // The dot under a pixel of the stage, -1 if there is none.
  at(px, py, reach = REACH.mouse) {
    if (!this.grid) return -1;
    const [x, y] = this.camera.toMap(px, py);
    return this.grid.nearest(x, y, reach / this.camera.scale, (k) => this.shown[k]);
  }

  // Which dot to begin with: the one nearest to the middle.
  middle() {
    return this.grid ? this.grid.nearest(this.camera.x, this.camera.y, 1e9, (k) => this.shown[k]) : -1;
  }

  _useEngine() {
    const canvas = h("canvas", { class: "dots" });
    try {
      const asked = new URLSearchParams(location.search).get("draw"); // to compare them
      if (asked === "stamps") throw new Error("asked for the other one");
      this.engine = new WebglDots(canvas, asked === "webgl");
      canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
      canvas.addEventListener("webglcontextrestored", () => this._useEngine());
    } catch {
      this.engine = new StampedDots(h("canvas", { class: "dots" }));
    }
    this.root.querySelector(".dots")?.remove();
    this.root.prepend(this.engine.canvas);
    this.root.dataset.engine = this.engine.name;
    this._resize();
    if (this.dots) this.engine.setPlaces(this.dots, this.grid);
    if (this.look) this.setLook(this.look);
  }

  _resize() {
    const { clientWidth: width, clientHeight: height } = this.root;
    if (!width || !height) return;
    const ratio = Math.min(2, devicePixelRatio || 1);
    for (const canvas of [this.engine.canvas, this.over]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const unseen = this.camera.width <= 1;
    this.camera.resize(width, height);
    this.ratio = ratio;
    if (unseen) this.fit();
    // At once: a canvas is empty when its size has changed.
    this._wanted = { dots: true, over: true };
    this._draw();
  }

  _draw() {
    cancelAnimationFrame(this._request);
    this._request = 0;
    if (!this.dots || !this.look) return;
    const wanted = this._wanted;
    this._wanted = { dots: false, over: false };
    if (wanted.dots) {
      this.engine.draw(this.camera, this.grow, this.ratio);
      this.frames += 1;
      this.root.dataset.frames = this.frames;
      this.root.dataset.drawn = this.look.order.length;
    }
    if (wanted.over) this._drawOver();
  }

  _drawOver() {
    const context = this.over.getContext("2d");
    const style = getComputedStyle(this.root);
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, this.camera.width, this.camera.height);
    if (this.dots.nLoops) this._captionLoops(context, style);
    context.strokeStyle = style.color;
    for (const k of this.selected) this._ring(context, k, 1.5, 1.5);
    if (this.current >= 0) this._ring(context, this.current, 5, 2.5);
    if (this.current >= 0 && this._pulsing) {
      const part = Math.min(1, Math.max(0, this._pulsing.at / Math.min(0.6, this._pulsing.duration)));
      context.globalAlpha = 1 - part;
      this._ring(context, this.current, 6 + 22 * part, 2);
      context.globalAlpha = 1;
    }
    if (this._lasso?.length > 1) {
      context.beginPath();
      for (const [x, y] of this._lasso) context.lineTo(...this.camera.toScreen(x, y));
      context.closePath();
      context.lineWidth = 1.5;
      context.setLineDash([6, 4]);
      context.stroke();
      context.setLineDash([]);
      context.globalAlpha = 0.1;
      context.fillStyle = style.color;
      context.fill();
      context.globalAlpha = 1;
    }
    this.dispatchEvent(new Event("over"));
  }

  _captionLoops(context, style) {
    const [left, top] = this.camera.toScreen(BAND.left, BAND.top);
    const right = this.camera.toScreen(BAND.left + BAND.width, 0)[0];
    context.fillStyle = context.strokeStyle = style.getPropertyValue("--quiet");
    context.globalAlpha = 0.7;
    context.font = `12px ${style.fontFamily}`;
    context.textBaseline = "bottom";
    context.fillText("loops", left, top - 8);
    const ends = "busier →";
    context.fillText(ends, Math.max(left + 60, right - context.measureText(ends).width), top - 8);
    context.globalAlpha = 1;
  }

  _ring(context, k, gap, width) {
    const [px, py] = this.camera.toScreen(this.dots.x[k], this.dots.y[k]);
    if (px < -20 || py < -20 || px > this.camera.width + 20 || py > this.camera.height + 20) return;
    context.lineWidth = width;
    context.beginPath();
    context.arc(px, py, this.radius(k) + gap, 0, 2 * Math.PI);
    context.stroke();
  }

  _listen() {
    const { root } = this;
    root.addEventListener("pointerdown", (event) => this._down(event));
    root.addEventListener("pointermove", (event) => this._move(event));
    root.addEventListener("pointerup", (event) => this._up(event));
    root.addEventListener("pointercancel", (event) => this._cancel(event));
    root.addEventListener("pointerleave", () => this.dispatchEvent(new CustomEvent("hover", { detail: -1 })));
    root.addEventListener("wheel", (event) => {
      event.preventDefault();
      const lines = event.deltaMode === 1 ? 33 : 1;
      this.zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0018)), ...this._spot(event));
    }, { passive: false });
  }

  zoom(factor, px = this.camera.width / 2, py = this.camera.height / 2) {
    this.camera.zoomAt(px, py, factor);
    this.redraw();
    this.dispatchEvent(new Event("moved"));
  }

  _spot(event) {
    const box = this.root.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  _down(event) {
    if (event.button > 1) return;
    this.root.focus({ preventScroll: true });
    this.root.setPointerCapture(event.pointerId);
    const spot = this._spot(event);
    this._pointers.set(event.pointerId, { spot, start: spot, moved: false });
    const lassoing = (this.lassoMode || event.shiftKey) && this._pointers.size === 1 && event.button === 0;
    this._lasso = lassoing ? [this.camera.toMap(...spot)] : null;
    this._add = event.shiftKey && this.lassoMode;
  }

  _move(event) {
    const spot = this._spot(event);
    const pointer = this._pointers.get(event.pointerId);
    if (!pointer) {
      this.dispatchEvent(new CustomEvent("hover", { detail: this.at(...spot, REACH[event.pointerType]) }));
      return;
    }
    const before = pointer.spot;
    pointer.moved ||= Math.hypot(spot[0] - pointer.start[0], spot[1] - pointer.start[1]) > STILL;
    if (!pointer.moved) return;
    pointer.spot = spot;
    if (this._pointers.size === 2) this._pinch(event.pointerId, before);
    else if (this._lasso) this._lasso.push(this.camera.toMap(...spot));
    else this.camera.pan(spot[0] - before[0], spot[1] - before[1]);
    this.redraw(this._lasso ? "over" : "dots");
    if (!this._lasso) this.dispatchEvent(new Event("moved"));
  }

  _pinch(moving, before) {
    const [other] = [...this._pointers].filter(([id]) => id !== moving).map(([, pointer]) => pointer);
    other.moved = true;
    const { spot } = this._pointers.get(moving);
    const apart = (a, b) => Math.max(1, Math.hypot(a[0] - b[0], a[1] - b[1]));
    this.camera.pan((spot[0] - before[0]) / 2, (spot[1] - before[1]) / 2);
    this.zoom(apart(spot, other.spot) / apart(before, other.spot), (spot[0] + other.spot[0]) / 2, (spot[1] + other.spot[1]) / 2);
  }

  _up(event) {
    const pointer = this._pointers.get(event.pointerId);
    this._pointers.delete(event.pointerId);
    if (!pointer) return;
    if (!pointer.moved) {
      const dot = this.at(...this._spot(event), REACH[event.pointerType]);
      this.dispatchEvent(new CustomEvent("pick", { detail: { dot, add: event.shiftKey || event.ctrlKey || event.metaKey } }));
    } else if (this._lasso?.length > 2) {
      const dots = this._inside(this._lasso);
      this.dispatchEvent(new CustomEvent("lasso", { detail: { dots, add: this._add } }));
    }
    this._lasso = null;
    this.redraw("over");
  }

  _cancel(event) {
    this._pointers.delete(event.pointerId);
    this._lasso = null;
    this.redraw("over");
  }

  // The dots inside a polygon: even and odd crossings.
  _inside(polygon) {
    const xs = polygon.map(([x]) => x);
    const ys = polygon.map(([, y]) => y);
    const found = [];
    this.grid.within(Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys), (k) => {
      if (!this.shown[k]) return;
      const [x, y] = [this.dots.x[k], this.dots.y[k]];
      let inside = false;
      for (let a = 0, b = polygon.length - 1; a < polygon.length; b = a++) {
        const [ax, ay, bx, by] = [xs[a], ys[a], xs[b], ys[b]];
        if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
      }
      if (inside) found.push(k);
    });
    return found;
  }
}
