/** The hub as a person uses it: in Chromium, under the page policy in force. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { definePolicy } from "aegis";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PASSWORD } from "./support/browser-like.ts";
import { arrived, axe, inChromium, shot } from "./support/e2e.ts";
import { cheapHash, startHub } from "./support/hub.ts";
import { run } from "./support/processes.ts";

let hub: Awaited<ReturnType<typeof startHub>>;

beforeAll(async () => {
  hub = await startHub(
    definePolicy({ preset: "education", environment: "development", password: { argon2: cheapHash } }),
  );
});
afterAll(async () => {
  await hub?.close();
});

const { visit } = inChromium(() => hub.origin);

async function register(page: Page, username: string): Promise<void> {
  await page.goto("/register");
  await page.getByLabel("User name").fill(username);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByText("Your account is ready").waitFor();
}

/** The name is there already: whoever registers need not type it again. */
async function givePassword(page: Page): Promise<void> {
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await arrived(page);
}

async function wholeVisit(origin: string, username: string): Promise<void> {
  const { page, context, complaints } = await visit({ origin });
  await page.goto("/");
  await page.getByRole("heading", { name: "Courses on web security" }).waitFor();
  await shot(page, "catalogue");
  await register(page, username);
  await givePassword(page);
  await page.getByRole("link", { name: "Sessions people can trust" }).click();
  await shot(page, "course");
  await page.getByRole("main").getByRole("listitem").nth(1).getByRole("link").click();
  await page.getByRole("navigation", { name: "In this lesson" }).waitFor();
  await shot(page, "lesson");
  await page.getByRole("button", { name: /^Account of/ }).click();
  await shot(page, "menu");
  await page.getByRole("menuitem", { name: "Devices and sessions" }).click();
  await page.getByText("Chrome on Linux").waitFor();
  await page.getByText("this one").waitFor();
  await shot(page, "sessions");
  await page.getByRole("button", { name: /^Account of/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByText("You are signed out").waitFor();
  await shot(page, "signed-out");
  // The browser stays known, so that nobody can lock its owner out; that opens nothing.
  expect((await context.cookies()).map(({ name }) => name)).toEqual(["device"]);
  expect(complaints).toEqual([]);
  await context.close();
}

describe("the hub that npm start runs", () => {
  it("takes a person through a whole visit, on its embedded database", async () => {
    const directory = mkdtempSync(join(tmpdir(), "aegis-e2e-"));
    const server = run("npm", ["start", "--", "--port", "0"], { AEGIS_DIRECTORY: directory });
    const [, origin = ""] = await server.until(/(http:\/\/127\.0\.0\.1:\d+)/, 120);
    await wholeVisit(origin, "ada");
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }, 180_000);
});

describe("a person in a browser", () => {
  it("registers, signs in, reads a lesson, sees the session and signs out", () =>
    wholeVisit(hub.origin, "ada"));

  it("saves a profile, and gets what was typed back after the session has ended", async () => {
    const { page, context, complaints } = await visit();
    await register(page, "grace");
    await givePassword(page);
    await page.goto("/profile");
    await page.getByLabel("Display name").fill("Grace H.");
    await page.getByRole("button", { name: "Save profile" }).click();
    await page.getByText("Your profile is saved").waitFor();
    await shot(page, "profile");
    await page.getByLabel("About me").fill("Half a sentence that must not be lo");
    hub.clock.advance(3601);
    await page.getByRole("button", { name: "Save profile" }).click();
    await page.getByText("Your session has ended.").waitFor();
    await shot(page, "session-ended");
    await page.getByRole("link", { name: "Sign in and go on here" }).click();
    await page.getByLabel("User name or e-mail").fill("grace");
    await givePassword(page);
    await page.getByRole("heading", { name: "Profile" }).waitFor();
    expect(await page.getByLabel("About me").inputValue()).toBe("Half a sentence that must not be lo");
    await page.getByRole("button", { name: "Save profile" }).click();
    await page.getByText("Your profile is saved").waitFor();
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("ends the session of another device, which is out at once", async () => {
    const here = await visit();
    const there = await visit();
    await register(here.page, "linus");
    await givePassword(here.page);
    await there.page.goto("/login");
    await there.page.getByLabel("User name or e-mail").fill("linus");
    await givePassword(there.page);
    await here.page.goto("/sessions");
    await here.page.getByRole("button", { name: /^End the session of/ }).click();
    await here.page.getByRole("alertdialog").waitFor();
    await shot(here.page, "confirm");
    await axe(here.page);
    await here.page.getByRole("button", { name: "End session", exact: true }).click();
    await here.page.getByText("One session has ended.").waitFor();
    await there.page.goto("/profile");
    await there.page.getByRole("heading", { name: "Sign in" }).waitFor();
    expect(new URL(there.page.url()).searchParams.get("next")).toBe("/profile");
    await here.context.close();
    await there.context.close();
  });

  it("is told of every rule that a password breaks, beside the field and on top", async () => {
    const { page, context } = await visit();
    await page.goto("/register");
    await page.getByLabel("User name").fill("x");
    await page.getByLabel("Password", { exact: true }).fill("password");
    await page.getByRole("button", { name: "Create account" }).click();
    const summary = page.getByRole("alert");
    await summary.waitFor();
    expect(await summary.evaluate((element) => element === document.activeElement)).toBe(true);
    await page.getByLabel("User name").fill("barbara");
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByText("one of the passwords that attackers try first").first().waitFor();
    await page.getByText("At least 12 characters.").first().waitFor();
    await shot(page, "register-errors");
    await axe(page);
    await context.close();
  });

  it("is protected from script that somebody puts into a page, and the operator is told", async () => {
    const { page, context } = await visit();
    await page.goto("/");
    await page.getByRole("heading", { level: 1 }).waitFor();
    const before = hub.events.filter(({ event }) => event === "csp.violation").length;
    const refused = await page.evaluate(() => {
      const script = document.createElement("script");
      try {
        script.textContent = "window.owned = true";
        document.body.append(script);
        document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.owned = true'>");
      } catch (error) {
        return error instanceof TypeError ? "trusted types" : "something else";
      }
      return Object.hasOwn(window, "owned") ? "nothing" : "the page policy";
    });
    expect(refused).toBe("trusted types");
    await expect
      .poll(() => hub.events.filter(({ event }) => event === "csp.violation").length, { timeout: 10_000 })
      .toBeGreaterThan(before);
    expect(hub.events.findLast(({ event }) => event === "csp.violation")?.facts).toMatchObject({
      directive: "require-trusted-types-for",
    });
    await context.close();
  });

  it("gets by with the keyboard alone", async () => {
    const { page, context } = await visit();
    await register(page, "margaret");
    await page.goto("/login");
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to the content");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await page.keyboard.type("margaret");
    await page.keyboard.press("Tab");
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: /^Account of/ }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("menuitem", { name: "Profile" }).waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Escape");
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? ""))
      .toMatch(/^Account of/);
    await context.close();
  });

  it("is warned two minutes before the session ends, and stays by one press", async () => {
    const brief = await startHub(
      definePolicy({
        environment: "development",
        session: { idleTimeoutSeconds: 125 },
        password: { argon2: cheapHash },
      }),
    );
    const { page, context } = await visit({ origin: brief.origin });
    await register(page, "katherine");
    await givePassword(page);
    await page.getByText("You will be signed out for inactivity").waitFor({ timeout: 25_000 });
    await shot(page, "warning");
    const [response] = await Promise.all([
      page.waitForResponse("**/api/session/refresh"),
      page.getByRole("button", { name: "Stay signed in" }).click(),
    ]);
    expect(response.status()).toBe(200);
    await context.close();
    await brief.close();
  });

  it("is told when the server cannot be reached, and when there is nothing at an address", async () => {
    const { page, context } = await visit();
    await page.route("**/api/content", (route) => route.abort());
    await page.goto("/");
    await page.getByText("You seem to be offline").waitFor({ timeout: 20_000 });
    await shot(page, "offline");
    await page.unroute("**/api/content");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText("Sessions people can trust").waitFor();
    const response = await page.goto("/nothing/here");
    expect(response?.status()).toBe(404);
    await page.getByRole("heading", { name: "There is nothing here" }).waitFor();
    await shot(page, "not-found");
    await context.close();
  });
});

const PAGES = [
  "/",
  "/courses/sessions",
  "/courses/sessions/what-a-session-is",
  "/login",
  "/register",
  "/security",
  "/profile",
  "/sessions",
];

describe.each([
  ["light", 1280],
  ["dark", 1280],
  ["light", 320],
  ["dark", 320],
] as const)("every page in %s at %i pixels", (theme, width) => {
  it("has nothing that axe finds, nothing that sticks out, and breaks no page policy", async () => {
    const { page, context, complaints } = await visit({ dark: theme === "dark", width });
    await register(page, `reader-${theme}-${width}`);
    await givePassword(page);
    for (const path of PAGES) {
      await page.goto(path);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.waitForFunction(() => document.querySelector("[aria-busy=true]") === null);
      await page.getByRole("button", { name: /^Account of/ }).waitFor();
      await shot(page, `${theme}-${width}${path.replaceAll("/", "-")}`);
      expect(
        await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth),
        `${path} is wider than the window`,
      ).toBeLessThanOrEqual(0);
      await axe(page);
    }
    expect(complaints).toEqual([]);
    await context.close();
  });
});
