// The frame of the page: tabs, keys, theme, what is said to everybody. A view is a module of ./views with
//   create(root, page) -> { show(parameters), hide(), key(event) -> true if it was for the view, keys: [[key, what]] }
// called once, when it is first shown, with an empty element; `page` is the object below. Addresses: #name?a=b.

import { Corrections } from "./corrections.js";
import { Labels } from "./labels.js";
import { LibraryWatch } from "./library.js";
import { Player } from "./player.js";
import { count, h, isTyping } from "./dom.js";

const VIEWS = [
  { name: "map", title: "Map" },
  { name: "transcription", title: "Transcription" },
  { name: "live", title: "Live" },
  { name: "label", title: "Label" },
];

const KEYS = [
  ["[ and ]", "the view before, the next one"],
  ["?", "this list"],
];

const page = {
  labels: null, // Labels
  player: new Player(),
  library: new LibraryWatch(),
  corrections: new Corrections(),
  has: (name) => VIEWS.some((view) => view.name === name),
  go, // go(name, parameters): show a view
  say, // say(text): for screen readers
  complain, // complain(error): for everybody, for a while
  dark: () => getComputedStyle(document.documentElement).colorScheme !== "light", // "theme" is sent to document
};

let current = null;

function go(name, parameters = {}) {
  const text = new URLSearchParams(parameters).toString();
  location.hash = text ? `${name}?${text}` : name;
}

function say(text) {
  document.getElementById("announcer").textContent = text;
}

let noticeTimer = 0;

function complain(error) {
  if (error?.name === "AbortError") return;
  const notice = document.getElementById("notice");
  notice.textContent = error?.message ?? String(error);
  notice.hidden = false;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => (notice.hidden = true), 8000);
}

async function showFromAddress() {
  const [name, query] = location.hash.slice(1).split("?");
  const view = VIEWS.find((each) => each.name === name) ?? VIEWS[0];
  const parameters = Object.fromEntries(new URLSearchParams(query));
  if (current && current !== view) {
    current.view?.hide();
    current.root.hidden = true;
  }
  current = view;
  for (const tab of document.querySelectorAll("#tabs a")) {
    if (tab.dataset.view === view.name) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
  document.title = `${view.title} · drumbridge`;
  view.root.hidden = false;
  view.made ??= import(`./views/${view.name}.js`).then((module) => module.create(view.root, page));
  view.view = await view.made;
  if (current === view) view.view.show(parameters);
}

function step(by) {
  const next = VIEWS[(VIEWS.indexOf(current) + by + VIEWS.length) % VIEWS.length];
  go(next.name);
}

function onKey(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.getElementById("keys").open) return;
  if (isTyping(event) && event.key !== "Escape") return;
  if (event.target instanceof HTMLButtonElement && (event.key === "Enter" || event.key === " ")) return;
  if (event.target instanceof HTMLAnchorElement && event.key === "Enter") return;
  if (event.key === "?") showKeys();
  else if (event.key === "[") step(-1);
  else if (event.key === "]") step(1);
  else if (!current?.view?.key?.(event)) return;
  event.preventDefault();
}

function showKeys() {
  const dialog = document.getElementById("keys");
  const rows = [...(current?.view?.keys ?? []), ...KEYS];
  dialog.replaceChildren(
    h("h2", {}, `Keys: ${current.title}`),
    h("dl", {}, rows.map(([key, what]) => [h("dt", {}, key), h("dd", {}, what)])),
    h("form", { method: "dialog" }, h("button", { class: "main" }, "Close")),
  );
  dialog.showModal();
}

function changeTheme() {
  const theme = page.dark() ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  localStorage.setItem("drumbridge.theme", theme);
  document.dispatchEvent(new Event("theme"));
}

function showCounts({ detail: state }) {
  const parts = [];
  if (!state.problem) {
    parts.push(`${count(state.sounds)} sounds`);
    if (state.corrections) parts.push(`${count(state.corrections)} corrected`);
    if (state.failed) parts.push(h("a", { href: "#map?q=is:failed" }, `${count(state.failed)} not readable`));
  }
  document.getElementById("counts").replaceChildren(...parts.flatMap((part, k) => (k ? [" · ", part] : [part])));
}

async function start() {
  const main = document.getElementById("main");
  const tabs = document.getElementById("tabs");
  for (const view of VIEWS) {
    view.root = h("section", { class: `view view-${view.name}`, "aria-label": view.title, hidden: true });
    main.append(view.root);
    tabs.append(h("a", { href: `#${view.name}`, "data-view": view.name }, view.title));
  }
  document.getElementById("theme").addEventListener("click", changeTheme);
  document.getElementById("help").addEventListener("click", showKeys);
  matchMedia("(prefers-color-scheme: light)").addEventListener("change", () => document.dispatchEvent(new Event("theme")));
  document.addEventListener("keydown", onKey);
  page.library.addEventListener("change", showCounts);
  try {
    page.labels = await Labels.load();
    await page.library.ask();
  } catch (error) {
    complain(error);
    return;
  }
  addEventListener("hashchange", () => showFromAddress().catch(complain));
  await showFromAddress();
}

start().catch(complain);
