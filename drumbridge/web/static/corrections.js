// Labels that a person gives, and taking them back: one list for all views, so z undoes what was done last, wherever.

import { postJson } from "./api.js";

const AT_ONCE = 5000;
const REMEMBERED = 200;

export class Corrections extends EventTarget {
  // "corrected" is sent with what the server answers: [{ id, hit, same, label, confidence, unsure, corrected, before }]
  constructor() {
    super();
    this._done = []; // lists of what would undo a step, the last step at the end
  }

  // Give all of [{ id, hit }] (hit -1: the file) a label; "" takes corrections back. One step to undo.
  async give(targets, label) {
    const answers = await this._write(targets.map(({ id, hit }) => ({ id, hit, label })));
    this._done.push(answers.map(({ id, hit, before }) => ({ id, hit, label: before })));
    if (this._done.length > REMEMBERED) this._done.shift();
    return answers;
  }

  get canUndo() {
    return this._done.length > 0;
  }

  // Take the last step back; returns what it concerned, or null if there was none.
  async undo() {
    const step = this._done.pop();
    if (!step) return null;
    try {
      return await this._write(step.reverse());
    } catch (error) {
      this._done.push(step.reverse());
      throw error;
    }
  }

  async _write(entries) {
    const answers = [];
    for (let at = 0; at < entries.length; at += AT_ONCE) {
      const { corrections } = await postJson("/api/correct", { corrections: entries.slice(at, at + AT_ONCE) });
      answers.push(...corrections);
      this.dispatchEvent(new CustomEvent("corrected", { detail: corrections }));
    }
    return answers;
  }
}
