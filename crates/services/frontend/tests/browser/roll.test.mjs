// Rolling: the result, the waterfall of that request, and the history.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { drawn, launch, roll, says, visit, world } from "./support.mjs";

/** The maximum time from the answer to the picture, in milliseconds. */
const PICTURE_WITHIN = 2000;

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

async function pictured(page) {
  const start = performance.now();
  await drawn(page);
  const took = performance.now() - start;
  assert.ok(took < PICTURE_WITHIN, `the waterfall took ${took} ms`);
}

test("a roll shows its value, and its trace across three services", () => visit(browser, world.main, {}, async (page) => {
  assert.match(await roll(page, "fair"), /^[1-6] fair, in \d\.\d\d s$/);
  await pictured(page);
  await says(page, "#headline", /through 3 services\. \d+ % of it was “.+” in /);
  const legend = await page.locator("#legend li").allTextContents();
  assert.deepEqual(legend.slice(0, 3), ["frontend", "dice-roller", "die-service"]);
  const names = await page.locator(".row .name").allTextContents();
  assert.deepEqual(names, ["GET /roll", "GET → dice-roller", "GET /roll", "query die service", "GET → die-service", "GET /dice", "roll"]);
  await page.hover("[data-name=roll]");
  await says(page, "#details", /die\.type/);
}));

test("ten rolls at once are ten overlapping bars", () => visit(browser, world.main, {}, async (page) => {
  assert.match(await roll(page, "fair", 10), /^[1-6]( \+ [1-6]){9} = \d+ fair/);
  assert.equal(await page.locator("#dice svg").count(), 10);
  await pictured(page);
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished)));
  const bars = await page.locator("[data-name^=async_roll_] .bar").evaluateAll((bars) =>
    bars.map((bar) => bar.getBoundingClientRect()).map(({ left, right, width }) => ({ left, right, width })));
  assert.equal(bars.length, 10);
  const longest = bars.reduce((most, bar) => (bar.width > most.width ? bar : most));
  for (const bar of bars) {
    assert.ok(bar.left < longest.right && bar.right > longest.left, JSON.stringify(bars));
  }
  const track = await page.locator(".track").first().boundingBox();
  const sum = bars.reduce((total, bar) => total + bar.width, 0);
  assert.ok(sum > 1.2 * track.width, "one after the other they would not fit");

  const solid = await page.locator("[data-name^=async_roll_]:has(.critical) .bar").evaluateAll((bars) =>
    bars.map((bar) => bar.getBoundingClientRect().right));
  assert.equal(solid.length, 1, "one roll is on the critical path");
  assert.ok(solid[0] >= Math.max(...bars.map((bar) => bar.right)) - 1);

  const words = await says(page, "#headline", /10 rolls at once took /);
  const [actual, sequential] = [...words.matchAll(/([\d.]+) (ms|s)\b/g)]
    .map(([, number, unit]) => Number(number) * (unit === "s" ? 1 : 0.001));
  assert.ok(actual < sequential, words);
}));

test("the history is kept, and an earlier roll shows its trace again", () => visit(browser, world.main, {}, async (page) => {
  await roll(page, "fair");
  await drawn(page);
  const first = await page.textContent("#trace-id a");
  await roll(page, "fair", 3);
  assert.equal(await page.locator("#history tr").count(), 2);
  await page.reload();
  assert.equal(await page.locator("#history tr").count(), 2);
  await page.click("#history tr:nth-child(2) button");
  await says(page, "#trace-id", new RegExp(first));
  await drawn(page);
}));

test("the distribution counts each value of the selected die", () => visit(browser, world.quick, {}, async (page) => {
  await roll(page, "fair", 20);
  const told = await page.locator("#distribution .unseen").allTextContents();
  assert.equal(told.length, 6);
  const counts = told.map((text) => Number(text.match(/^(\d+) of 20, \d+ %; expected 17 %$/)[1]));
  assert.equal(counts.reduce((sum, count) => sum + count), 20);
  await page.check("input[value=extreme]");
  const extreme = await page.locator("#distribution .unseen").allTextContents();
  assert.deepEqual(extreme, ["0 of 0, 0 %; expected 33 %", "0 of 0, 0 %; expected 67 %"]);
}));

test("the history ends with the 20th roll", () => visit(browser, world.quick, {}, async (page) => {
  for (let count = 0; count < 22; count += 1) await roll(page, "fair");
  assert.equal(await page.locator("#history tr").count(), 20);
}));

test("the links lead to the trace of the roll", () => visit(browser, world.main, {}, async (page) => {
  const links = page.locator(".next a");
  assert.deepEqual(await links.evaluateAll((all) => all.map((a) => a.hasAttribute("href"))), [true, false, false]);
  await roll(page, "fair");
  await drawn(page);
  const id = await page.textContent("#trace-id a");
  const hrefs = await links.evaluateAll((all) => all.map((a) => decodeURIComponent(a.href)));
  assert.match(hrefs[0], /\/d\/rolls\?/);
  assert.ok(hrefs[1].includes(`"query":"${id}"`), hrefs[1]);
  assert.ok(hrefs[2].includes(id) && hrefs[2].includes("loki"), hrefs[2]);
}));

test("a roll opened as a page is drawn too", () => visit(browser, world.main, {}, async (page) => {
  await page.goto(`${world.main}/roll?die=fair`);
  await drawn(page);
  await says(page, "#summary", /^fair: [1-6]$/);
}));
