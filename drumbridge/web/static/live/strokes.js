// What has become of each stroke: told early, confirmed, called otherwise or withdrawn; told only late; and how long
// each answer took after the attack. Pure: events in, numbers out.

const KEPT = 2000; // strokes

export class Strokes {
  constructor() {
    this.clear();
  }

  clear() {
    this.known = new Map(); // "stream hit" -> stroke, oldest first
    this.counts = { early: 0, confirmed: 0, changed: 0, withdrawn: 0, late: 0, final: 0 };
    this.latencies = { early: [], final: [] }; // ms
  }

  // Take a hit of the feed in; returns its stroke: { stream, hit, stage, fate, labels, early, position, velocity, ... }
  add(event) {
    const key = `${event.stream} ${event.hit}`;
    let stroke = this.known.get(key);
    // Positions of a server that was started again begin anew.
    if (stroke && Math.abs(stroke.position - event.position) > 48000) stroke = null;
    if (stroke && stroke.stage === event.stage) {
      // One message for each label that sounds, the strongest first.
      if (!stroke.labels.some((each) => each.label === event.label)) {
        stroke.labels.push({ label: event.label, confidence: event.confidence });
      }
      return stroke;
    }
    const before = stroke;
    if (before?.stage === "final" || before?.stage === "withdrawn") return before; // nothing comes after it
    const labels = event.stage === "withdrawn" && before ? before.labels : [{ label: event.label, confidence: event.confidence }];
    stroke = { ...event, labels, early: before ? before.labels[0].label : event.stage === "early" ? event.label : null };
    stroke.fate = this._fate(stroke, before);
    this.known.delete(key);
    this.known.set(key, stroke);
    if (this.known.size > KEPT) this.known.delete(this.known.keys().next().value);
    const { counts } = this;
    if (event.stage === "early") counts.early += 1;
    else counts[stroke.fate] += 1;
    if (event.stage === "final") counts.final += 1;
    if (event.latency_ms !== undefined && event.stage !== "withdrawn") {
      const list = this.latencies[event.stage];
      list.push(event.latency_ms);
      if (list.length > KEPT) list.shift();
    }
    return stroke;
  }

  _fate(stroke, before) {
    if (stroke.stage === "early") return "early";
    if (stroke.stage === "withdrawn") return "withdrawn";
    if (!before) return "late";
    return before.labels[0].label === stroke.labels[0].label ? "confirmed" : "changed";
  }
}

// How many values lie in each of n bins up to the most that is shown, the last holding what is beyond; and two quantiles.
export function histogram(values, n, most) {
  const bins = new Array(n).fill(0);
  for (const value of values) bins[Math.max(0, Math.min(n - 1, Math.floor((value / most) * n)))] += 1;
  const sorted = [...values].sort((one, other) => one - other);
  const quantile = (q) => (sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] : null);
  return { bins, median: quantile(0.5), slowest: quantile(0.95) };
}
