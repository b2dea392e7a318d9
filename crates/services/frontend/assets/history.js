// The history of this tab: the last rolls, and how often each value came up.

import { element } from "./dice.js";
import { seconds } from "./story.js";

const KEPT = 20;
const KEY = "rolls";

/** The history, kept for as long as the tab is open; without storage, as long as the page is. */
export class History {
  constructor() {
    this.rolls = [];
    this.counts = {};
    this.at = 0;
    try {
      const { rolls, counts, at } = JSON.parse(sessionStorage.getItem(KEY));
      if (Array.isArray(rolls)) this.rolls = rolls.slice(0, KEPT);
      this.counts = Object.assign(Object.create(null), counts);
      this.at = at;
    } catch {
      // Nothing is stored, or storage is disabled: start with an empty history.
    }
  }

  /** The roll whose trace was viewed last. */
  get looked() {
    return this.rolls[this.at] ?? this.rolls[0];
  }

  /** Remembers that the trace of `roll` was viewed. */
  look(roll) {
    this.at = this.rolls.indexOf(roll);
    this.keep();
  }

  /** Adds `{die, count, values, failure, detail, seconds, trace}`. For a failed roll, `values` is empty
      and `failure` and `detail` are its status and reason; otherwise these two are null. */
  add(roll) {
    this.at = 0;
    this.rolls = [roll, ...this.rolls].slice(0, KEPT);
    const counts = (this.counts[roll.die] ??= {});
    for (const value of roll.values) counts[value] = (counts[value] ?? 0) + 1;
    this.keep();
  }

  keep() {
    try {
      const { rolls, counts, at } = this;
      sessionStorage.setItem(KEY, JSON.stringify({ rolls, counts, at }));
    } catch {
      // Storage is full or disabled: the page still has the history.
    }
  }

  /** How often each value of the die has come up. */
  of(die) {
    return this.counts[die] ?? {};
  }

  /** Fills the table; `show` is called with the roll whose trace the user selects. */
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
