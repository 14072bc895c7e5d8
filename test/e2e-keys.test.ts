/** API keys as people use them: in Chromium, and then as a program uses what they were shown. */
import { definePolicy } from "aegis";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PASSWORD } from "./support/browser-like.ts";
import { arrived, enter, inChromium, look, newPerson } from "./support/e2e.ts";
import { cheapHash, startHub } from "./support/hub.ts";

let hub: Awaited<ReturnType<typeof startHub>>;
beforeAll(async () => {
  hub = await startHub(
    definePolicy({
      preset: "education",
      environment: "development",
      password: { argon2: cheapHash },
      apiKey: {
        tiers: [
          { name: "standard", requestsLimit: 5, resets: "daily" },
          { name: "high", requestsLimit: 1_000_000, resets: "monthly" },
        ],
      },
    }),
  );
});
afterAll(async () => {
  await hub?.close();
});

const { visit } = inChromium(() => hub.origin, ["clipboard-read", "clipboard-write"]);

const shownKey = async (page: Page): Promise<string> => {
  await page.getByRole("heading", { name: /^The key for/ }).waitFor();
  return (await page.locator("[data-key]").textContent()) ?? "";
};
const withKey = (text: string) =>
  fetch(new URL("/api/v1/courses", hub.origin), { headers: { authorization: `Bearer ${text}` } });

async function makeKey(page: Page, name: string): Promise<string> {
  await page.getByRole("button", { name: "Make a key", exact: true }).click();
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel(/Read the courses/).check();
  await page.getByLabel("Works for").selectOption({ label: "1 year" });
  await page.getByRole("button", { name: "Make the key" }).click();
  const text = await shownKey(page);
  await page.getByLabel("I have stored it").check();
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByText(`“${name}” is ready.`).waitFor();
  return text;
}

describe.each([
  ["light", 1280],
  ["dark", 320],
] as const)("a person's keys in %s at %i pixels", (theme, width) => {
  it("are made, used, renewed and revoked", async () => {
    const { context, page, complaints } = await visit({ dark: theme === "dark", width });
    const name = (part: string) => `keys-${theme}-${width}-${part}`;
    await newPerson(hub, page, `keeper-${theme}-${width}`);
    await page.getByRole("button", { name: /^Account of/ }).click();
    await page.getByRole("menuitem", { name: "API keys", exact: true }).click();
    await page.getByText("No API keys yet").waitFor();
    await look(page, name("empty"));

    await page.getByRole("button", { name: "Make a key", exact: true }).click();
    await page.getByLabel("Name", { exact: true }).fill("Nightly import");
    await page.getByRole("button", { name: "Make the key" }).click();
    await page.getByText("× Choose at least 1.").waitFor();
    const clear = await page.evaluate(() => {
      const [head, summary] = [document.querySelector("header"), document.activeElement];
      return (summary?.getBoundingClientRect().top ?? 0) - (head?.getBoundingClientRect().bottom ?? 0);
    });
    expect(clear).toBeGreaterThanOrEqual(0); // what went wrong has the focus, and is not below the head
    await look(page, name("create"));
    await page.getByLabel(/Read the courses/).check();
    await page.getByLabel("Works for").selectOption({ label: "1 month" });
    await page.getByRole("button", { name: "Make the key" }).click();
    const text = await shownKey(page);
    await look(page, name("secret"));
    expect(text).toMatch(/^aegis_test_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}$/);
    await page.getByRole("button", { name: "Copy the key" }).click();
    await page.getByRole("button", { name: "Copied" }).waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(text);
    // Nobody leaves without it by accident.
    await page.getByRole("link", { name: "Courses", exact: true }).first().click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Cancel" }).click();
    await page.getByLabel("I have stored it").check();
    await page.getByRole("button", { name: "Done" }).click();
    await page.getByText("“Nightly import” is ready.").waitFor();
    expect(await page.content()).not.toContain(text.slice(20));

    for (let used = 0; used < 5; used++) expect((await withKey(text)).status).toBe(200);
    expect((await withKey(text)).status).toBe(429);
    await page.reload();
    await page.getByText("5 of 5 requests used").waitFor();
    await page.getByRole("button", { name: "Usage of Nightly import" }).click();
    await page.getByText(/5 requests in 30 days/).waitFor();
    await look(page, name("used"));

    await page.getByRole("button", { name: "Renew Nightly import" }).click();
    await page.getByLabel(/It goes on for 1 day/).waitFor();
    await look(page, name("renew"));
    await page.getByRole("button", { name: "Make a new secret" }).click();
    const next = await shownKey(page);
    expect(next).not.toBe(text);
    await page.getByLabel("I have stored it").check();
    await page.getByRole("button", { name: "Done" }).click();
    await page.getByText(/Its earlier secret still works/).waitFor();
    await look(page, name("overlap"));

    await page.getByRole("button", { name: "Revoke Nightly import" }).click();
    await page.getByRole("alertdialog").waitFor();
    await look(page, name("revoke"));
    await page.getByRole("button", { name: "Revoke", exact: true }).click();
    await page.getByText("“Nightly import” is revoked.").waitFor();
    for (const one of [text, next]) expect((await withKey(one)).status).toBe(401);
    expect(complaints).toEqual([]);
    await context.close();
  }, 60_000);
});

