// Playing sounds at once. Sounds are short, so each is fetched whole (as a range, at most LONGEST bytes), decoded and
// kept; the next one cuts off the one before. Browsers let a page sound only after a click or a key.

const LONGEST = 4_000_000; // bytes of a sound that are played: 22 s of CD stereo
const KEPT_S = 300; // seconds of decoded audio that are kept
const FADE_S = 0.008;

export class Player extends EventTarget {
  constructor() {
    super();
    this._context = null;
    this._kept = new Map(); // address -> promise of an AudioBuffer, the least recently played first
    this._seconds = 0;
    this._turn = 0;
    this._playing = null;
    for (const kind of ["pointerdown", "keydown", "touchend"]) {
      addEventListener(kind, () => this._wake(), { capture: true });
    }
  }

  // Whether a sound would be heard: there was a click or a key.
  get awake() {
    return this._context?.state === "running";
  }

  // Play a sound by its address; resolves when it begins, false if another one came first or nothing may sound yet.
  async play(address) {
    const turn = ++this._turn;
    const buffer = await this.load(address);
    if (turn !== this._turn) return false;
    this._silence();
    if (!this._context) return false;
    const source = new AudioBufferSourceNode(this._context, { buffer });
    const gain = new GainNode(this._context);
    source.connect(gain).connect(this._context.destination);
    source.onended = () => {
      if (this._playing?.source !== source) return;
      this._playing = null;
      this.dispatchEvent(new Event("end"));
    };
    source.start();
    this._playing = { source, gain, address, since: this._context.currentTime, duration: buffer.duration };
    this.dispatchEvent(new CustomEvent("play", { detail: { address, buffer } }));
    return this.awake;
  }

  stop() {
    this._turn += 1;
    this._silence();
  }

  // What plays now, { address, at (s), duration (s) }, or null.
  get playing() {
    if (!this._playing) return null;
    const { address, since, duration } = this._playing;
    return { address, at: this._context.currentTime - since, duration };
  }

  // Fetch and decode a sound, so that it plays at once later; returns the AudioBuffer.
  async load(address) {
    const kept = this._kept.get(address);
    if (kept) {
      this._kept.delete(address);
      this._kept.set(address, kept);
      return kept;
    }
    const promise = this._fetch(address);
    this._kept.set(address, promise);
    try {
      const buffer = await promise;
      this._seconds += buffer.duration;
      this._forget();
      return buffer;
    } catch (error) {
      this._kept.delete(address);
      throw error;
    }
  }

  async _fetch(address) {
    const response = await fetch(address, { headers: { Range: `bytes=0-${LONGEST - 1}` } });
    if (!response.ok) {
      const said = await response.json().catch(() => ({}));
      throw new Error(said.message ?? `The sound cannot be had (${response.status}).`);
    }
    const bytes = await response.arrayBuffer();
    const view = new DataView(bytes);
    if (view.getUint32(40, true) > bytes.byteLength - 44) {
      // Only a part was asked for: the header shall tell of no more.
      view.setUint32(4, bytes.byteLength - 8, true);
      view.setUint32(40, bytes.byteLength - 44, true);
    }
    return new OfflineAudioContext(2, 1, this._context?.sampleRate ?? 48000).decodeAudioData(bytes);
  }

  _forget() {
    for (const [address, promise] of this._kept) {
      if (this._seconds <= KEPT_S || this._kept.size < 2) return;
      this._kept.delete(address);
      promise.then((buffer) => (this._seconds -= buffer.duration));
    }
  }

  _silence() {
    if (!this._playing) return;
    const { source, gain } = this._playing;
    const now = this._context.currentTime;
    gain.gain.setValueAtTime(1, now);
    gain.gain.linearRampToValueAtTime(0, now + FADE_S);
    source.stop(now + FADE_S);
    this._playing = null;
    this.dispatchEvent(new Event("end"));
  }

  _wake() {
    this._context ??= new AudioContext({ latencyHint: "interactive" });
    if (this._context.state === "suspended") {
      this._context.resume().then(() => this.dispatchEvent(new Event("awake")), () => {});
    }
  }
}

// The address of a sound, or of a piece of it in samples.
export function audioAddress(id, start = null, end = null) {
  const piece = start === null ? "" : `?start=${start}${end === null ? "" : `&end=${end}`}`;
  return `/api/sounds/${id}/audio${piece}`;
}
