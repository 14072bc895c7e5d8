/** The security area in Chromium when something goes wrong while it is open: answers that fail, sessions and bans that end. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { definePolicy } from "aegis";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inChromium, look, newPerson } from "./support/e2e.ts";
import { cheapHash, startHub } from "./support/hub.ts";
import { runData } from "./support/run-file.ts";
import { nowhere } from "./support/upkeep.ts";

type Hub = Awaited<ReturnType<typeof startHub>>;
const BAD = "198.51.100.66";
const policy = definePolicy({
  preset: "education",
  environment: "development",
  transport: { trustedProxies: ["127.0.0.1"] },
  password: { argon2: cheapHash },
});

let hub: Hub;
let proofs: string;
let page: Page;
const { visit } = inChromium(() => hub.origin);

const saved = (name: string, origin: string, hour: number, second: "pass" | "fail") => {
  const at = (minute: number): string => `2026-01-01T0${hour}:0${minute}:00.000Z`;
  const findings = Object.entries({ one: "pass", two: second } as const).map(([id, outcome]) => ({
    id: `headers.${id}`,
    room: "headers",
    outcome,
    observed: `seen at ${origin}`,
  }));
  const run = runData(findings, { origin, startedAt: at(0), endedAt: at(1) });
  writeFileSync(join(proofs, `${name}.json`), JSON.stringify(run));
};

beforeAll(async () => {
  proofs = mkdtempSync(join(tmpdir(), "aegis-e2e-security-area-"));
  saved("1", "https://old.example", 1, "pass");
  saved("2", "https://old.example", 2, "fail");
  saved("3", "https://new.example", 3, "pass");
  hub = await startHub(policy, { places: { proofsDirectory: proofs, ...nowhere } });
});
afterAll(async () => {
  await hub.close();
  rmSync(proofs, { recursive: true });
});

/** A page of its own for whoever watches over the hub. */
async function overseer(name: string) {
  const own = await visit();
  ({ page } = own);
  await newPerson(hub, page, name, ["user", "admin"]);
  return own;
}
/** The server stumbles over these questions until it is called off. */
async function stumbling(questions: string): Promise<() => Promise<void>> {
  await page.route(questions, (route) =>
    route.fulfill({
      status: 500,
      contentType: "application/problem+json",
      body: JSON.stringify({
        title: "Internal error",
        detail: "Something went wrong on the server.",
        code: "AEGIS_INTERNAL",
      }),
    }),
  );
  return () => page.unroute(questions);
}
const press = (name: string) => page.getByRole("button", { name, exact: true }).click();

/** Pages not there, until the address is banned. */
async function ban(): Promise<void> {
  for (let times = 0; times < 130; times++)
    await hub.app.inject({ url: `/api/nothing-${times}`, headers: { "x-forwarded-for": BAD } });
}