describe("keys", () => {
  it("can be made and revoked with the keyboard alone, and making one asks again who it is", async () => {
    const { context, page } = await visit();
    await newPerson(hub, page, "typist");
    await page.goto("/account/api-keys");
    await page.getByRole("button", { name: "Make a key" }).focus();
    hub.clock.advance(601);
    await page.keyboard.press("Enter");
    await page.locator("input[type=text]:focus").waitFor();
    await page.keyboard.type("By hand");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Space");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").locator("input:focus").waitFor();
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press("Enter");
    await shownKey(page);
    const focused = () => page.evaluate(() => document.activeElement?.textContent ?? "");
    await expect.poll(focused).toContain("The key for “By hand”");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Space");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByText("“By hand” is ready.").waitFor();
    await page.getByRole("button", { name: "Revoke By hand" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("alertdialog").waitFor();
    await page.keyboard.press("Escape");
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? ""))
      .toBe("Revoke By hand");
    await page.keyboard.press("Enter");
    await page.getByRole("alertdialog").waitFor();
    await page.keyboard.press("Tab");
    await page.getByRole("button", { name: "Revoke", exact: true }).focus();
    await page.keyboard.press("Enter");
    await page.getByText("“By hand” is revoked.").waitFor();
    await context.close();
  });

  it("say when they cannot be loaded, and take it up again", async () => {
    const { context, page } = await visit();
    await newPerson(hub, page, "offline");
    await page.route("**/api/api-keys", (route) => route.abort());
    await page.goto("/account/api-keys");
    await page.getByText("You seem to be offline").waitFor({ timeout: 20_000 });
    await look(page, "keys-offline");
    await page.unroute("**/api/api-keys");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText("No API keys yet").waitFor();
    await context.close();
  });
});

