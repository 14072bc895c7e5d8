/** A report as people see it: in light and dark, on a phone, on paper; and with a target that does its worst. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { newKeyRing } from "aegis";
import { checklistKeys, checklistSigner } from "aegis/checklist";
import { assess, attest, framework, htmlReport, parseRun, reportOf, seenRun } from "aegis/report";
import { catalogue } from "aegis/verify";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { axe, inChromium, look, shot } from "./support/e2e.ts";
import { repository, run } from "./support/processes.ts";
import { nastyRun, OUTCOMES, runData } from "./support/run-file.ts";

/** A report is a long page, and axe looks at every part of it. */
const LONG = { timeout: 90_000 };
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "aegis-report-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const { visit } = inChromium(() => "http://127.0.0.1");

/** Every component, most controls passed, as on a system that is nearly well; a third of them, because axe looks at each. */
const whole = runData(
  catalogue
    .flatMap(({ controls }) => controls.filter((_control, at) => at % 3 === 0))
    .map(({ id, room, claim }, at) => ({
      id,
      room,
      claim,
      outcome: at % 7 === 3 ? (OUTCOMES[at % 5] ?? "pass") : "pass",
      headers: ["content-type: text/html; charset=utf-8", `x-long: ${"a".repeat(300)}`],
    })),
);

const now = Date.UTC(2026, 0, 2);
const ring = newKeyRing("EdDSA", 0);
const said = (kind: "attested" | "waived", requirement: string) =>
  attest(
    {
      kind,
      framework: "asvs",
      requirement,
      by: "Ada Byron",
      statement: "Input rules: wiki, page 12",
      now: now - 1000,
      expires: now + 86_400_000,
    },
    checklistSigner(ring),
  );
const statements = [said("attested", "2.1.1"), said("waived", "2.1.2"), { word: "of honour" }];

/** With all 345 requirements of ASVS. */
function page(name: string, data: unknown): string {
  const file = join(folder, `${name}.html`);
  const text = JSON.stringify(data);
  const read = parseRun(text);
  const asvs = assess({
    framework: framework("asvs"),
    run: seenRun(read, text),
    statements,
    keys: checklistKeys(ring.keys.map(({ jwk }) => jwk)),
    now,
  });
  writeFileSync(file, htmlReport(reportOf(read, { now, assessments: [asvs] })));
  return pathToFileURL(file).href;
}

describe("a report in the browser", () => {
  it.each([
    ["light", {}],
    ["dark", { dark: true }],
    ["phone", { width: 390 }],
    ["phone-dark", { width: 390, dark: true }],
  ])("is whole, fits and has nothing for axe to find: %s", LONG, async (name, options) => {
    const { page: tab, complaints, context } = await visit(options);
    const asked: string[] = [];
    tab.on("request", (request) => asked.push(request.url()));
    const address = page("whole", whole);
    await tab.goto(address);
    await look(tab, `report-${name}`);
    expect(await tab.getByRole("heading", { level: 1 }).textContent()).toBe("Security report: The hub");
    // One chapter open, and the exchange that its first row leads to.
    const chapter = tab.locator("details.chapter").nth(2);
    expect(await chapter.locator("table").isVisible()).toBe(false);
    await chapter.locator("summary").click();
    await look(tab, `report-${name}-chapter`);
    const link = chapter.locator("a[href^='#exchange-']").first();
    const exchange = tab.locator(`[id="${(await link.getAttribute("href"))?.slice(1)}"]`);
    expect(await exchange.isVisible()).toBe(false);
    await link.click();
    await exchange.waitFor({ state: "visible" });
    expect(await exchange.textContent()).toMatch(/^> [A-Z]+ https:\/\/hub\.example/);
    expect([asked, complaints]).toEqual([[address], []]);
    await context.close();
  });

  it("on paper is light, whatever the screen is, and has nothing for axe to find", LONG, async () => {
    const { page: tab, context } = await visit({ dark: true });
    await tab.goto(page("whole", whole));
    await tab.emulateMedia({ media: "print" });
    expect(await tab.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)).toBe(
      "rgb(255, 255, 255)",
    );
    // Paper has nothing to click on: what is folded on a screen is there.
    expect(await tab.locator("details.chapter table").first().isVisible()).toBe(true);
    await axe(tab, "print");
    await shot(tab, "report-print");
    await context.close();
  });

  it("runs nothing and asks for nothing, whatever the target said", LONG, async () => {
    const { page: tab, complaints, context } = await visit();
    tab.on("dialog", (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    for (const data of fc.sample(nastyRun(), 12)) {
      const asked: string[] = [];
      const note = (request: { url(): string }): void => void asked.push(request.url());
      tab.on("request", note);
      const address = page("nasty", data);
      await tab.goto(address);
      tab.off("request", note);
      expect([asked, complaints]).toEqual([[address], []]);
    }
    await look(tab, "report-nasty");
    await context.close();
  });
});

describe("a report as PDF", () => {
  it("is printed by Chromium; without one the command says what to do", LONG, async () => {
    writeFileSync(join(folder, "run.json"), JSON.stringify(whole));
    const aegis = (env: Record<string, string>) =>
      run(
        process.execPath,
        [
          join(repository, "packages/aegis-cli/bin/aegis.mjs"),
          ..."report --from run.json --format pdf --out out.pdf".split(" "),
        ],
        { NO_COLOR: "1", ...env },
        folder,
      );
    const made = aegis({});
    expect([await made.ended(), made.output()]).toEqual([0, "wrote out.pdf\n"]);
    expect(readFileSync(join(folder, "out.pdf")).subarray(0, 5).toString()).toBe("%PDF-");
    const none = aegis({ CHROMIUM_PATH: join(folder, "nowhere") });
    expect([await none.ended(), none.output()]).toEqual([
      2,
      expect.stringMatching(
        /error: A PDF is printed by Chromium, and there is none[\s\S]*hint: .*--format html/,
      ),
    ]);
  });
});
