// What a browser makes of the HTML report: problems on standard error and exit 1, or figures on standard output.
//
//   node check.mjs FOLDER-WITH-NODE_MODULES TASK.json
//
// The task, with the pages and what is to be expected of them, is written by tests/it/html.rs. Pictures go to its folder.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const installed = createRequire(join(process.argv[2], "package.json"));
const puppeteer = installed("puppeteer-core");
const { HtmlValidate, StaticConfigLoader } = installed("html-validate");
const axe = readFileSync(installed.resolve("axe-core/axe.min.js"), "utf8");
const task = JSON.parse(readFileSync(process.argv[3], "utf8"));

const problems = [];
const wrong = (page, what) => problems.push(`${page.name}: ${what}`);
const equal = (page, what, got, wanted) => got === wanted || wrong(page, `${what}: ${got}, not ${wanted}`);

// A page that may load itself and nothing else, and what goes wrong on it.
async function open(browser, page, { width = 1280, scheme = "light", script = true, wait = "load" } = {}) {
  const tab = await browser.newPage();
  const url = pathToFileURL(page.path).href;
  await tab.setViewport({ width, height: 900 });
  await tab.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await tab.setJavaScriptEnabled(script);
  tab.on("console", (message) => wrong(page, `console ${message.type()}: ${message.text()}`));
  tab.on("pageerror", (error) => wrong(page, `error: ${error.message}`));
  tab.on("dialog", async (dialog) => {
    wrong(page, `dialog: ${dialog.message()}`);
    await dialog.dismiss();
  });
  await tab.setRequestInterception(true);
  tab.on("request", (request) => {
    if (request.url().split("#")[0] === url) return request.continue();
    wrong(page, `asked for ${request.url().slice(0, 100)}`);
    return request.abort();
  });
  await tab.evaluateOnNewDocument(() => {
    window.refused = [];
    document.addEventListener("securitypolicyviolation", (event) => window.refused.push(event.violatedDirective));
  });
  const begin = performance.now();
  await tab.goto(url, { waitUntil: wait });
  return { tab, begin };
}

async function close(page, tab, script = true) {
  if (script) {
    const refused = await tab.evaluate(() => window.refused.concat(window.pwned ? ["pwned"] : []));
    if (refused.length) wrong(page, `refused by its policy, or run: ${refused}`);
  }
  await tab.close();
}

// Everything open, so that everything is judged.
const openAll = (tab) => tab.evaluate(() => document.querySelectorAll("details").forEach((each) => { each.open = true; }));

async function accessible(page, tab, what) {
  await tab.evaluate(axe);
  const violations = await tab.evaluate(async () => {
    const found = await window.axe.run(document, { resultTypes: ["violations"] });
    return found.violations.map((each) => [each.impact, each.id, each.nodes[0].html.slice(0, 200), each.nodes[0].failureSummary]);
  });
  for (const [impact, id, html, why] of violations) {
    wrong(page, `${what}: axe: ${impact} ${id}: ${html}\n    ${why}`);
  }
}

function valid(page) {
  const rules = {
    // The end tags of <dt> and <dd> are left out, as HTML allows: fifty thousand findings have them.
    "no-implicit-close": "off",
  };
  const validator = new HtmlValidate(new StaticConfigLoader({ extends: ["html-validate:standard"], rules }));
  const report = validator.validateStringSync(readFileSync(page.path, "utf8"));
  for (const each of report.results.flatMap((result) => result.messages).slice(0, 10)) {
    wrong(page, `html-validate: ${each.line}:${each.column} ${each.ruleId}: ${each.message}`);
  }
}

