// State that survives navigation: the form, the result and its trace.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { drawn, launch, roll, says, visit, world } from "./support.mjs";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** Everything that a roll leaves on the page. */
async function left(page) {
  await drawn(page);
  return page.evaluate(() => ({
    die: document.querySelector("input[name=die]:checked").value,
    async: document.querySelector("#async").checked,
    times: document.querySelector("#times").value,
    summary: document.querySelector("#summary").textContent,
    dice: [...document.querySelectorAll("#dice use")].map((use) => use.getAttribute("href")),
    trace: document.querySelector("#trace-id a").textContent,
    spans: document.querySelectorAll("[role=treeitem]").length,
  }));
}

test("a reload and signing in and out keep the form, the result and its trace", () => visit(browser, world.quick, {}, async (page) => {
  await roll(page, "fair");
  await roll(page, "fair", 7);
  const before = await left(page);
  assert.deepEqual([before.die, before.async, before.times, before.dice.length], ["fair", true, "7", 7]);
  await page.reload();
  assert.deepEqual(await left(page), before);
  await page.fill("#name", "Ada");
  await page.press("#name", "Enter");
  await says(page, ".visitor", /Signed in as Ada/);
  assert.deepEqual(await left(page), before);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForSelector("#name");
  assert.deepEqual(await left(page), before);
}));

test("what was chosen and not yet rolled is kept, and so is a failure", () => visit(browser, world.dieServiceDown, { expected: [503] }, async (page) => {
  await roll(page, "extreme");
  await drawn(page);
  await page.check("input[value=risky]");
  await page.reload();
  await says(page, "#summary", /^die-service is not available.*Start it again/);
  await drawn(page);
  assert.equal(await page.locator("input[value=risky]").isChecked(), true);
  assert.equal(await page.locator("#dice use[href='#face-failed']").count(), 1);
}));

test("the trace of an earlier roll stays once it was viewed", () => visit(browser, world.quick, {}, async (page) => {
  await roll(page, "fair");
  await drawn(page);
  const first = await page.textContent("#trace-id a");
  const summary = await roll(page, "fair");
  await page.click("#history tr:nth-child(2) button");
  await says(page, "#trace-id", new RegExp(first));
  await page.reload();
  await drawn(page);
  assert.equal(await page.textContent("#trace-id a"), first);
  assert.equal(await page.textContent("#summary"), summary);
}));

test("the link of the trace id leads to readable JSON, and going back to the picture", () => visit(browser, world.quick, { expected: [404] }, async (page) => {
  await roll(page, "fair", 3);
  const before = await left(page);
  await page.click("#trace-id a");
  // For JSON a browser also asks for /favicon.ico, which is not there.
  await page.waitForURL(`${world.quick}/api/trace/${before.trace}`);
  const lines = (await page.textContent("body")).split("\n");
  assert.ok(lines.length > 50, `${lines.length} lines`);
  assert.ok(lines.includes(`  "trace_id": "${before.trace}",`), lines.slice(0, 5).join());
  await page.goBack();
  assert.deepEqual(await left(page), before);
}));
