// Reads a JSON array of { fieldConfig, series: [{ name, values }], height } from standard input and
// writes, as a JSON array in the same order, what Grafana's own code makes of it: how each value is
// printed, the labels of the axis, and the colour of each series in both themes.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

// The package is made for browsers; the parts used here ask no more of one than this.
globalThis.navigator ??= { language: "en-US", languages: ["en-US"] };
globalThis.window ??= { navigator: globalThis.navigator };
console.info = console.log = () => {};

const require = createRequire(import.meta.url);
const folder = dirname(require.resolve("@grafana/data/package.json"));
const part = (name) => require(join(folder, "dist/cjs", `${name}.cjs`));
const { getDisplayProcessor } = part("field/displayProcessor");
const { fieldColorModeRegistry } = part("field/fieldColor");
const { createTheme } = part("themes/createTheme");
const { formattedValueToString } = part("valueFormats/valueFormats");

const themes = ["dark", "light"].map((mode) => createTheme({ colors: { mode } }));

/** Whether an override is for a series. */
function matches({ id, options }, { name, values }) {
  if (id === "byName") return options === name;
  if (id === "byRegexp") return new RegExp(options.slice(1, -1)).test(name);
  if (id === "byValue") return Math.max(...values) <= options.value;
  throw new Error(`no such matcher here: ${id}`);
}

/** A series as Grafana's field, with the overrides that are for it. */
function field({ defaults, overrides }, series, index) {
  const config = structuredClone(defaults);
  let coloured = null;
  for (const [place, { matcher, properties }] of overrides.entries()) {
    if (!matches(matcher, series)) continue;
    for (const { id, value } of properties) {
      if (id === "color") coloured = place;
      const path = id.split(".");
      const last = path.pop();
      path.reduce((at, key) => (at[key] ??= {}), config)[last] = value;
    }
  }
  const state = { seriesIndex: index };
  return { coloured, type: "number", name: series.name, config, values: series.values, state };
}

const NICE = [1, 2, 2.5, 5];

/** The values at which the axis has labels: as many as have 30 pixels each. */
function ticks(largest, height) {
  const least = (largest * 30) / height;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = NICE.map((nice) => nice * power).find((nice) => nice >= least) ?? 10 * power;
  const count = Math.floor(largest / step);
  const decimals = Math.max(0, -Math.floor(Math.log10(step)) + (step / power === 2.5 ? 1 : 0));
  return { decimals, values: Array.from({ length: count + 1 }, (_, index) => index * step) };
}

function print({ fieldConfig, series, height }) {
  const fields = series.map((one, index) => field(fieldConfig, one, index));
  const displays = fields.map((one) => getDisplayProcessor({ field: one, theme: themes[0] }));
  const text = (index, value, decimals) =>
    formattedValueToString(displays[index](value, decimals));
  return fields.map((one, index) => ({
    name: one.config.displayName ?? one.name,
    hidden: one.config.custom?.hideFrom?.legend === true,
    override: one.coloured,
    texts: one.values.map((value) => text(index, value)),
    tenthMore: one.values.map((value) => text(index, 1.1 * value)),
    colours: themes.map((theme) => {
      const mode = fieldColorModeRegistry.get(one.config.color.mode);
      return theme.visualization.getColorByName(mode.getCalculator(one, theme)(0, 0));
    }),
    // One for each value, as if it were the largest.
    axes: height > 0 ? one.values.filter((value) => value > 0).map((top) => axis(index, top)) : [],
  }));

  function axis(index, top) {
    const { values, decimals } = ticks(top, height);
    return values.map((value) => text(index, value, decimals > 0 ? decimals : undefined));
  }
}

const backgrounds = themes.map((theme) => theme.colors.background.primary);
const panels = JSON.parse(readFileSync(0, "utf8")).map(print);
process.stdout.write(JSON.stringify({ backgrounds, panels }));
