#!/usr/bin/env bash
# A unit in Grafana formats texts, too: the display processor of @grafana/data 12.4.10 parses a value
# of a text column as a number whenever the column's unit is not `string`, and prints the number. So a
# table with a panel-wide unit changes what its text columns say: leading zeros go, an identifier
# that looks like scientific notation becomes another number, and a port becomes thousands.
# Without a unit, texts stay texts; a text that is no number stays as it is with any unit.
#
# Seen on 2026-11-30 (unit, value of a column of type string, what is printed):
#   locale   007    7
#   locale   12e4   120,000
#   short    5003   5.00 K
#   short    Ada    Ada
#   string   007    007
#   none set 12e4   12e4
#
# So give text columns of a table the unit `string`, or put units on number columns only.
#
# Needs node and npm. Exits 0 while Grafana still prints exactly this.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >package.json <<'JSON'
{ "name": "finding", "private": true, "type": "module", "dependencies": { "@grafana/data": "12.4.10" } }
JSON
npm install --silent --no-audit --no-fund --ignore-scripts >/dev/null
cat >print.mjs <<'JS'
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

// The package expects a browser; these two properties are all that is used here.
globalThis.navigator ??= { language: "en-US", languages: ["en-US"] };
globalThis.window ??= { navigator: globalThis.navigator };
const print = console.log.bind(console);
console.info = console.log = () => {};
const require = createRequire(import.meta.url);
const folder = dirname(require.resolve("@grafana/data/package.json"));
const load = (name) => require(join(folder, "dist/cjs", `${name}.cjs`));
const { getDisplayProcessor } = load("field/displayProcessor");
const { createTheme } = load("themes/createTheme");
const { formattedValueToString } = load("valueFormats/valueFormats");

const theme = createTheme({ colors: { mode: "dark" } });
for (const [unit, value] of [
  ["locale", "007"],
  ["locale", "12e4"],
  ["short", "5003"],
  ["short", "Ada"],
  ["string", "007"],
  [undefined, "12e4"],
]) {
  const field = { name: "user", type: "string", config: { unit }, values: [value] };
  const shown = getDisplayProcessor({ field, theme })(value);
  print(`${unit ?? "none set"}\t${value}\t${formattedValueToString(shown)}`);
}
JS
printf '%s\t%s\t%s\n' locale 007 7 locale 12e4 120,000 short 5003 '5.00 K' short Ada Ada \
    string 007 007 'none set' 12e4 12e4 >expected
node print.mjs >seen
diff expected seen
cat seen