describe("an administrator", () => {
  it("finds stale keys, gives another quota and revokes", async () => {
    const owner = await visit();
    await newPerson(hub, owner.page, "librarian");
    await owner.page.goto("/account/api-keys");
    await makeKey(owner.page, "Forgotten script");
    hub.clock.advance(91 * 86_400);
    await enter(owner.page, "librarian", PASSWORD);
    await arrived(owner.page);
    await owner.page.goto("/account/api-keys");
    const text = await makeKey(owner.page, "Reading list");
    expect((await withKey(text)).status).toBe(200);

    const { context, page, complaints } = await visit();
    await newPerson(hub, page, "overseer", ["user", "admin"]);
    await page.getByRole("button", { name: /^Account of/ }).click();
    await page.getByRole("menuitem", { name: "All API keys" }).click();
    await page.getByRole("heading", { name: "Forgotten script" }).waitFor();
    await look(page, "admin-keys");
    await page.getByRole("button", { name: "Unused for long" }).click();
    await page.getByText("Page 1 of 1, 1 key").waitFor();
    expect(new URL(page.url()).searchParams.get("stale")).toBe("true");
    await look(page, "admin-keys-stale");
    await page.getByRole("button", { name: "Revoke Forgotten script of librarian" }).click();
    await page.getByRole("button", { name: "Revoke", exact: true }).click();
    await page.getByText("“Forgotten script” of librarian is revoked.").waitFor();
    await page.getByText("No such keys").waitFor();
    await look(page, "admin-keys-none");
    await page.goto("/admin/api-keys?q=librarian");
    await page.getByRole("button", { name: "Change the tier of Reading list of librarian" }).click();
    await page.getByLabel("Tier", { exact: true }).selectOption("high");
    await look(page, "admin-keys-tier");
    await page.getByRole("button", { name: "Save the tier" }).click();
    await page.getByText("has the tier high").waitFor();
    expect((await withKey(text)).headers.get("x-quota-limit")).toBe("1000000");
    for (const [width, dark] of [
      [320, false],
      [320, true],
      [1280, true],
    ] as const) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme: dark ? "dark" : "light" });
      await look(page, `admin-keys-${dark ? "dark" : "light"}-${width}`);
    }
    expect(complaints).toEqual([]);
    await context.close();
    await owner.context.close();
  }, 60_000);

  it("who is none sees nothing of it", async () => {
    const { context, page } = await visit();
    await newPerson(hub, page, "curious");
    await page.goto("/admin/api-keys");
    await page.getByText("You have no access to this").waitFor();
    await context.close();
  });

  it("chooses how many rows a page of a list has; it stands in the address, and nothing else is taken", async () => {
    const { context, page, complaints } = await visit();
    await newPerson(hub, page, "counter", ["user", "admin"]);
    for (let count = 0; count < 30; count++) await hub.app.aegis.openTenant({ name: `Counted ${count}` });
    await page.goto("/admin/tenants?q=Counted&per_page=30");
    await page.getByText("Page 1 of 2, 30 tenants").waitFor();
    const rows = page.getByLabel("Rows");
    expect(await rows.inputValue()).toBe("25");
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByText("Page 2 of 2, 30 tenants").waitFor();
    await rows.selectOption("50");
    await page.getByText("Page 1 of 1, 30 tenants").waitFor();
    const shown = page.getByRole("list", { name: "Tenants" }).getByRole("listitem");
    await expect.poll(() => shown.count()).toBe(30); // the rows before stay until the new ones are there
    expect(new URL(page.url()).search).toBe("?q=Counted&per_page=50");
    await page.reload();
    await page.getByText("Page 1 of 1, 30 tenants").waitFor();
    await look(page, "admin-tenants-rows");
    await page.goto("/account/api-keys");
    await makeKey(page, "Counted");
    for (const [path, name] of [
      ["api-keys", "per_page"],
      ["audit", "limit"],
      ["users", "per_page"],
    ] as const) {
      await page.goto(`/admin/${path}`);
      const asked = page.waitForRequest(
        (request) =>
          request.url().includes(`/api/admin/${path}?`) &&
          new URL(request.url()).searchParams.get(name) === "100",
      );
      await rows.selectOption("100");
      await asked;
      await expect.poll(() => new URL(page.url()).searchParams.get(name)).toBe("100");
      expect(await rows.inputValue()).toBe("100");
      await look(page, `admin-${path}-rows`);
    }
    await page.setViewportSize({ width: 320, height: 900 });
    await page.goto("/admin/audit?limit=25");
    await rows.waitFor();
    await look(page, "admin-audit-rows-320");
    expect(complaints).toEqual([]);
    await context.close();
  }, 60_000);
});
