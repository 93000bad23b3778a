// A county's page in headless Chromium: 50,000 rows open, are filtered by choice and by word, sorted, leafed through with
// the keyboard, and printed. Usage: node page.mjs INDEX_HTML [PICTURES], with HEDUI_CHROMIUM naming the browser.
//
// The page is one that hedui wrote; its work list is grown to 50,000 rows here, because a centre with as many
// discrepancies in one county takes longer to make than all the rest. Pictures and the PDF go to PICTURES, to be looked at.
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const ROWS = 50_000;
const ON_SCREEN = 100;
const PRINTED = 1_000;
const [NUMBER, SEVERITY, TOWN, PERSON] = [0, 1, 2, 4];

const [source, pictures] = process.argv.slice(2);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "hedui-page-"));

/** The page with its first list grown; numbers count on, and every thousandth person is named so that a search finds 50. */
function grown(page) {
  const embedded = /(<script type="application\/json">)(.*?)(<\/script>)/s;
  const list = JSON.parse(embedded.exec(page)[2]);
  const rows = list.cells.length / list.width;
  assert.ok(rows > 0, "the page has discrepancies");
  const own = (text) => list.texts.push(text) - 1;
  const cells = [];
  for (let row = 0; row < ROWS; row += 1) {
    const like = list.cells.slice((row % rows) * list.width, ((row % rows) + 1) * list.width);
    like[NUMBER] = own(String(row + 1));
    like[PERSON] = own(row % 1000 === 0 ? `欧*燕\n<b>${row}</b>` : `王*${row}\n370141********${row % 10000}`);
    cells.push(...like);
  }
  list.cells = cells;
  const json = JSON.stringify(list).replaceAll("<", "\\u003c");
  return page.replace(embedded, (_, open, __, close) => open + json + close);
}

function pagesOf(pdf) {
  return pdf.toString("latin1").match(/\/Type\s*\/Page\b(?!s)/g).length;
}

