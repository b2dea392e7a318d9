// The texts of the page when something fails, which are never markup.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { drawn, launch, roll, says, visit, world } from "./support.mjs";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

test("a die that fails is part of the lesson", () => visit(browser, world.main, { expected: [500] }, async (page) => {
  // That none of 20 rolls of this die fails happens once in a million times.
  assert.match(await roll(page, "extreme", 20), /of 20 rolls failed.*part of the lesson/);
  await drawn(page);
  const failed = page.locator("[data-name^=async_roll_].error");
  assert.ok(await failed.count() > 0);
  assert.match(await failed.first().textContent(), /, failed, /);
  // The answer contains only the number of failures; the dice show which, from the trace.
  assert.equal(await page.locator("#dice use[href='#face-failed']").count(), await failed.count());
  assert.match(await page.textContent("#legend"), /failed/);
  assert.match(await page.textContent("#history"), /failed \(500\)/);
}));

test("a service that is down is named, with the command that starts it", () => visit(browser, world.dieServiceDown, { expected: [503] }, async (page) => {
  assert.match(await roll(page, "fair"), /die-service is not available.*A service is down.*on purpose.*Start it again/);
  await drawn(page);
  const last = page.locator(".row.error").last();
  assert.match(await last.textContent(), /^GET → 127\.0\.0\.1:1, dice-roller, failed/);
  await says(page, "#headline", /^“GET → 127\.0\.0\.1:1” in dice-roller failed: unreachable\. .+ through 2 services\.$/);
  await says(page, "#details h3", /^GET → 127\.0\.0\.1:1$/);
}));

test("a missing answer is reported", () => visit(browser, world.main, {}, async (page) => {
  await page.route("**/roll?*", (route) => route.abort());
  assert.match(await roll(page, "fair"), /No answer.*own service does not answer/);
  await says(page, "#headline", /no trace of this request/);
  const [aborted] = page.problems.splice(0);
  assert.match(aborted, /ERR_FAILED/);
}));

test("without Tempo rolls work, and the page explains why there is no picture", () => visit(browser, world.tempoDown, { expected: [503] }, async (page) => {
  assert.match(await roll(page, "fair"), /^[1-6] fair/);
  await says(page, "#headline", /^No trace: the trace store is not available.*not affected/);
  assert.equal(await page.locator("[role=treeitem]").count(), 0);
}));

test("with tracing off the page says so and sends no request for a trace", () => visit(browser, world.tracingOff, {}, async (page) => {
  assert.match(await roll(page, "fair"), /^[1-6] fair/);
  await says(page, "#headline", /^Tracing is off.*TRACE_QUERY_URL/);
  assert.deepEqual(page.requested.filter((url) => url.includes("/api/trace")), []);
}));

test("markup from every backend is text", () => visit(browser, world.hostile, { expected: [500] }, async (page) => {
  const markup = "<img src=x onerror=\"window.hacked=1\">";
  const names = await page.locator(".choice .name").allTextContents();
  assert.ok(names.includes(`"'>${markup}`), names.join());
  await page.locator(".choice input").first().check();
  await page.click("#roll");
  await says(page, "#summary", /<img src=x/);
  await drawn(page);
  await page.hover(".row");
  await says(page, "#details", /<img src=x/);
  await says(page, "#history", /<img src=x/);
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  assert.equal(await page.locator("img").count(), 0);
  await page.reload();
  await says(page, "#history", /<img src=x/);
  assert.equal(await page.evaluate(() => window.hacked), undefined);
}));

test("markup in the address is text", () => visit(browser, world.main, { expected: [404, 422] }, async (page) => {
  const markup = encodeURIComponent("\"'><img src=x onerror=\"window.hacked=1\">");
  for (const path of [
    `/?die=${markup}`, `/roll?die=${markup}`, `/roll?die=fair&${markup}=1`,
    `/roll-async?die=${markup}&times=2`, `/roll-async?die=fair&times=${markup}`,
    `/form?die=${markup}`, `/form?die=${markup}&async=on&times=${markup}`, `/${markup}`,
  ]) {
    await page.goto(world.main + path);
    assert.equal(await page.evaluate(() => window.hacked), undefined, path);
    assert.equal(await page.locator("img").count(), 0, path);
  }
}));
