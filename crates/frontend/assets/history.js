// What was rolled in this tab: the last rolls, and how often each value came.

import { element } from "./dice.js";
import { seconds } from "./waterfall.js";

const KEPT = 20;
const KEY = "rolls";

/** The books, kept for as long as the tab lives. Without storage, as long as the page does. */
export class History {
  constructor() {
    this.rolls = [];
    this.counts = {};
    try {
      const { rolls, counts } = JSON.parse(sessionStorage.getItem(KEY));
      if (Array.isArray(rolls)) this.rolls = rolls.slice(0, KEPT);
      this.counts = Object.assign(Object.create(null), counts);
    } catch {
      // Nothing was kept, or nothing can be: the books begin here.
    }
  }

  /** Adds `{die, values, failure, seconds, trace}`; `values` are none for a roll that failed. */
  add(roll) {
    this.rolls = [roll, ...this.rolls].slice(0, KEPT);
    const counts = (this.counts[roll.die] ??= {});
    for (const value of roll.values) counts[value] = (counts[value] ?? 0) + 1;
    try {
      sessionStorage.setItem(KEY, JSON.stringify({ rolls: this.rolls, counts: this.counts }));
    } catch {
      // Full or forbidden: the page still has them.
    }
  }

  /** How often each value of the die has come. */
  of(die) {
    return this.counts[die] ?? {};
  }

  /** Fills the table; `show` is called with the roll whose trace is asked for. */
  draw(body, show) {
    const rows = this.rolls.map((roll) => row(roll, show));
    if (rows.length === 0) {
      rows.push(element("tr", {}, element("td", { colspan: 4, class: "hint" }, "None yet.")));
    }
    body.replaceChildren(...rows);
  }
}

function row(roll, show) {
  const trace = element("td");
  if (roll.trace) {
    const label = `Show the trace of ${roll.die}, ${result(roll)}`;
    const button = element("button", { type: "button", class: "small", "aria-label": label }, "show");
    button.addEventListener("click", () => show(roll));
    trace.append(button);
  } else {
    trace.append("none");
  }
  return element("tr", roll.failure ? { class: "failed" } : {},
    element("td", {}, String(roll.die)),
    element("td", {}, result(roll)),
    element("td", { class: "number" }, seconds(roll.seconds * 1e6)),
    trace);
}

function result({ values, failure }) {
  if (failure) return `failed (${failure})`;
  if (values.length === 1) return String(values[0]);
  return `${values.reduce((sum, value) => sum + value, 0)} with ${values.length} dice`;
}
