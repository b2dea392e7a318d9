// From a trace id to the picture: fetches the trace, and reports progress and errors.

import { describe, unbroken } from "./story.js";
import { clear, draw } from "./waterfall.js";

// Two requests, 5 s in all: after the first, a partial trace is drawn.
const WAITS = [2, 3];

const id = document.querySelector("#trace-id");
const headline = document.querySelector("#headline");
const isOn = document.body.dataset.tracing === "on";
let asking = new AbortController();

/** The text before the first roll. */
export function introduce() {
  say(isOn
    ? "Press Roll. The spans of that request appear here: which service called which, when, and for how long."
    : "Tracing is off: this frontend was started without TRACE_QUERY_URL. Rolling still works.");
  clear("idle");
}

/** Prepares for the trace of a roll that is in progress. */
export function expect(times) {
  asking.abort();
  id.replaceChildren();
  say(isOn ? "Rolling…" : headline.textContent);
  clear(isOn ? "waiting" : "idle", times);
}

/** Shows the trace with that id, and returns it if it is complete and no other trace was requested
    meanwhile; `recorded` is the sampled flag of the answer. */
export async function show(traceId, recorded = true) {
  asking.abort();
  if (!traceId || !recorded) return off("There is no trace of this request: it was not sampled.");
  name(traceId);
  if (!isOn) return;
  say("Waiting for the spans. Services send them twice a second.");
  asking = new AbortController();
  const { signal } = asking;
  let drawn = 0;
  for (const wait of WAITS) {
    const last = wait === WAITS.at(-1);
    const found = await ask(traceId, wait, signal);
    if (signal.aborted) return;
    if (found.trace) {
      say(describe(found.trace));
      // No redraw without new spans: the user may be reading.
      if (found.trace.spans_total !== drawn || found.trace.complete) draw(found.trace);
      drawn = found.trace.spans_total;
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
  headline.replaceChildren(...unbroken(text));
}

function name(traceId) {
  const link = document.createElement("a");
  link.href = `/api/trace/${encodeURIComponent(traceId)}`;
  link.textContent = traceId;
  id.replaceChildren("Trace ", link);
}