describe("the security area, when something fails while it is open", { timeout: 60_000 }, () => {
  it("keeps what was there, says that it may be old, and of which part", async () => {
    const { context, complaints } = await overseer("watcher");
    await page.goto("/admin/security/sessions");
    await page.getByRole("link", { name: "watcher" }).waitFor();
    let mend = await stumbling("**/api/admin/sessions*");
    await press("Refresh the list");
    await page
      .getByText("What is shown may be old: it could not be asked again. Something went wrong on the server.")
      .waitFor();
    await page.getByRole("link", { name: "watcher" }).waitFor();
    await look(page, "security-area-old");
    await mend();
    await press("Try again");
    await expect.poll(() => page.getByText("What is shown may be old").count()).toBe(0);

    await page.goto("/admin/security");
    const summary = page.getByText(/things? (is|are|must|should)/).first();
    await summary.waitFor();
    mend = await stumbling("**/api/admin/{users-at-risk,upkeep}");
    await press("Look again");
    await page.getByText("Shown as it was before: People, Upkeep.").waitFor();
    expect(await summary.count()).toBe(0);
    await page.reload();
    await page.getByText("Not known now: People, Upkeep.").waitFor();
    await page
      .getByRole("list", { name: "What is looked at" })
      .getByText("Audit log", { exact: true })
      .waitFor();
    await look(page, "security-area-missing");
    await mend();
    await press("Try again");
    await summary.waitFor();
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("asks whoever was signed out to sign in, and leads back to what was looked for", async () => {
    const { context } = await overseer("returning");
    await page.goto("/admin/audit?event=session.&outcome=success");
    await page.getByRole("heading", { name: "State of the chain" }).waitFor();
    await context.clearCookies();
    await page.getByLabel("Outcome").selectOption("failure");
    await press("Search");
    const way = page.getByRole("main").getByRole("link", { name: "Sign in", exact: true });
    const next = new URL((await way.getAttribute("href")) ?? "", hub.origin).searchParams.get("next");
    expect(next).toBe("/admin/audit?event=session.&outcome=failure");
    await context.close();
  });

  it("leads from what moved the score to the control of the same target", async () => {
    const { context } = await overseer("reader");
    await page.goto("/admin/security/posture?target=https://old.example");
    await page.locator("#causes").getByRole("link", { name: "The claim of headers.two holds" }).click();
    await page.getByRole("heading", { level: 1, name: "headers.two" }).waitFor();
    await page.locator("#history").getByText("seen at https://old.example").first().waitFor();
    expect(new URL(page.url()).searchParams.get("target")).toBe("https://old.example");
    await context.close();
  });

  it("asks about the same ban until it is answered, and shows in sight why it was not lifted", async () => {
    const { context } = await overseer("lifter");
    await ban();
    await page.goto("/admin/security/attacks");
    const mend = await stumbling("**/api/admin/bans/*/lift");
    const lift = page.locator("#bans").getByRole("button", { name: `Lift the ban of ${BAD}` });
    await lift.click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Lift the ban" }).click();
    const trouble = page.getByRole("alert").filter({ hasText: "Something went wrong on the server." });
    await trouble.waitFor();
    const inSight = () =>
      trouble.evaluate((box) => {
        const { top, bottom } = box.getBoundingClientRect();
        return top >= 0 && bottom <= window.innerHeight;
      });
    await expect.poll(inSight).toBe(true);
    await mend();

    await lift.click();
    const question = page.getByRole("heading", { name: `Lift the ban of ${BAD}?` });
    await question.waitFor();
    hub.clock.advance(301); // it ends by itself, and the stream takes it out of the picture
    await page.getByText("Nobody is banned").waitFor();
    expect(await question.count()).toBe(1);
    await context.close();
  });

  it("leads back from a page of sessions that is empty by now", async () => {
    const { context } = await overseer("pager");
    await page.goto("/admin/security/sessions?page=3");
    await page.getByText("No sessions on this page").waitFor();
    await press("Earlier page");
    await page.getByRole("link", { name: "pager" }).waitFor();
    expect(new URL(page.url()).search).toBe("");
    await context.close();
  });

  it("leaves the focus on the button that asks again, and takes no second press meanwhile", async () => {
    const { context } = await overseer("typist");
    await page.goto("/admin/security/sessions");
    await page.getByRole("link", { name: "typist" }).waitFor();
    let asked = 0;
    const waits = Promise.withResolvers<void>();
    await page.route("**/api/admin/sessions*", async (route) => {
      asked += 1;
      await waits.promise;
      await route.continue();
    });
    const button = page.getByRole("button", { name: "Refresh the list" });
    await button.focus();
    await page.keyboard.press("Enter");
    await page.locator("button[aria-busy=true]").waitFor();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Space");
    waits.resolve();
    await expect.poll(() => page.locator("button[aria-busy=true]").count()).toBe(0);
    expect(await button.evaluate((one) => one === document.activeElement)).toBe(true);
    expect(asked).toBe(1);
    await context.close();
  });
});
