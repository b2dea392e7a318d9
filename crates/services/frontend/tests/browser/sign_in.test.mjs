// Signing in: the name is set, shown, kept and removed, and scripts and other sites have no access to it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertAccessible, launch, roll, says, visit, world } from "./support.mjs";

const ELSEWHERE = "http://elsewhere.test/";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

async function signIn(page, name) {
  await page.fill("#name", name);
  await page.press("#name", "Enter");
  return says(page, ".visitor", /Signed in as/);
}

test("signing in and out works with the keyboard alone", () => visit(browser, world.quick, {}, async (page) => {
  await page.keyboard.press("Tab");
  await page.keyboard.type("Ada Lovelace");
  await page.keyboard.press("Enter");
  await says(page, ".visitor", /^\s*Signed in as Ada Lovelace\s+Sign out\s+Only a name, no password/);
  assert.equal(page.url(), `${world.quick}/`);
  assert.match(await roll(page, "fair"), /^[1-6] fair/);
  await page.reload();
  await says(page, ".visitor", /Signed in as Ada Lovelace/);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Sign out");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#name");
  assert.equal(await page.inputValue("#name"), "");
}));

test("signing in and rolling work without JavaScript", () => visit(browser, world.quick, { javaScriptEnabled: false }, async (page) => {
  await page.getByLabel("Your name").fill("Grace");
  await page.getByRole("button", { name: "Sign in" }).click();
  assert.match(await page.textContent(".visitor"), /Signed in as Grace/);
  await page.click("#roll");
  assert.equal(page.url(), `${world.quick}/roll?die=fair`);
  assert.match(await page.textContent(".visitor"), /Signed in as Grace/);
  await page.getByRole("button", { name: "Sign out" }).click();
  assert.equal(page.url(), `${world.quick}/`);
  assert.ok(await page.getByLabel("Your name").isVisible());
}));

test("an invalid name is explained next to the field", () => visit(browser, world.quick, { expected: [422] }, async (page) => {
  await page.fill("#name", "   ");
  await page.press("#name", "Enter");
  const problem = page.getByRole("alert");
  await problem.waitFor();
  assert.match(await problem.textContent(), /^Not signed in: a name has 1 to 32 characters/);
  const input = page.getByLabel("Your name");
  assert.equal(await input.getAttribute("aria-invalid"), "true");
  await assertAccessible(page, "after a mistake");
  await signIn(page, "Ada");
  await assertAccessible(page, "signed in");
}));

for (const viewport of [{ width: 360, height: 740 }, { width: 1280, height: 800 }]) {
  test(`the longest name fits into ${viewport.width} px`, () => visit(browser, world.quick, { viewport }, async (page) => {
    await signIn(page, "W".repeat(32));
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(overflow <= 0, `${overflow} px`);
  }));
}

test("markup in a name is text", () => visit(browser, world.quick, {}, async (page) => {
  const markup = "<img src=x onerror=hacked=1>\"'";
  assert.ok((await signIn(page, markup)).includes(markup));
  assert.equal(await page.locator("img").count(), 0);
  assert.equal(await page.evaluate(() => window.hacked), undefined);
}));

test("no script reads the cookies, and both end with the browser", () => visit(browser, world.quick, {}, async (page) => {
  await signIn(page, "Ada");
  assert.equal(await page.evaluate(() => document.cookie), "");
  const cookies = await page.context().cookies();
  assert.deepEqual(cookies.map(({ name }) => name).sort(), ["name", "session"]);
  for (const { httpOnly, sameSite, expires } of cookies) {
    assert.deepEqual([httpOnly, sameSite, expires], [true, "Lax", -1]);
  }
}));

test("another site cannot sign a visitor out", () => visit(browser, world.quick, {}, async (page) => {
  await signIn(page, "Ada");
  const form = `<!doctype html><form method="post" action="${world.quick}/sign-out"><button>Win</button></form>`;
  await page.route(`${ELSEWHERE}**`, (route) => route.fulfill({ contentType: "text/html", body: form }));
  await page.goto(ELSEWHERE);
  await page.click("button");
  await page.waitForURL(`${world.quick}/`);
  await page.goto(world.quick);
  await says(page, ".visitor", /Signed in as Ada/);
  page.requested = page.requested.filter((url) => !url.startsWith(ELSEWHERE));
}));