async function small(browser, page) {
  valid(page);
  for (const scheme of ["light", "dark"]) {
    for (const width of [1280, 390]) {
      const { tab } = await open(browser, page, { width, scheme });
      const picture = (part) => join(task.folder, `${page.name}.${width}.${scheme}${part}.png`);
      await tab.screenshot({ path: picture(""), fullPage: true });
      await openAll(tab);
      if (width === 1280) await tab.screenshot({ path: picture(".open"), fullPage: true });
      await accessible(page, tab, `${scheme}, ${width} px`);
      const wide = await tab.evaluate(() => document.documentElement.scrollWidth);
      if (wide > width) wrong(page, `${wide} px wide in a window of ${width}`);
      await close(page, tab);
    }
  }
  const { tab } = await open(browser, page);
  await tab.pdf({ path: join(task.folder, `${page.name}.pdf`), format: "A4", printBackground: true });
  await close(page, tab);
  await skipLink(browser, page);
}

async function skipLink(browser, page) {
  const { tab } = await open(browser, page);
  await tab.keyboard.press("Tab");
  equal(page, "the first thing to tab to", await tab.evaluate(() => document.activeElement.className), "skip");
  await tab.keyboard.press("Enter");
  equal(page, "where it leads", await tab.evaluate(() => document.activeElement.id), "main");
  await close(page, tab);
}

const shown = (tab) => tab.$eval("#shown", (each) => each.textContent);

// Waits for what the reader is told, which is what a screen reader is told too.
async function said(page, tab, what, wanted) {
  try {
    await tab.waitForFunction((words) => document.getElementById("shown").textContent.startsWith(words), { timeout: 20000 }, wanted);
  } catch {
    equal(page, what, await shown(tab), wanted);
  }
}

// What can be seen: findings of pools that are shown, and rows of the matrix.
const seen = (tab) => tab.evaluate(() => [
  document.querySelectorAll("#matrix tbody tr:not([hidden])").length,
  document.querySelectorAll("#list details.pool:not([hidden])").length,
]);

async function filters(browser, page) {
  const { tab } = await open(browser, page);
  const of = (n) => `${n} of ${page.listed} findings`;
  await said(page, tab, "at first", `${of(page.listed)}, ${page.pools} of ${page.pools} pools`);
  await tab.select("#by-v", "fail");
  await said(page, tab, "verdict", of(page.fails));
  await tab.select("#by-v", "");
  await tab.select("#by-g", "a");
  await said(page, tab, "gate", of(page.gates));
  await tab.click("#filter button[type=reset]");
  await said(page, tab, "cleared", of(page.listed));
  const owner = await tab.$$eval("#by-o option", (all) => all.find((each) => each.textContent === "team-3").value);
  await tab.select("#by-o", owner);
  await tab.waitForFunction((words) => document.getElementById("shown").textContent.includes(words), {}, `${page.owned} of ${page.pools} pools`);
  equal(page, "rows of an owner", (await seen(tab)).join(), `${page.owned},${page.owned}`);
  await tab.select("#by-o", "");
  for (const name of ["a", "n"]) {
    await tab.select(`#by-${name}`, "0");
    await said(page, tab, `filter ${name}`, of(page.listed));
    await tab.select(`#by-${name}`, "");
  }
  await tab.type("#q", "customers-003 lite");
  await said(page, tab, "text of a pool and a finding", "0 of");
  await tab.$eval("#q", (each) => { each.value = ""; });
  await tab.type("#q", "customers-000 LITE");
  await said(page, tab, "text", "1 of");
  equal(page, "rows of a text", (await seen(tab)).join(), "1,1");
  // A few findings are opened at once.
  equal(page, "findings in view", await tab.$$eval("#list details.pool[open]:not([hidden]) .fs > details:not([hidden])", (all) => all.length), 1);
  await tab.$eval("#q", (each) => { each.value = ""; });
  await tab.type("#q", "no such thing");
  await said(page, tab, "nothing", "0 of");
  equal(page, "words for nothing", await tab.$eval("#none", (each) => each.hidden), false);
  await tab.screenshot({ path: join(task.folder, `${page.name}.nothing.png`) });
  await tab.click("#filter button[type=reset]");
  await said(page, tab, "cleared again", of(page.listed));
  // From the matrix to the findings.
  await tab.click("#matrix tbody tr a");
  equal(page, "opened from the matrix", await tab.$$eval("#list details.pool[open]", (all) => all.length), 1);
  await close(page, tab);

  const plain = await open(browser, page, { script: false });
  equal(page, "findings without scripts", await plain.tab.$$eval("#list .fs > details", (all) => all.length), page.listed);
  equal(page, "filters without scripts", await plain.tab.$eval("#filter", (each) => each.hidden), true);
  await close(page, plain.tab, false);
}

