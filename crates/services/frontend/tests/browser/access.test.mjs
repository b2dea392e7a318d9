// Accessibility: keyboard, screen reader, any width, any colour scheme, no motion, no JavaScript.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertAccessible, drawn, launch, roll, says, visit, world } from "./support.mjs";

const PHONE = { width: 360, height: 740 };
const WIDE = { width: 1920, height: 1080 };

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

for (const [name, options] of [
  ["light", {}],
  ["dark", { colorScheme: "dark" }],
  ["on a phone", { viewport: PHONE }],
]) {
  test(`axe finds nothing, ${name}`, () => visit(browser, world.main, { ...options, expected: [500] }, async (page) => {
    await assertAccessible(page, "at first");
    await roll(page, "fair", 10);
    await drawn(page);
    await page.hover("[data-name=async_roll_3]");
    await assertAccessible(page, "after a batch");
    await roll(page, "extreme", 20);
    await drawn(page);
    await assertAccessible(page, "after a failure");
  }));
}

test("everything can be done with the keyboard", () => visit(browser, world.main, {}, async (page) => {
  const press = async (...keys) => { for (const key of keys) await page.keyboard.press(key); };
  const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.getAttribute("role") || document.activeElement.value);
  await press("Tab");
  assert.equal(await focused(), "name");
  await press("Tab", "Tab");
  assert.equal(await focused(), "fair");
  await press("ArrowDown");
  assert.equal(await focused(), "risky");
  await press("ArrowUp", "Tab", "Space", "Tab");
  assert.equal(await focused(), "times");
  await press("Control+A", "3", "Tab");
  assert.equal(await focused(), "roll");
  await press("Enter");
  await drawn(page);
  assert.equal(await focused(), "roll", "focus stays where it was");
  await press("Tab", "Tab");
  assert.equal(await focused(), "treeitem");
  await press("End");
  await says(page, "#details h3", /async_roll_2/);
  await press("ArrowUp");
  await says(page, "#details h3", /async_roll_1/);
  assert.equal(await page.locator("[role=treeitem][tabindex='0']").count(), 1);
  await press("Tab");
  assert.equal(await focused(), "details");
}));

test("a screen reader can read the result and the picture", () => visit(browser, world.main, {}, async (page) => {
  await roll(page, "fair");
  await drawn(page);
  const live = await page.getByRole("status").allTextContents();
  assert.match(live[0], /^[1-6] fair/);
  assert.match(live[1], /through 3 services/);
  const tree = page.getByRole("tree", { name: "Spans, callers before callees" });
  const label = await tree.getByRole("treeitem").last().textContent();
  assert.match(label, /^roll, dice-roller, starts at .+, takes .+, on the critical path$/);
  await page.getByRole("radio", { name: /risky/ }).check();
  await page.getByRole("table").getByRole("row").nth(1).getByRole("button", { name: /Show the trace of fair, [1-6]/ }).click();
}));

test("the plain form rolls without JavaScript", () => visit(browser, world.main, { javaScriptEnabled: false }, async (page) => {
  await page.check("input[value=fair]");
  await page.click("#roll");
  assert.equal(page.url(), `${world.main}/roll?die=fair`);
  assert.match(await page.textContent("#summary"), /^fair: [1-6]$/);
  await page.check("#async");
  await page.fill("#times", "4");
  await page.click("#roll");
  assert.equal(page.url(), `${world.main}/roll-async?die=fair&times=4`);
  assert.match(await page.textContent("#summary"), /^fair: [1-6]( \+ [1-6]){3} = \d+$/);
  assert.equal(await page.locator("#dice svg").count(), 4);
  assert.match(await page.getAttribute("#trace-id a", "href"), /^\/api\/trace\/[0-9a-f]{32}$/);
  assert.equal(await page.locator(".history").isVisible(), false, "sections that only a script fills are hidden");
}));

for (const viewport of [PHONE, WIDE]) {
  test(`nothing is cut off at ${viewport.width} px`, () => visit(browser, world.main, { viewport }, async (page) => {
    const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(await overflow() <= 0);
    await roll(page, "fair", 20);
    await drawn(page);
    await page.hover(".row:first-child");
    assert.ok(await overflow() <= 0);
  }));
}

test("nothing moves without user input", () => visit(browser, world.main, {}, async (page) => {
  for (const times of [null, 20, 3]) {
    await roll(page, "fair", times);
    await drawn(page);
    await page.hover(".row:first-child");
  }
  assert.ok(await page.evaluate(() => window.shifted) < 0.01, `${await page.evaluate(() => window.shifted)}`);
}));

test("a preference for reduced motion is respected", () => visit(browser, world.main, { reducedMotion: "reduce" }, async (page) => {
  await page.click("#roll");
  await page.waitForSelector(".rolling");
  assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
  await drawn(page);
  assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
}));

test("a visit weighs at most 60 kB", () => visit(browser, world.main, {}, async (page) => {
  await page.waitForLoadState("networkidle");
  const sizes = await page.evaluate(() => performance.getEntries().map((entry) => entry.decodedBodySize ?? 0));
  const weight = sizes.reduce((sum, size) => sum + size, 0);
  assert.ok(weight > 10_000 && weight <= 60_000, `${weight} bytes`);
}));
