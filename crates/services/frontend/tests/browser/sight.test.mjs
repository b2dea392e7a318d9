// What a person sees: the result on a small screen, the form's limits, and the text about a trace.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { drawn, launch, roll, says, visit, world } from "./support.mjs";

const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** Waits until all of an element is on the screen. */
const visible = (page, selector) => page.waitForFunction((selector) => {
  const { top, bottom } = document.querySelector(selector).getBoundingClientRect();
  return top >= 0 && bottom <= window.innerHeight;
}, selector);

for (const [die, times] of [["fair", null], ["fair", 20], ["extreme", 20]]) {
  test(`on a phone the result of ${times ?? 1} ${die} is seen`, () => visit(browser, world.main, { ...PHONE, expected: [500] }, async (page) => {
    await roll(page, die, times);
    await visible(page, "#result");
    if (times === null) await visible(page, "#roll");
  }));
}

test("on a phone the result without JavaScript comes first", () => visit(browser, world.quick, { ...PHONE, javaScriptEnabled: false }, async (page) => {
  const top = async (selector) => (await page.locator(selector).boundingBox()).y;
  const [idle, form] = [await top("#result"), await top("#form")];
  assert.ok(idle > form, `${idle} ${form}`);
  await page.click("#roll");
  await page.waitForURL(/die=fair/);
  const [rolled, below] = [await top("#result"), await top("#form")];
  assert.ok(rolled < below && rolled < PHONE.viewport.height, `${rolled} ${below}`);
}));

test("Times is enabled in Async mode only, and a hint says so", () => visit(browser, world.quick, {}, async (page) => {
  const times = page.getByLabel("Times");
  assert.equal(await times.isDisabled(), true);
  assert.match(await page.textContent("#times-note"), /Without Async/);
  assert.equal(await times.getAttribute("aria-describedby"), "times-note");
  await page.check("#async");
  assert.equal(await times.isDisabled(), false);
  await times.fill("2");
  await page.uncheck("#async");
  assert.equal(await times.isDisabled(), true);
  assert.match(await roll(page, "fair"), /^[1-6] fair/);
}));

test("the plainest die comes first", () => visit(browser, world.quick, {}, async (page) => {
  const names = await page.locator(".choice .name").allTextContents();
  assert.deepEqual(names.slice(0, 3), ["fair", "risky", "extreme"]);
}));

test("the headline begins with the slowest span, or with the first failed span", () => visit(browser, world.main, { expected: [500] }, async (page) => {
  await roll(page, "fair");
  await drawn(page);
  const words = await page.textContent("#headline");
  const longest = words.match(/was “(.+)” in (.+)\.$/);
  assert.equal(await page.textContent("#details h3"), longest[1]);
  assert.equal(await page.locator("[role=treeitem][aria-selected=true]").count(), 1);
  await roll(page, "extreme", 20);
  await drawn(page);
  await says(page, "#headline", /^“async_roll_\d+” in dice-roller failed first\. 20 rolls at once/);
  assert.match(await page.textContent("#details h3"), /^async_roll_\d+$/);
}));

test("details that do not fit are marked until scrolled to their end", () => visit(browser, world.quick, PHONE, async (page) => {
  await roll(page, "fair");
  await drawn(page);
  await page.locator(".row").first().tap();
  await page.waitForSelector("#details.more");
  await page.evaluate(() => document.querySelector("#details").scrollTo(0, 9999));
  await page.waitForSelector("#details:not(.more)");
}));

test("the hint fits the device", () => visit(browser, world.quick, PHONE, async (page) => {
  assert.equal(await page.textContent("#details"), "Tap a span to read its attributes.");
}));

const SPAN = {
  id: "1", parent: null, depth: 0, service: "a", name: "work", target: null, kind: "server", offset_us: 0,
  duration_us: 410, error: false, critical_us: [[0, 410]], attributes: {},
};
const TRACE = {
  trace_id: "1", complete: true, spans_total: 1, truncated: false, partial: null, duration_us: 410, services: ["a"],
  spans: [SPAN], cycles: 0, clock_skew: null, failed: null, batch: null,
  longest: { id: "1", service: "a", name: "work", target: null, critical_us: 410 },
};

for (const [what, trace, words] of [
  ["one service", {}, /^410 µs through 1 service\. 100 % of it was “work” in a\.$/],
  ["no span", { spans: [], spans_total: 0, longest: null, services: [] }, /^410 µs through 0 services\.$/],
  ["more spans than are drawn", { spans_total: 1201, truncated: true, complete: false }, / 1 of 1201 spans shown\.$/],
  ["what the store left out", { partial: "too large", truncated: true, complete: false }, / The trace store left spans out: too large\.$/],
  ["what is still to come", { complete: false }, / Some spans are missing so far\.$/],
  ["a circle", { cycles: 1, complete: false }, /in a circle, which was cut\. /],
  ["clocks", { clock_skew: { services: ["b"], max_us: 500_000 } }, / The clock of b is off by about 500 ms: /],
  ["a batch in no time", { batch: { rolls: 2, sequential_us: 0, actual_us: 0 } }, /^2 rolls at once took 0 µs\. .+ 0\.0 times as long\.$/],
  ["a moment", { duration_us: 0, longest: { ...TRACE.longest, critical_us: 0 } }, /^0 µs through 1 service\. 100 % /],
]) {
  test(`the headline is honest about ${what}`, () => visit(browser, world.quick, {}, async (page) => {
    await page.route("**/api/trace/*", (route) => route.fulfill({ json: { ...TRACE, ...trace } }));
    await roll(page, "fair");
    await says(page, "#headline", words);
    const numbers = await page.locator("#headline .unbroken").allTextContents();
    assert.ok(numbers.every((number) => /^\d[\d.]* (%|µs|ms|s)$/.test(number)) && numbers.length > 0, numbers.join());
    assert.equal(await page.locator("#headline .unbroken").first().evaluate((part) => getComputedStyle(part).whiteSpaceCollapse + getComputedStyle(part).textWrapMode), "collapsenowrap");
  }));
}
