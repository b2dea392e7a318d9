// The waterfall: one row per span, bars to scale, and what the request waited for.

import { element } from "./dice.js";
import { seconds, title } from "./story.js";

const tree = document.querySelector("#waterfall");
const axis = document.querySelector("#axis");
const legend = document.querySelector("#legend");
const details = document.querySelector("#details");
const COLOURS = 6;
const MOST_TICKS = 5;
// The placeholder, shaped like the calls of a roll: depth, start and share of the whole.
const HOPS = [[0, 0, 1], [1, 0.01, 0.98], [2, 0.03, 0.94], [3, 0.04, 0.06], [4, 0.05, 0.04], [5, 0.06, 0.02]];

/** Removes the picture and shows a placeholder for `times` rolls; `state` is a CSS class. */
export function clear(state, times = null) {
  const rolls = Array.from({ length: times ?? 0 }, (_, at) => [5, 0.12, 0.35 + 0.5 * ((at * 0.618) % 1)]);
  const shape = times === null ? [...HOPS, [3, 0.12, 0.84]] : [...HOPS, [3, 0.12, 0.84], ...rolls];
  for (const part of [axis, legend]) part.replaceChildren();
  tree.className = `waterfall ${state}`;
  for (const name of ["role", "aria-label"]) tree.removeAttribute(name);
  tree.style.setProperty("--rows", shape.length);
  tree.replaceChildren(...shape.map(ghost));
  details.classList.remove("more");
  details.replaceChildren(element("p", { class: "hint" },
    matchMedia("(pointer: coarse)").matches
      ? "Tap a span to read its attributes."
      : "Point at a span, or use the arrow keys, to read its attributes."));
}

function ghost([depth, from, share]) {
  const label = element("span", { class: "label" }, element("span", { class: "name" }));
  label.style.setProperty("--depth", depth);
  const bar = element("span", { class: "bar" });
  place(bar, from, share, 1);
  return element("div", { class: "row ghost", "aria-hidden": "true" }, label, element("span", { class: "track" }, bar));
}

/** Draws a trace in the format of `/api/trace/{id}`. */
export function draw(trace) {
  const { spans, duration_us: total } = trace;
  // The trace may have more services than the spans that are drawn.
  const seen = new Set(spans.map((span) => span.service));
  const services = trace.services.filter((service) => seen.has(service));
  const focused = tree.contains(document.activeElement);
  clear("drawn");
  tree.style.setProperty("--rows", spans.length);
  const step = tick(total);
  tree.style.setProperty("--tick", step / Math.max(total, 1));
  axis.replaceChildren(...ticks(total, step));
  legend.replaceChildren(...services.map((service, at) => entry(`service-${at % COLOURS}`, service)),
    entry("key-critical", "solid: on the critical path"));
  if (spans.some((span) => span.error)) legend.append(entry("key-error", "failed"));
  const scale = { total: Math.max(total, 1), services };
  tree.setAttribute("role", "tree");
  tree.setAttribute("aria-label", "Spans, callers before callees");
  tree.replaceChildren(...spans.map((span) => row(span, scale)));
  const told = spans.findIndex(({ id }) => id === (trace.failed ?? trace.longest)?.id);
  const first = tree.children[Math.max(told, 0)];
  if (!first) return;
  first.setAttribute("tabindex", "0");
  explain(first, spans[Math.max(told, 0)]);
  if (focused) first.focus();
}

function entry(kind, text) {
  return element("li", { class: kind }, element("span", { class: "swatch", "aria-hidden": "true" }), text);
}

/** The time between two lines of the grid: 1, 2 or 5 times a power of ten. */
function tick(total) {
  const least = Math.max(total, 1) / MOST_TICKS;
  const power = 10 ** Math.floor(Math.log10(least));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= least);
}

function ticks(total, step) {
  const count = Math.floor(total / step) + 1;
  return Array.from({ length: count }, (_, at) => {
    const label = element("span", {}, at === 0 ? "0" : seconds(at * step));
    place(label, at * step, 0, Math.max(total, 1));
    return label;
  });
}

function place(part, offset, duration, total) {
  part.style.setProperty("--from", offset / total);
  part.style.setProperty("--share", duration / total);
}

function row(span, { total, services }) {
  const bar = element("span", { class: "bar" });
  place(bar, span.offset_us, span.duration_us, total);
  const solid = span.critical_us.map(([offset, duration]) => {
    const part = element("span", { class: "critical" });
    place(part, offset, duration, total);
    return part;
  });
  // Text for screen readers in place of colour and position; the rest of the row is text already.
  const said = (text) => element("span", { class: "unseen" }, text);
  const isEntry = span.kind === "server";
  const label = element("span", { class: "label" },
    element("span", { class: "name" }, title(span)),
    said(isEntry ? ", " : `, ${span.service}`),
    isEntry ? element("span", { class: "service" }, span.service) : "");
  label.style.setProperty("--depth", span.depth);
  const made = element("div", {
    role: "treeitem",
    class: `row service-${services.indexOf(span.service) % COLOURS}${span.error ? " error" : ""}`,
    tabindex: "-1",
    "aria-level": span.depth + 1,
    "aria-selected": "false",
  }, label,
  said(`${span.error ? ", failed" : ""}, starts at ${seconds(span.offset_us)}, takes `),
  element("span", { class: "track" }, bar, ...solid),
  element("span", { class: "time" }, seconds(span.duration_us)),
  said(span.critical_us.length > 0 ? ", on the critical path" : ""));
  made.dataset.name = span.name;
  const tell = () => explain(made, span);
  for (const event of ["focus", "pointerenter"]) made.addEventListener(event, tell);
  return made;
}

function explain(chosen, span) {
  for (const other of tree.children) other.setAttribute("aria-selected", String(other === chosen));
  const facts = [
    ["service", span.service],
    ["kind", span.kind],
    ["starts at", seconds(span.offset_us)],
    ["takes", seconds(span.duration_us)],
    ...(span.depth === 0 && span.parent ? [["caller", `${span.parent}, not in this trace`]] : []),
    ...(span.shift_us ? [["moved by", `${seconds(Math.abs(span.shift_us))}: clocks disagree`]] : []),
    ...Object.entries(span.attributes),
  ];
  details.replaceChildren(
    element("h3", { class: chosen.className.replace("row", "").trim() },
      element("span", { class: "swatch", "aria-hidden": "true" }), title(span)),
    element("dl", {}, ...facts.map(([key, value]) => element("div", {},
      element("dt", {}, key),
      element("dd", {}, typeof value === "string" ? value : JSON.stringify(value))))));
  details.scrollTop = 0;
  hintAtMore();
}

/** Whether the details can be scrolled further down. */
function hintAtMore() {
  const below = details.scrollHeight - details.clientHeight - details.scrollTop;
  details.classList.toggle("more", below > 4);
}

details.addEventListener("scroll", hintAtMore);

tree.addEventListener("keydown", (event) => {
  const rows = [...tree.children];
  const at = rows.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
  if (at < 0 || to === undefined) return;
  event.preventDefault();
  const next = rows[Math.min(Math.max(to, 0), rows.length - 1)];
  rows[at].setAttribute("tabindex", "-1");
  next.setAttribute("tabindex", "0");
  next.focus();
});
