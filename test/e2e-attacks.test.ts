/** The administrator's page of attacks and limits in Chromium, while an attack goes on. */
import { mkdirSync, readFileSync } from "node:fs";
import { AxeBuilder } from "@axe-core/playwright";
import { definePolicy } from "aegis";
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
const open = () =>
  startHub(
    definePolicy({
      preset: "education",
      environment: "development",
      transport: { trustedProxies: ["127.0.0.1"] },
      password: { argon2: cheapHash },
    }),
  );
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

const from = (address: string, request: { method?: "POST"; url: string; payload?: object }) =>
  hub.app.inject({ ...request, headers: { "x-forwarded-for": address } });
const guess = (address: string, username: string) =>
  from(address, { method: "POST", url: "/api/login", payload: { username, password: PASSWORD } });
const BAD = "198.51.100.66";
/** The hub's clock stands still; what is counted shows once it has moved. */
const show = () => hub.clock.advance(2);

async function attack(): Promise<void> {
  for (let place = 0; place < 30; place++) await guess(BAD, `from-a-list-${place}`);
  for (let place = 0; place < 110; place++) await from("2001:db8::7", { url: `/api/nothing-${place}` });
  await expect.poll(async () => (await from("2001:db8::7", { url: "/health" })).statusCode).toBe(429);
  show();
}

describe.each([
  ["light", 1280],
  ["dark", 1280],
  ["light", 360],
  ["dark", 320],
] as const)("attacks and limits in %s at %i pixels", (theme, width) => {
  it("are empty at first, show an attack as it comes, and let a ban be lifted and a session be ended", async () => {
    hub = await open();
    const { context, page, complaints } = await visit({ dark: theme === "dark", width });
    const name = (part: string) => `attacks-${theme}-${width}-${part}`;
    const secret = await newPerson(page, "overseer", ["user", "admin"]);
    await page.getByRole("button", { name: /^Account of/ }).click();
    await page.getByRole("menuitem", { name: "Attacks and limits" }).click();
    await page.getByText("No pattern of an attack").waitFor();
    await page.getByText("Nobody is banned").waitFor();
    await page.getByText(/^\W?Live$/).waitFor();
    await look(page, name("empty"));

    await attack();
    // Nobody asks: the stream brings it.
    await page.getByRole("heading", { name: "Credential stuffing" }).waitFor();
    await page.getByRole("heading", { name: "Enumeration" }).waitFor();
    await page.getByText("30 failures in the last hour", { exact: false }).waitFor();
    const table = page.getByRole("region", { name: "Most limited addresses" });
    await table.getByRole("row", { name: /2001:db8::7.*Banned/ }).waitFor();
    await look(page, name("attack"));

    const first = () => table.getByRole("rowheader").first().textContent();
    await table.getByRole("button", { name: "Address" }).focus();
    await page.keyboard.press("Enter");
    await expect.poll(first).toBe("127.0.0.1");
    await page.keyboard.press("Enter");
    await expect.poll(first).toBe("2001:db8::7");
    expect(new URL(page.url()).searchParams.get("sort")).toBe("-address");
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download the addresses (CSV)" }).click(),
    ]);
    const lines = readFileSync(await file.path(), "utf8").split("\r\n");
    expect([file.suggestedFilename(), lines[0]?.split(",")[0], lines.length]).toEqual([
      "addresses.csv",
      '"address"',
      5,
    ]);
    expect(lines[1]).toMatch(/^"2001:db8::7","banned","\d+",/);

    await page.getByRole("listitem").getByRole("button", { name: "Lift the ban of 2001:db8::7" }).click();
    await page.getByRole("alertdialog").waitFor();
    await look(page, name("lift"));
    await page.getByRole("button", { name: "Lift the ban", exact: true }).click();
    await page.getByText("The ban of 2001:db8::7 is lifted.").waitFor();
    await page.getByText("Nobody is banned").waitFor();
    expect((await from("2001:db8::7", { url: "/health" })).statusCode).toBe(200);

    const guest = await visit();
    await newPerson(guest.page, "pupil");
    await page.getByRole("button", { name: "Refresh the list" }).click();
    await page.getByRole("button", { name: /End the session of pupil/ }).click();
    hub.clock.advance(601); // so that it is asked again who this is
    await page.getByRole("button", { name: "End the session", exact: true }).click();
    await page.getByRole("dialog").getByRole("textbox").fill(totpCode(secret, hub.clock.now()));
    await page.getByText(/The session of pupil \(.*\) has ended./).waitFor();
    await look(page, name("ended"));
    await guest.page.goto("/profile");
    await guest.page.getByLabel("User name or e-mail").waitFor();
    expect([...complaints, ...guest.complaints]).toEqual([]);
    await guest.context.close();
    await context.close();
    await hub.close();
  }, 60_000);
});

describe("the page", () => {
  it("can be paused, says when it is cut off, and takes it up again by itself", async () => {
    hub = await open();
    const { context, page } = await visit();
    await newPerson(page, "overseer", ["user", "admin"]);
    await page.route("**/api/admin/security/stream", (route) => route.abort());
    await page.goto("/admin/security");
    await page.getByText(/^\W?Reconnecting$/).waitFor();
    await look(page, "attacks-reconnecting");
    await page.unroute("**/api/admin/security/stream");
    await page.getByText(/^\W?Live$/).waitFor({ timeout: 15_000 });
    await page.getByRole("button", { name: "Pause" }).focus();
    await page.keyboard.press("Enter");
    await page.getByText(/^\W?Paused$/).waitFor();
    await page.keyboard.press("Enter");
    await page.getByText(/^\W?Live$/).waitFor();
    await context.close();
    await hub.close();
  }, 60_000);

  it("says when it cannot be loaded, and is for administrators alone", async () => {
    hub = await open();
    const { context, page } = await visit();
    await newPerson(page, "overseer", ["user", "admin"]);
    await page.route("**/api/admin/security/*", (route) => route.abort());
    await page.goto("/admin/security");
    await page.getByText("You seem to be offline").waitFor({ timeout: 20_000 });
    await page.unroute("**/api/admin/security/*");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText("No pattern of an attack").waitFor();
    await context.close();
    const other = await visit();
    await newPerson(other.page, "curious");
    await other.page.goto("/admin/security");
    await other.page.getByText("You have no access to this").waitFor();
    await other.context.close();
    await hub.close();
  }, 60_000);
});
