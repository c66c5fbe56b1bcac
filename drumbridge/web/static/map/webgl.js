// Dots by WebGL: one draw call, whatever their number. Throws where there is no WebGL 2; and where it is only
// imitated by the processor, unless told to go ahead; stamps.js stands in then.

const VERTEX = `#version 300 es
in vec2 place;
in vec4 colour;
in vec2 form; // radius (pixels at zoom 1 x 16), 1 for a ring
uniform vec4 view; // x, y: the place in the middle; z, w: places to clip space
uniform float grow;
out vec4 fill;
flat out float ring;
out float radius;
void main() {
  vec2 at = (place - view.xy) * view.zw;
  gl_Position = vec4(at, 0.0, 1.0);
  radius = form.x / 16.0 * grow;
  gl_PointSize = 2.0 * radius + 2.0;
  fill = colour;
  ring = form.y;
}`;

const FRAGMENT = `#version 300 es
precision mediump float;
in vec4 fill;
flat in float ring;
in float radius;
uniform float edge; // how much darker (below 1) a dot is at its border
out vec4 result;
void main() {
  float distance = length(gl_PointCoord - 0.5) * (2.0 * radius + 2.0);
  float alpha = fill.a * clamp(radius - distance + 0.5, 0.0, 1.0);
  if (ring > 0.5) alpha *= clamp(distance - 0.55 * radius + 0.5, 0.0, 1.0);
  if (alpha < 0.01) discard;
  float shade = mix(1.0, edge, smoothstep(radius - 1.6, radius - 0.4, distance));
  result = vec4(fill.rgb * shade * alpha, alpha);
}`;

const IMITATED = /swiftshader|llvmpipe|softpipe|software|basic render/i;

export class WebglDots {
  constructor(canvas, evenImitated) {
    const gl = canvas.getContext("webgl2", { alpha: true, antialias: false, depth: false, premultipliedAlpha: true });
    if (!gl) throw new Error("no WebGL 2");
    const about = gl.getExtension("WEBGL_debug_renderer_info");
    const renderer = gl.getParameter(about ? about.UNMASKED_RENDERER_WEBGL : gl.RENDERER);
    if (!evenImitated && IMITATED.test(renderer)) {
      gl.getExtension("WEBGL_lose_context")?.loseContext();
      throw new Error(`no graphics card: ${renderer}`);
    }
    this.name = "webgl";
    this.gl = gl;
    this.canvas = canvas;
    this.program = program(gl);
    this.buffers = Object.fromEntries(["place", "colour", "form", "order"].map((name) => [name, gl.createBuffer()]));
    this.uniforms = Object.fromEntries(
      ["view", "grow", "edge"].map((name) => [name, gl.getUniformLocation(this.program, name)]),
    );
    this.n = 0;
    gl.useProgram(this.program);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    this._attribute("place", 2, gl.FLOAT, false);
    this._attribute("colour", 4, gl.UNSIGNED_BYTE, true);
    this._attribute("form", 2, gl.UNSIGNED_BYTE, false);
  }

  setPlaces(dots) {
    const places = new Float32Array(2 * dots.n);
    for (let k = 0; k < dots.n; k++) {
      places[2 * k] = dots.x[k];
      places[2 * k + 1] = dots.y[k];
    }
    this._fill("place", this.gl.ARRAY_BUFFER, places);
  }

  // look: { colours: Uint8Array (4 n), forms: Uint8Array (2 n), order: Uint32Array (what is drawn, the last on top) }
  setLook(look) {
    this._fill("colour", this.gl.ARRAY_BUFFER, look.colours);
    this._fill("form", this.gl.ARRAY_BUFFER, look.forms);
    this._fill("order", this.gl.ELEMENT_ARRAY_BUFFER, look.order);
    this.n = look.order.length;
    this.edge = look.edge;
  }

  draw(camera, grow, ratio) {
    const { gl, canvas } = this;
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (!this.n) return;
    gl.uniform4f(
      this.uniforms.view, camera.x, camera.y, (2 * camera.scale) / camera.width, (-2 * camera.scale) / camera.height,
    );
    gl.uniform1f(this.uniforms.grow, grow * ratio);
    gl.uniform1f(this.uniforms.edge, this.edge);
    gl.drawElements(gl.POINTS, this.n, gl.UNSIGNED_INT, 0);
  }

  _attribute(name, size, type, normalised) {
    const { gl } = this;
    const location = gl.getAttribLocation(this.program, name);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[name]);
    gl.enableVertexAttribArray(location);
    gl.vertexAttribPointer(location, size, type, normalised, 0, 0);
  }

  _fill(name, target, values) {
    this.gl.bindBuffer(target, this.buffers[name]);
    this.gl.bufferData(target, values, this.gl.DYNAMIC_DRAW);
  }
}

function program(gl) {
  const made = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS)) throw new Error(`WebGL: ${gl.getProgramInfoLog(made)}`);
  return made;
}
