// Playing a file of any length from any place, with a click at each hit: pieces are fetched a little ahead and put one
// behind the other on the clock of the audio hardware, and so are the clicks, so both are exact to the sample.

import { audioAddress } from "../player.js";

const PIECE_S = 8;
const AHEAD_S = 3; // the next piece is asked for so long before it is due
const CLICK_S = 0.035;
const SOON_S = 0.06; // until the first sample

export class Playback extends EventTarget {
  constructor() {
    super();
    this.clicks = true;
    this._context = null;
    this._run = null;
  }

  get playing() {
    return this._run !== null;
  }

  // The sample that is heard now, or null.
  get position() {
    const run = this._run;
    if (!run || run.since === null) return run ? run.from : null;
    return run.from + Math.max(0, this._context.currentTime - run.since) * run.rate;
  }

  // sound: { id, sample_rate, n_samples, hits: [{ position, velocity, pitch }] }
  async start(sound, from) {
    this.stop();
    this._context ??= new AudioContext({ latencyHint: "interactive" });
    if (this._context.state !== "running") await this._context.resume();
    const run = { from, since: null, rate: sound.sample_rate, next: from, sources: new Set(), timer: 0 };
    this._run = run;
    try {
      await this._piece(run, sound);
    } catch (error) {
      if (this._run === run) this.stop();
      throw error;
    }
  }

  stop() {
    const run = this._run;
    if (!run) return;
    this._run = null;
    clearTimeout(run.timer);
    for (const source of run.sources) source.stop();
    this.dispatchEvent(new Event("end"));
  }

  async _piece(run, sound) {
    const start = run.next;
    const end = Math.min(sound.n_samples, start + Math.round(PIECE_S * run.rate));
    if (start >= end) {
      const left = run.since + (start - run.from) / run.rate - this._context.currentTime;
      run.timer = setTimeout(() => this._run === run && this.stop(), 1000 * Math.max(0, left));
      return;
    }
    const response = await fetch(audioAddress(sound.id, start, end));
    if (!response.ok) throw new Error((await response.json().catch(() => ({}))).message ?? "The sound cannot be had.");
    // Decoded at the file's own rate, so that no piece is resampled by itself and their ends fit.
    const decoder = new OfflineAudioContext(2, 1, Math.min(96000, Math.max(8000, run.rate)));
    const buffer = await decoder.decodeAudioData(await response.arrayBuffer());
    if (this._run !== run) return;
    run.since ??= this._context.currentTime + SOON_S;
    const at = run.since + (start - run.from) / run.rate;
    this._play(run, new AudioBufferSourceNode(this._context, { buffer }), at);
    for (const hit of sound.hits) {
      if (this.clicks && hit.position >= start && hit.position < end) {
        this._click(run, run.since + (hit.position - run.from) / run.rate, hit);
      }
    }
    run.next = end;
    const wait = run.since + (end - run.from) / run.rate - AHEAD_S - this._context.currentTime;
    run.timer = setTimeout(() => {
      if (this._run === run) this._piece(run, sound).catch((error) => this._fail(run, error));
    }, 1000 * Math.max(0, wait));
  }

  _play(run, source, at, end = null, to = this._context.destination) {
    source.connect(to);
    source.onended = () => run.sources.delete(source);
    run.sources.add(source);
    // A piece that came too late begins in its middle, so that what is heard stays where the playhead is.
    const late = Math.max(0, this._context.currentTime - at);
    if (end === null) source.start(at + late, late);
    else {
      source.start(at + late);
      source.stop(end + late);
    }
  }

  _click(run, at, hit) {
    if (at < this._context.currentTime) return;
    const gain = new GainNode(this._context, { gain: 0 });
    gain.gain.setValueAtTime(0.12 + (0.25 * hit.velocity) / 127, at);
    gain.gain.exponentialRampToValueAtTime(0.001, at + CLICK_S);
    gain.connect(this._context.destination);
    this._play(run, new OscillatorNode(this._context, { frequency: hit.pitch, type: "triangle" }), at, at + CLICK_S, gain);
  }

  _fail(run, error) {
    if (this._run === run) this.stop();
    this.dispatchEvent(new CustomEvent("failed", { detail: error }));
  }
}
