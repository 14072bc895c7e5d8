/** The administrator's page of the audit log in Chromium: found, searched, touched, away. */
import { mkdirSync } from "node:fs";
import { AxeBuilder } from "@axe-core/playwright";
import { definePolicy } from "aegis";
import { memoryStores } from "aegis/fastify";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { totpCode } from "./support/authenticator.ts";
import { launchChromium } from "./support/chromium.ts";
import { cheapHash, startHub } from "./support/hub.ts";

const PASSWORD = "harbour violet eleven spoons";
const shots = process.env["SCREENSHOTS"];
if (shots !== undefined) mkdirSync(shots, { recursive: true });

let browser: Browser;
let hub: Awaited<ReturnType<typeof startHub>>;
let stores = memoryStores();
const open = () => {
  stores = memoryStores();
  return startHub(
    definePolicy({
      preset: "education",
      environment: "development",
      transport: { trustedProxies: ["127.0.0.1"] },
      password: { argon2: cheapHash },
    }),
    stores,
  );
};
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
});

async function visit({ dark = false, width = 1280 } = {}) {
  const context = await browser.newContext({
    baseURL: hub.origin,
    colorScheme: dark ? "dark" : "light",
    viewport: { width, height: 900 },
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      complaints.push(message.text());
  });
  return { context, page, complaints };
}

/** Nothing for axe to find, nothing wider than the window, and a picture on request. */
async function look(page: Page, name: string): Promise<void> {
  await page.waitForFunction(() => document.querySelector("[aria-busy=true]") === null);
  if (shots !== undefined) await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true });
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(
    violations.map(
      ({ id, nodes }) => `${name}: ${id}: ${nodes.map(({ target }) => String(target)).join(" | ")}`,
    ),
  ).toEqual([]);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect([name, over]).toEqual([name, expect.toSatisfy((pixels: number) => pixels <= 0)]);
}

async function enter(page: Page, username: string, password: string): Promise<void> {
  await page.goto("/login");
  await page.getByLabel("User name or e-mail").fill(username);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}
const arrived = (page: Page) => page.getByRole("button", { name: /^Account of/ }).waitFor();

/** The secret of their authenticator app, for those who must have one. */
async function newPerson(page: Page, username: string, roles: readonly string[] = ["user"]): Promise<string> {
  await hub.app.aegis.createAccount({ username, password: PASSWORD, roles });
  await enter(page, username, PASSWORD);
  if (!roles.includes("admin")) {
    await arrived(page);
    return "";
  }
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.getByRole("button", { name: /authenticator app/ }).click();
  const secret = await page
    .getByText(/^[A-Z2-7 ]{32,}$/)
    .first()
    .textContent();
  const plain = (secret ?? "").replaceAll(" ", "");
  await page.getByLabel(/Type in the code/).fill(totpCode(plain, hub.clock.now()));
  await page.getByLabel("I have kept them").check();
  await page.getByRole("button", { name: /Done|Go on|Continue/ }).click();
  await arrived(page);
  return plain;
}

describe.each([
  ["light", 1280],
  ["dark", 1280],
  ["light", 320],
  ["dark", 320],
] as const)("the audit log in %s at %i pixels", (theme, width) => {
  it(
    "shows what happened and that it is whole, finds it, and says so when it was touched or cannot be read",
    { timeout: 120_000 },
    async () => {
      hub = await open();
      const { context, page, complaints } = await visit({ dark: theme === "dark", width });
      const name = (part: string) => `audit-${theme}-${width}-${part}`;
      await newPerson(page, "overseer", ["user", "admin"]);
      await hub.settled();
      await page.getByRole("button", { name: /^Account of/ }).click();
      await page.getByRole("menuitem", { name: "Audit log" }).click();
      await page.getByRole("heading", { level: 1, name: "Audit log" }).waitFor();
      const entries = page.getByRole("list", { name: "Entries" });
      await entries.getByText("The second step was turned on").waitFor();
      await page.getByText(/^\W?Whole$/).waitFor();
      await look(page, name("whole"));

      await page.getByLabel("Kind").selectOption("session.");
      await page.getByLabel("Outcome").selectOption("success");
      await page.getByRole("button", { name: "Search" }).click();
      await entries.getByText("The second step was turned on").waitFor({ state: "detached" });
      await entries.getByText("Signed in", { exact: true }).waitFor();
      expect(new URL(page.url()).search).toContain("event=session.");
      await page.getByLabel("Address").fill("203.0.113.77");
      await page.getByRole("button", { name: "Search" }).click();
      await page.getByText("No such entries").waitFor();
      await look(page, name("none"));
      await page.getByRole("button", { name: "Show all" }).click();
      await page
        .getByRole("button", { name: /^All entries of the person/ })
        .first()
        .click();
      await expect.poll(() => new URL(page.url()).search).toContain("user_id=");

      const found = stores.auditLog.page.bind(stores.auditLog);
      const lines = stores.auditLog.lines.bind(stores.auditLog);
      stores.auditLog.page = async (query) =>
        (await found(query)).map((entry, n) => (n === 0 ? { ...entry, record: {} } : entry));
      stores.auditLog.lines = async (...asked) =>
        (await lines(...asked)).map(({ seq, line }) => ({
          seq,
          line: seq === 1 ? line.replace("success", "failure") : line,
        }));
      hub.clock.advance(11);
      await page.goto("/admin/audit");
      await page.getByText("Entry 1 was changed.", { exact: false }).waitFor();
      await page.getByText("What stands here is not what was written").waitFor();
      await look(page, name("touched"));

      stores.auditLog.head = async () => {
        throw Object.assign(new Error("away"), { code: "ECONNREFUSED" });
      };
      await page.goto("/admin/audit");
      await page.getByRole("button", { name: "Try again" }).waitFor();
      await look(page, name("away"));
      expect(complaints).toEqual([]);
      await context.close();
      await hub.close();
    },
  );
});
