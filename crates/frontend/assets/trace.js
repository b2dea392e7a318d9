// From a trace id to the picture: asks for the trace, says so while it waits, and why it cannot.

import { clear, draw, seconds } from "./waterfall.js";

// Two questions, 5 s in all: after the first, what there is is shown.
const WAITS = [2, 3];

const id = document.querySelector("#trace-id");
const headline = document.querySelector("#headline");
const isOn = document.body.dataset.tracing === "on";
let asking = new AbortController();

/** What stands there before the first roll. */
export function introduce() {
  say(isOn
    ? "Press Roll. The spans of that very request appear here: who called whom, when, and for how long."
    : "Tracing is off: this frontend was started without TRACE_QUERY_URL. Rolling works all the same.");
  clear("idle");
}

/** Makes room for the trace of a roll that is on its way. */
export function expect(times) {
  asking.abort();
  id.replaceChildren();
  say(isOn ? "Rolling…" : headline.textContent);
  clear(isOn ? "waiting" : "idle", times);
}

/** Shows the trace of that id, and returns it when all of it is there and nothing else was asked
    for meanwhile; `recorded` is what the answer said about it. */
export async function show(traceId, recorded = true) {
  asking.abort();
  if (!traceId || !recorded) return off("There is no trace of this request: it was not recorded.");
  name(traceId);
  if (!isOn) return;
  say("Waiting for the spans. Services send them twice a second.");
  asking = new AbortController();
  const { signal } = asking;
  for (const wait of WAITS) {
    const last = wait === WAITS.at(-1);
    const found = await ask(traceId, wait, signal);
    if (signal.aborted) return;
    if (found.trace) {
      say(describe(found.trace) + (found.trace.complete ? "" : " Some spans are missing so far."));
      draw(found.trace);
      if (found.trace.complete) return found.trace;
    } else if (last || found.status !== 404) {
      return off(reason(found));
    }
  }
}

async function ask(traceId, wait, signal) {
  try {
    const response = await fetch(`/api/trace/${encodeURIComponent(traceId)}?wait=${wait}`, { signal });
    const body = await response.json();
    return response.ok ? { trace: body } : { status: response.status, detail: body.detail };
  } catch {
    return { status: 0 };
  }
}

function reason({ status, detail }) {
  if (status === 0) return "No trace: this page's own service does not answer.";
  if (status === 404) return "No span has arrived within 5 seconds. Do the services export to the trace store?";
  return `No trace: ${detail}. The roll itself was not affected.`;
}

function off(why) {
  say(why);
  clear("idle");
}

function say(text) {
  headline.textContent = text;
}

function name(traceId) {
  const link = document.createElement("a");
  link.href = `/api/trace/${encodeURIComponent(traceId)}`;
  link.textContent = traceId;
  id.replaceChildren("Trace ", link);
}

/** The trace in one sentence. */
function describe({ duration_us, batch, spans, services }) {
  if (batch && batch.rolls > 1) {
    const factor = (batch.sequential_us / batch.actual_us).toFixed(1);
    return `${batch.rolls} rolls at once took ${seconds(batch.actual_us)}. `
      + `One after the other they would have taken ${seconds(batch.sequential_us)}, ${factor} times as long.`;
  }
  const share = (span) => span.critical_us.reduce((sum, [, duration]) => sum + duration, 0);
  const longest = spans.reduce((most, span) => (share(span) > share(most) ? span : most));
  const part = duration_us ? Math.round((share(longest) / duration_us) * 100) : 100;
  return `${seconds(duration_us)} through ${services.length} services. `
    + `${part} % of it was “${longest.name}” in ${longest.service}.`;
}
