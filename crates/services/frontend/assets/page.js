// The page with JavaScript: the form rolls in place, and the rest of the page is updated.

import { drawDistribution, element, face } from "./dice.js";
import { chosen, follow, restore, times } from "./form.js";
import { History } from "./history.js";
import * as trace from "./trace.js";

const find = (selector) => document.querySelector(selector);
const form = find("#form");
const result = find("#result");
const books = new History();
let rolling = false;

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!rolling) roll();
});
form.addEventListener("change", () => {
  follow(form);
  drawBooks();
});

async function roll() {
  const die = chosen(form).name;
  const wanted = times();
  const count = wanted === null ? null : Number(wanted);
  begin(count ?? 1);
  trace.expect(count);
  const start = performance.now();
  const answer = await ask(die, wanted);
  const took = (performance.now() - start) / 1000;
  end();
  const values = numbers(answer.body.rolls ?? [answer.body.roll]);
  const traceId = typeof answer.body.trace_id === "string" ? answer.body.trace_id : null;
  const detail = typeof answer.body.detail === "string" ? answer.body.detail : "No answer";
  const made = {
    die,
    count: count ?? 1,
    values: answer.ok ? values : [],
    failure: answer.ok ? null : String(answer.status || "no answer"),
    detail: answer.ok ? null : detail,
    seconds: took,
    trace: answer.recorded ? traceId : null,
  };
  tell(made);
  reveal();
  books.add(made);
  drawBooks();
  link(traceId);
  const found = await trace.show(traceId, answer.recorded);
  if (found && !answer.ok && count !== null) tellApart(found);
}

/** A batch fails as a whole; only the trace shows which of its rolls failed. */
function tellApart({ spans }) {
  const rolls = spans.filter((span) => "async.roll_index" in span.attributes);
  if (rolls.length > 0) show(rolls.map((span) => (span.error ? "failed" : span.attributes["die.result"])));
}

/** Never throws: status 0 means that there was no answer. */
async function ask(die, times) {
  const query = new URLSearchParams(times === null ? { die } : { die, times });
  try {
    const response = await fetch(`${times === null ? "/roll" : "/roll-async"}?${query}`, {
      headers: { accept: "application/json" },
    });
    const unrecorded = response.headers.get("traceresponse")?.endsWith("-00");
    const { ok, status } = response;
    return { ok, status, recorded: !unrecorded, body: await response.json() };
  } catch {
    return { ok: false, status: 0, recorded: true, body: {} };
  }
}

function numbers(values) {
  return Array.isArray(values) ? values.filter((value) => typeof value === "number") : [];
}

function begin(count) {
  rolling = true;
  result.className = "card rolling";
  form.setAttribute("aria-busy", "true");
  find("#roll").textContent = "Rolling…";
  find("#summary").textContent = count === 1 ? "Rolling…" : `Rolling ${count} at once…`;
  const shown = chosen(form).faces;
  show(Array.from({ length: count }, (_, at) => shown[at % shown.length]));
  reveal();
}

/** Scrolls just far enough to show the whole result. */
function reveal() {
  const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
  result.scrollIntoView({ block: "nearest", behavior });
}

function end() {
  rolling = false;
  result.className = "card";
  form.removeAttribute("aria-busy");
  find("#roll").textContent = "Roll";
}

function show(faces) {
  find("#dice").replaceChildren(...faces.map(face));
  find("#dice").dataset.count = faces.length;
}

/** Shows the result of a roll. */
function tell(roll) {
  if (roll.failure) fail(roll);
  else succeed(roll);
}

function succeed({ die, values, seconds }) {
  show(values);
  const sum = values.reduce((total, value) => total + value, 0);
  const text = values.length === 1 ? `${values[0]}` : `${values.join(" + ")} = ${sum}`;
  find("#summary").replaceChildren(element("strong", {}, text), ` ${die}, in ${seconds.toFixed(2)} s`);
}

function fail({ count, failure, detail }) {
  result.classList.add("failed");
  show(Array.from({ length: count }, () => "failed"));
  const advice = document.getElementById(`advice-${Number(failure) || 0}`)?.content.textContent ?? "";
  find("#summary").replaceChildren(element("strong", {}, `${detail}.`), ` ${advice}`);
}

/** Fills the trace id into the links. */
function link(traceId) {
  for (const anchor of document.querySelectorAll("a[data-href]")) {
    if (traceId) anchor.href = anchor.dataset.href.replace("TRACE_ID", encodeURIComponent(traceId));
    else anchor.removeAttribute("href");
  }
}

function drawBooks() {
  const die = chosen(form);
  drawDistribution(find("#distribution"), die, books.of(die.name));
  books.draw(find("#history"), (roll) => {
    books.look(roll);
    link(roll.trace);
    trace.show(roll.trace);
  });
}

// The page may contain a result, as it does for a browser without JavaScript. Otherwise it
// restores the state of this tab, also after signing in, a reload or going back.
const isNew = !result.classList.contains("rolled");
if (isNew) restore(form);
follow(form);
drawBooks();
if (!isNew) {
  link(result.dataset.traceId);
  trace.show(result.dataset.traceId);
} else if (books.rolls.length > 0) {
  tell(books.rolls[0]);
  link(books.looked.trace);
  trace.show(books.looked.trace);
} else {
  trace.introduce();
}
