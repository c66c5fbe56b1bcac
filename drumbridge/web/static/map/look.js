// How dots look: colour by label, size by confidence, a ring for a loop; what is filtered out is a speck in the ground.

import { CORRECTED, LOOP, UNSURE } from "./dots.js";

const SPECK = 16 * 1.6; // radius in sixteenths of a pixel
const LEAST = 16 * 2.4;
const MORE = 16 * 4.2; // for the surest
const GHOST = 0.16; // how much of its colour what is filtered out keeps

export function lookOf(dots, shown, labels, dark, ground) {
  const colours = new Uint8Array(4 * dots.n);
  const forms = new Uint8Array(2 * dots.n);
  const order = new Uint32Array(dots.n);
  const table = labels.rows.map((row) => [1, 3, 5].map((at) => parseInt(row.colour.slice(at, at + 2), 16)));
  const behind = [ground & 255, (ground >> 8) & 255, (ground >> 16) & 255];
  const ghosts = table.map((rgb) => rgb.map((part, k) => GHOST * part + (1 - GHOST) * behind[k]));
  let first = 0;
  let last = dots.n;
  for (let k = dots.n - 1; k >= 0; k--) {
    const label = dots.flags[k] & UNSURE ? labels.unsure : dots.label[k];
    const [red, green, blue] = shown[k] ? table[label] : ghosts[label];
    colours[4 * k] = red;
    colours[4 * k + 1] = green;
    colours[4 * k + 2] = blue;
    colours[4 * k + 3] = 255;
    const confidence = dots.flags[k] & CORRECTED ? 255 : dots.confidence[k];
    forms[2 * k] = shown[k] ? LEAST + (MORE * confidence) / 255 : SPECK;
    forms[2 * k + 1] = dots.flags[k] & LOOP ? 1 : 0;
    // What is filtered out lies below.
    if (shown[k]) order[--last] = k;
    else order[first++] = k;
  }
  return { colours, forms, order, edge: dark ? 0.55 : 0.72, ground };
}