const file = path.join(folder, "index.html");
fs.writeFileSync(file, grown(fs.readFileSync(source, "utf8")));
const browser = await chromium.launch({ executablePath: process.env.HEDUI_CHROMIUM ?? "chromium", args: ["--no-sandbox"] });
try {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  const [asked, errors] = [[], []];
  page.on("request", (request) => asked.push(request.url()));
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (line) => line.type() === "error" && errors.push(line.text()));
  await page.goto(pathToFileURL(file).href);

  const list = page.locator("section.list").first();
  const column = (place) => list.locator(`tbody tr td:nth-child(${place + 1})`).allInnerTexts();
  const status = () => list.locator(".shown").innerText();
  const counts = async () => (await status()).match(/\d+/g).map(Number);
  const settled = () => page.waitForTimeout(400);

  // Opening: a screenful of rows in the document, all of them counted.
  assert.equal(await list.locator("tbody tr").count(), ON_SCREEN);
  assert.deepEqual(await counts(), [1, ON_SCREEN, ROWS, ROWS]);
  assert.deepEqual((await column(NUMBER)).slice(0, 3), ["1", "2", "3"]);

  // Sorting: numbers as numbers, twice is backwards; the severities in their order and not in that of their characters.
  const head = (place) => list.locator(`thead th:nth-child(${place + 1})`);
  await head(NUMBER).getByRole("button").click();
  await head(NUMBER).getByRole("button").click();
  assert.equal((await column(NUMBER))[0], String(ROWS));
  assert.equal(await head(NUMBER).getAttribute("aria-sort"), "descending");
  const severities = (await list.locator("select").first().locator("option").allInnerTexts()).slice(1);
  assert.ok(severities.length > 1, "the page has discrepancies of more than one severity");
  await head(SEVERITY).getByRole("button").click();
  assert.ok(severities[0].startsWith((await column(SEVERITY))[0].split("\n")[0]));
  await head(SEVERITY).getByRole("button").click();
  assert.ok(severities.at(-1).startsWith((await column(SEVERITY))[0].split("\n")[0]));

  // Choosing: every row on screen is of that town, and the figure in the choice is the figure found.
  const town = list.locator("select").nth(1);
  const choice = (await town.locator("option").nth(1).innerText()).match(/^(.*) \((\d+)\)$/);
  await town.selectOption("0");
  assert.equal((await counts())[2], Number(choice[2]));
  assert.ok((await column(TOWN)).every((text) => text.split("\n")[0] === choice[1]));
  await list.locator(".clear").click();
  assert.equal((await counts())[2], ROWS);

  // Searching: words in any cell; text that looks like markup is text.
  await list.locator("input").fill("欧*燕");
  await settled();
  assert.equal((await counts())[2], ROWS / 1000);
  assert.equal(await list.locator("tbody b").count(), 0);
  await list.locator("input").fill("欧*燕 没有这个词");
  await settled();
  assert.deepEqual(await counts(), [0, 0, 0, ROWS]);

  // The keyboard alone: from the search to the next page's button and on.
  await list.locator(".clear").click();
  await head(NUMBER).getByRole("button").focus();
  await page.keyboard.press("Enter");
  assert.equal((await column(NUMBER))[0], "1");
  await list.locator(".next").focus();
  await page.keyboard.press("Enter");
  assert.deepEqual((await counts()).slice(0, 2), [ON_SCREEN + 1, 2 * ON_SCREEN]);
  assert.equal((await column(NUMBER))[0], String(ON_SCREEN + 1));
  if (pictures) {
    await page.screenshot({ path: path.join(pictures, "top.png") });
    await list.scrollIntoViewIfNeeded();
    await list.evaluate((element) => element.scrollIntoView());
    await page.screenshot({ path: path.join(pictures, "list.png") });
  }

  // Printing: all rows that match, or as many as paper bears with a line that says so; afterwards one screen again.
  await page.evaluate(() => {
    window.addEventListener("beforeprint", () => {
      const section = document.querySelector("section.list");
      window.seen = [section.querySelectorAll("tbody tr").length, section.querySelector(".printed").textContent];
    });
  });
  await list.locator("input").fill("欧*燕");
  await settled();
  const some = await page.pdf({ preferCSSPageSize: true });
  if (pictures) fs.writeFileSync(path.join(pictures, "print.pdf"), some);
  const [printed, words] = await page.evaluate(() => window.seen);
  assert.equal(printed, ROWS / 1000);
  assert.ok(words.includes("欧*燕") && words.includes(String(ROWS / 1000)), words);
  assert.ok(pagesOf(some) >= 3, "figures, then 50 rows");
  await page.emulateMedia({ media: "print" });
  const headings = await list.locator("thead th").evaluateAll((cells) => cells.map((cell) => [
    getComputedStyle(cell.querySelector("button")).display,
    getComputedStyle(cell, "::before").content,
  ]));
  assert.ok(headings.every(([button, text]) => button === "none" && text.length > 2), "a button is blank on further pages");
  await page.emulateMedia({ media: "screen" });
  assert.match(some.toString("latin1"), /\/MediaBox\s*\[\s*0 0 84[12](\.\d+)? 59[45]/, "A4 landscape");
  await list.locator(".clear").click();
  const all = await page.pdf({ preferCSSPageSize: true });
  const [most, said] = await page.evaluate(() => window.seen);
  assert.equal(most, PRINTED);
  assert.ok(said.includes(String(PRINTED)) && said.includes(String(ROWS)), said);
  assert.ok(pagesOf(all) > pagesOf(some) + 50, "every printed row needs its room");
  assert.equal(await list.locator("tbody tr").count(), ON_SCREEN);

  assert.deepEqual(asked, [pathToFileURL(file).href], "nothing is fetched");
  assert.deepEqual(errors, []);
  console.log(`page: ${ROWS} rows opened, sorted, filtered and printed (${pagesOf(all)} sheets)`);
} finally {
  await browser.close();
  fs.rmSync(folder, { recursive: true });
}