async function hostile(browser, page) {
  valid(page);
  for (const script of [true, false]) {
    const { tab } = await open(browser, page, { script });
    await openAll(tab);
    const odd = await tab.evaluate(() => Array.from(document.querySelectorAll("*"))
      .filter((each) => /^(img|iframe|object|embed|base|link|audio|video)$/.test(each.localName)
        || Array.from(each.attributes).some(({ name }) => /^on|^style$|^src/.test(name)))
      .map((each) => each.outerHTML.slice(0, 100)));
    if (odd.length) wrong(page, `elements of others: ${odd}`);
    equal(page, "scripts", await tab.$$eval("script", (all) => all.length), 1);
    const text = await tab.$eval("body", (each) => each.textContent);
    if (!text.includes("<img src=x onerror=")) wrong(page, "what the account says is not shown");
    if (script) {
      // Filters take texts apart; that must not bring them to life.
      await tab.type("#q", "onerror");
      await tab.waitForFunction(() => !document.getElementById("shown").textContent.startsWith("0 of"));
      await tab.click("#open");
    }
    await close(page, tab, script);
  }
}

async function large(browser, page) {
  const times = [];
  const of = (n) => `${n} of ${page.listed} findings`;
  // The machine may be busy: the best of a few turns counts.
  for (let turn = 0; turn < 5 && (turn < 2 || times.every((each) => each.filtered > task.most_ms)); turn += 1) {
    const { tab, begin } = await open(browser, page, { wait: "domcontentloaded" });
    const ready = performance.now() - begin;
    await tab.select("#by-v", "fail");
    await said(page, tab, "verdict", of(page.fails));
    await tab.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); }));
    times.push({ ready: Math.round(ready), filtered: Math.round(performance.now() - begin) });
    const typed = performance.now();
    await tab.type("#q", "customers-production-4242");
    await said(page, tab, "text", `${page.fails / page.pools} of`);
    times[turn].text = Math.round(performance.now() - typed);
    await tab.click("#filter button[type=reset]");
    await said(page, tab, "cleared", of(page.listed));
    if (turn === 0) {
      await tab.screenshot({ path: join(task.folder, "large.1280.light.png") });
      await tab.click("#matrix tbody tr a");
      await tab.waitForSelector("#list details.pool[open] .fs > details");
      equal(page, "findings of a pool", await tab.$$eval("#list details.pool[open] .fs > details", (all) => all.length), page.listed / page.pools);
      await tab.screenshot({ path: join(task.folder, "large.pool.1280.light.png") });
    }
    await close(page, tab);
  }
  const best = times.reduce((one, other) => (other.filtered < one.filtered ? other : one));
  console.log(`${page.pools} pools: first filter after ${best.filtered} ms (of ${JSON.stringify(times)})`);
  if (best.filtered > task.most_ms) wrong(page, `first filter after ${best.filtered} ms, more than ${task.most_ms}`);

  const { tab } = await open(browser, page, { script: false, wait: "domcontentloaded" });
  equal(page, "findings without scripts", await tab.evaluate(() => document.querySelectorAll("#list .fs details").length), page.listed);
  await close(page, tab, false);
}

const KINDS = { small, filters, hostile, large };
// A container has neither a sandbox for root nor much shared memory.
const options = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
const browser = await puppeteer.launch({
  executablePath: task.chromium, headless: true, args: [...options, "--disable-dev-shm-usage"], protocolTimeout: 120000,
});
try {
  for (const page of task.pages) {
    await KINDS[page.kind](browser, page).catch((error) => wrong(page, error.stack));
  }
} finally {
  await browser.close();
}
if (problems.length) {
  console.error([...new Set(problems)].join("\n"));
  process.exit(1);
}
console.log(`${task.pages.length} pages, pictures in ${task.folder}`);
