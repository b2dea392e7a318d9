// Describes a trace in words.

import { element } from "./dice.js";

/** A duration with at most three digits. */
export function seconds(micros) {
  if (micros < 999.5) return `${Math.round(micros)} µs`;
  if (micros < 99_950) return `${(micros / 1e3).toPrecision(micros < 9_995 ? 2 : 3)} ms`;
  if (micros < 999_500) return `${Math.round(micros / 1e3)} ms`;
  return `${(micros / 1e6).toFixed(2)} s`;
}

/** The title of a span: for a call, with the service it went to. */
export function title({ name, target }) {
  return target ? `${name} → ${target}` : name;
}

/** Describes the trace in a few sentences; everything except `spans` covers all spans. */
export function describe(trace) {
  return [failure(trace), times(trace), ...caveats(trace)].filter(Boolean).join(" ");
}

function failure({ failed, spans }) {
  if (!failed) return "";
  const span = spans.find(({ id }) => id === failed.id);
  const why = span?.attributes["error.type"];
  // A status code adds nothing to the result.
  const words = /^[a-z]/.test(why ?? "") ? `: ${why}` : "";
  const origins = spans.filter(({ error }, at) => error && !below(spans, at).some((span) => span.error));
  const first = origins.length > 1 ? " first" : "";
  return `“${title(failed)}” in ${failed.service} failed${first}${words}.`;
}

/** The spans that a span called, directly or indirectly: callers come before callees. */
function below(spans, at) {
  const end = spans.findIndex(({ depth }, other) => other > at && depth <= spans[at].depth);
  return spans.slice(at + 1, end < 0 ? undefined : end);
}

function times({ batch, failed, longest, duration_us: total, services }) {
  if (batch && batch.rolls > 1) {
    const factor = (batch.sequential_us / Math.max(batch.actual_us, 1)).toFixed(1);
    return `${batch.rolls} rolls at once took ${seconds(batch.actual_us)}. `
      + `One after the other they would have taken ${seconds(batch.sequential_us)}, ${factor} times as long.`;
  }
  const through = `${seconds(total)} through ${services.length} service${services.length === 1 ? "" : "s"}.`;
  if (failed || !longest) return through;
  const part = total ? Math.round((longest.critical_us / total) * 100) : 100;
  return `${through} ${part} % of it was “${title(longest)}” in ${longest.service}.`;
}

/** Where the picture differs from the whole truth. */
function* caveats({ clock_skew: skew, cycles, partial, truncated, complete, spans, spans_total: total }) {
  if (skew) {
    const many = skew.services.length > 1;
    yield `The clock${many ? "s" : ""} of ${skew.services.join(" and ")} ${many ? "are" : "is"} off by about `
      + `${seconds(skew.max_us)}: the spans are drawn where their callers saw them.`;
  }
  if (cycles) yield "Some spans call themselves in a circle, which was cut.";
  if (spans.length < total) yield `${spans.length} of ${total} spans shown.`;
  if (partial) yield `The trace store left spans out: ${partial}.`;
  else if (!complete && !truncated) yield "Some spans are missing so far.";
}

/** Text whose numbers stay on one line with their units. */
export function unbroken(text) {
  const parts = text.split(/(\d[\d.]* (?:%|µs|ms|s)(?![\w]))/);
  return parts.map((part, at) => (at % 2 ? element("span", { class: "unbroken" }, part) : part));
}
