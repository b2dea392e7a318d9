// Dice: drawing them, and the distribution of their values.

const SVG = "http://www.w3.org/2000/svg";
const DRAWN = 8;

/** An element. Children that are strings become text, never markup. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** A die that shows a face from 0 to 8, "idle" or "failed"; decorative only. */
export function face(shown) {
  const known = (Number.isInteger(shown) && shown >= 0 && shown <= DRAWN) || typeof shown === "string";
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "die");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#face-${known ? shown : "idle"}`);
  svg.append(use);
  return svg;
}

/** Draws how often each value of `die` has come up, next to how often it should. */
export function drawDistribution(list, die, counts) {
  const values = [...new Set([...die.faces, ...Object.keys(counts).map(Number)])].sort((a, b) => a - b);
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const expected = (value) => die.faces.filter((one) => one === value).length / die.faces.length;
  const seen = (value) => (total ? (counts[value] ?? 0) / total : 0);
  const widest = Math.max(...values.flatMap((value) => [1.5 * expected(value), seen(value)]));
  list.replaceChildren(...values.map((value) => {
    const fill = element("span", { class: "fill" });
    fill.style.setProperty("--share", seen(value) / widest);
    const mark = element("span", { class: "mark" });
    mark.style.setProperty("--share", expected(value) / widest);
    const words = `${counts[value] ?? 0} of ${total}, ${percent(seen(value))}; expected ${percent(expected(value))}`;
    return element("li", {},
      element("span", { class: "value" }, String(value)),
      element("span", { class: "bar", "aria-hidden": "true" }, fill, mark),
      element("span", { class: "share", "aria-hidden": "true" }, total ? percent(seen(value)) : "–"),
      element("span", { class: "unseen" }, words));
  }));
}

function percent(share) {
  return `${Math.round(share * 100)} %`;
}
