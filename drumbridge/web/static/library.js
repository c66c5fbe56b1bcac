// What the library holds, asked for again and again: a scan may run beside the page, or another program correct a label.

import { getJson } from "./api.js";

const EVERY_MS = 2500;

export class LibraryWatch extends EventTarget {
  constructor() {
    super();
    this.state = null; // as /api/library answers; null before the first answer
    this._timer = 0;
    document.addEventListener("visibilitychange", () => this.ask());
  }

  // Ask now, and from then on; "change" is sent when anything has changed.
  async ask() {
    clearTimeout(this._timer);
    if (document.hidden && this.state) return;
    let state;
    try {
      state = await getJson("/api/library");
    } catch (error) {
      state = { problem: { error: error.code, message: error.message } };
    }
    this._timer = setTimeout(() => this.ask(), EVERY_MS);
    const before = this.state;
    this.state = state;
    if (before?.state !== state.state || before?.problem?.message !== state.problem?.message || !before) {
      this.dispatchEvent(new CustomEvent("change", { detail: state }));
    }
  }
}
