/** What the tests in Chromium share: a browser for a file, somebody's visit, and what is looked at on every page. */
import { mkdirSync } from "node:fs";
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { totpCode } from "./authenticator.ts";
import { PASSWORD } from "./browser-like.ts";
import { launchChromium } from "./chromium.ts";
import type { startHub } from "./hub.ts";

type Hub = Awaited<ReturnType<typeof startHub>>;

/** A directory for pictures of every page that is looked at; without it there are none. */
const shots = process.env["SCREENSHOTS"];
if (shots !== undefined) mkdirSync(shots, { recursive: true });

export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the browser complained of: errors, and violations of the page policy. */
  readonly complaints: string[];
}
export interface VisitOptions {
  readonly dark?: boolean;
  readonly width?: number;
  readonly origin?: string;
}

/** One browser for the tests of a file; every visit is a profile of its own, with those permissions. */
export function inChromium(originOf: () => string, permissions: string[] = []) {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  const newContext = (options: BrowserContextOptions = {}): Promise<BrowserContext> =>
    browser.newContext(options);
  async function visit(options: VisitOptions = {}): Promise<Visit> {
    const { dark = false, width = 1280, origin = originOf() } = options;
    const context = await newContext({
      baseURL: origin,
      colorScheme: dark ? "dark" : "light",
      viewport: { width, height: 900 },
      reducedMotion: "reduce",
      permissions,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      // An answer of 401 or 404 is expected where a test asks for it; Chromium logs each.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
        complaints.push(message.text());
    });
    return { page, context, complaints };
  }
  return { visit, newContext };
}

/** A picture on request. */
export async function shot(page: Page, name: string): Promise<void> {
  if (shots !== undefined) await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true });
}

/** Nothing for axe to find. */
export async function axe(page: Page, name = ""): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(
    violations.map(
      ({ id, nodes }) => `${name}: ${id}: ${nodes.map(({ target }) => String(target)).join(" | ")}`,
    ),
  ).toEqual([]);
}

/** A page that has loaded: a picture, nothing for axe to find, nothing wider than the window. */
export async function look(page: Page, name: string): Promise<void> {
  await page.waitForFunction(() => document.querySelector("[aria-busy=true]") === null);
  await page.evaluate(() => window.scrollTo(0, 0)); // the head of the page stays where the window is
  await shot(page, name);
  await axe(page, name);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect([name, over]).toEqual([name, expect.toSatisfy((pixels: number) => pixels <= 0)]);
}

/** On the page that asks for it. */
export async function signIn(page: Page, login: string, password = PASSWORD): Promise<void> {
  await page.getByLabel("User name or e-mail").fill(login);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** By way of the sign-in page; whoever calls says what is to come up then. */
export async function enter(page: Page, login: string, password = PASSWORD, next?: string): Promise<void> {
  await page.goto(next === undefined ? "/login" : `/login?next=${next}`);
  await signIn(page, login, password);
}

export const arrived = (page: Page): Promise<void> =>
  page.getByRole("button", { name: /^Account of/ }).waitFor();

/** A new account, signed in. The secret of their authenticator app, for those who must have one. */
export async function newPerson(
  hub: Hub,
  page: Page,
  username: string,
  roles: readonly string[] = ["user"],
): Promise<string> {
  await hub.app.aegis.createAccount({ username, password: PASSWORD, roles });
  await enter(page, username);
  const secret = roles.includes("admin") ? await setUpAuthenticator(hub, page) : "";
  await arrived(page);
  return secret;
}

async function setUpAuthenticator(hub: Hub, page: Page): Promise<string> {
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.getByRole("button", { name: /authenticator app/ }).click();
  const shown = await page
    .getByText(/^[A-Z2-7 ]{32,}$/)
    .first()
    .textContent();
  const secret = (shown ?? "").replaceAll(" ", "");
  await page.getByLabel(/Type in the code/).fill(totpCode(secret, hub.clock.now()));
  await page.getByLabel("I have kept them").check();
  await page.getByRole("button", { name: /Done|Go on|Continue/ }).click();
  return secret;
}
