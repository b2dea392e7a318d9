// A browser, pages that record what goes wrong in them, and the services under test.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

/** URLs of frontends in different circumstances, from crates/tools/demo/tests/browser.rs. */
export const world = JSON.parse(process.env.PAGE_TEST);

/** A generous timeout: nothing takes longer, even on a busy machine with two cores. */
export const DEADLINE = 30_000;

/** Debian's Chromium with a new profile, allowed to connect to the page only. */
export function launch() {
  return chromium.launch({
    executablePath: world.chromium,
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
      "--disable-background-networking", "--disable-component-update",
    ],
  });
}

/**
 * A page at `base`. `expected` are statuses of failed requests, which Chromium reports on the
 * console and which some tests provoke; any other message is a problem.
 */
export async function open(browser, base, { expected = [], ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  context.setDefaultTimeout(DEADLINE);
  const page = await context.newPage();
  page.problems = [];
  page.requested = [];
  page.on("pageerror", (error) => page.problems.push(error.message));
  page.on("dialog", (dialog) => {
    page.problems.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on("console", (message) => {
    const isExpected = expected.some((status) => message.text().includes(`status of ${status}`));
    if (message.type() === "error" && !isExpected) page.problems.push(message.text());
  });
  page.on("request", (request) => page.requested.push(request.url()));
  await page.addInitScript(watchLayout);
  await page.goto(base);
  return page;
}

/** Closes the page, and fails if anything went wrong in it or it sent a request to another host. */
export async function close(page, base) {
  const foreign = page.requested.filter((url) => !url.startsWith(base) && !url.startsWith("data:"));
  await page.context().close();
  assert.deepEqual(page.problems, []);
  assert.deepEqual(foreign, []);
}

/** Runs `test` with a page at `base`. */
export async function visit(browser, base, options, test) {
  const page = await open(browser, base, options);
  await test(page);
  await close(page, base);
}

/** Fills the form and presses Roll; returns when the result is shown. */
export async function roll(page, die, times = null) {
  await page.check(`input[name=die][value=${die}]`);
  await page.setChecked("#async", times !== null);
  if (times !== null) await page.fill("#times", String(times));
  await page.click("#roll");
  await page.waitForSelector("#form:not([aria-busy])");
  return page.textContent("#summary");
}

/** Waits for a waterfall. */
export function drawn(page) {
  return page.waitForSelector("#waterfall.drawn");
}

/** Waits until an element's text matches. */
export async function says(page, selector, pattern) {
  await page.waitForFunction(
    ([selector, source]) => new RegExp(source).test(document.querySelector(selector).textContent),
    [selector, pattern.source],
  );
  return page.textContent(selector);
}

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Fails if axe finds a violation; `when` identifies the check. */
export async function assertAccessible(page, when) {
  await page.evaluate(axe);
  const { violations, passes } = await page.evaluate(() => window.axe.run());
  assert.ok(passes.length > 10, "axe ran its rules");
  const found = violations.map(({ id, impact, nodes }) => `${when}: ${impact} ${id} ${nodes[0].html}`);
  assert.deepEqual(found, []);
}

/** Adds up in `window.shifted` the layout shifts without user input. */
function watchLayout() {
  window.shifted = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
}
