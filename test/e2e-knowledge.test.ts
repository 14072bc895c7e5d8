/** Concepts and search as people use them: in Chromium, from the first concept to the walk over the map. */
import { definePolicy } from "aegis";
import type { TenantRole } from "aegis/fastify";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PASSWORD } from "./support/browser-like.ts";
import { enter, inChromium, look } from "./support/e2e.ts";
import { cheapHash, startHub } from "./support/hub.ts";
import { openTenant } from "./support/tenant-people.ts";

let hub: Awaited<ReturnType<typeof startHub>>;
beforeAll(async () => {
  hub = await startHub(
    definePolicy({ preset: "education", environment: "development", password: { argon2: cheapHash } }),
  );
  await hub.rows.pool.query("select 1"); // opens it: that may take longer than a page should be waited for
});
afterAll(async () => {
  await hub?.close();
});

const { visit } = inChromium(() => hub.origin);

/** In their tenant at once, because they have no other. */
async function enterTenant(page: Page, username: string, tenant: string, role: TenantRole): Promise<void> {
  const { id } = await hub.app.aegis.createAccount({ username, password: PASSWORD, roles: ["user"] });
  await hub.stores.tenancy.join(tenant, { accountId: id, role, joinedAt: hub.clock.now() }, 100);
  await enter(page, username, PASSWORD, "/knowledge");
  await page.getByRole("heading", { name: "Concepts", level: 1 }).waitFor();
}

async function write(page: Page, title: string, summary: string, body = ""): Promise<void> {
  await page.goto("/knowledge/new");
  await page.getByLabel("Title").fill(title);
  await page.getByLabel("Summary").fill(summary);
  await page.getByLabel("Text", { exact: true }).fill(body);
}
const save = (page: Page) => page.getByRole("button", { name: "Save the concept" }).click();

async function link(page: Page, how: string, to: string): Promise<void> {
  await page.getByLabel("How").selectOption(how);
  await page.getByLabel("Which concept").fill(to.slice(0, 6).toLowerCase());
  await page.getByRole("button", { name: new RegExp(`^Link: .*${to}`) }).click();
  await page.getByText(`Linked to ${to}.`).waitFor();
}

const hereOf = (page: Page) => page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? "");

describe("a tenant's concepts", () => {
  it("are written and linked by an author, found and walked by a learner, and seen by no other tenant", async () => {
    const tenant = await openTenant(hub, "test.com");
    const author = await visit();
    await enterTenant(author.page, "ida", tenant, "author");
    await author.page.getByText("No concepts yet").waitFor();
    await look(author.page, "knowledge-empty");
    await author.page.getByRole("link", { name: "Write a concept" }).click();
    await author.page.getByRole("button", { name: "Save the concept" }).click();
    await author.page.getByRole("alert").waitFor();
    await look(author.page, "knowledge-new-errors");
    await write(
      author.page,
      "Session cookie",
      "What a browser shows to be known again.",
      "It names, and tells nothing.\n\nOnly the server knows more.",
    );
    await author.page.getByText("Sessions people can trust").click();
    await author.page.getByLabel("The cookie", { exact: false }).first().check();
    await author.page.reload(); // nothing that was typed is lost
    expect(await author.page.getByLabel("Title").inputValue()).toBe("Session cookie");
    await look(author.page, "knowledge-new");
    await save(author.page);
    await author.page.getByRole("heading", { name: "Session cookie", level: 1 }).waitFor();
    await write(author.page, "Origin", "Scheme, host and port together: a lighthouse for browsers.");
    await save(author.page);
    await author.page.getByRole("heading", { name: "Origin", level: 1 }).waitFor();
    await link(author.page, "explains", "Session cookie");
    await look(author.page, "knowledge-node-author");
    expect(author.complaints).toEqual([]);

    const learner = await visit();
    const { page } = learner;
    await enterTenant(page, "linus", tenant, "learner");
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Search" }).click();
    await look(page, "search-nothing-asked");
    await page.getByLabel("What are you looking for?").pressSequentially("lighth");
    await page.getByText("1 result for “lighth”").waitFor();
    expect(new URL(page.url()).searchParams.get("q")).toBe("lighth");
    expect(await page.locator("mark").allTextContents()).toEqual(["lighthouse"]);
    await page.getByLabel("What are you looking for?").fill("cookie");
    await page.getByRole("button", { name: /^Lessons \d+/ }).waitFor();
    await look(page, "search-results");
    await page.getByRole("button", { name: /^Concepts \d+/ }).click();
    await page.getByText("2 results for “cookie”").or(page.getByText("1 result for “cookie”")).waitFor();
    await page.reload();
    expect(await page.getByRole("button", { name: /^Concepts \d+/ }).getAttribute("aria-pressed")).toBe(
      "true",
    );
    await page.goBack();
    expect(await page.getByLabel("What are you looking for?").inputValue()).not.toBe("");
    await page.goto("/search?q=lighthouse");
    await page.getByRole("link", { name: "Origin" }).click();
    await page.getByRole("heading", { name: "Origin", level: 1 }).waitFor();
    expect(await page.getByRole("link", { name: "Edit" }).count()).toBe(0);

    // From one concept to the other, and into it, without a mouse.
    const map = page.getByRole("group", { name: "What lies around Origin" });
    await map.waitFor();
    await map.getByRole("link", { name: /^Origin: explains Session cookie/ }).focus();
    for (const arrow of ["ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp"]) {
      await page.keyboard.press(arrow);
      if ((await hereOf(page)).startsWith("Session cookie")) break;
    }
    expect(await hereOf(page)).toBe("Session cookie: explained by Origin");
    await page.keyboard.press("+");
    await page.keyboard.press("0");
    await look(page, "knowledge-node-walked");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Session cookie", level: 1 }).waitFor();
    await page
      .getByRole("link", { name: /cookie/i })
      .and(page.locator("[href^='/courses/']"))
      .click();
    await page.getByRole("navigation", { name: "In this lesson" }).waitFor();
    await page.getByRole("heading", { name: "Concepts of this lesson" }).waitFor();
    await look(page, "knowledge-lesson");
    await page.getByRole("link", { name: "Session cookie" }).waitFor();
    expect(learner.complaints).toEqual([]);

    const stranger = await visit();
    await enterTenant(stranger.page, "mallory", await openTenant(hub, "ACME"), "owner");
    await stranger.page.getByText("No concepts yet").waitFor();
    await stranger.page.goto("/search?q=lighthouse");
    await stranger.page.getByText("Nothing is found for “lighthouse”").waitFor();
    await look(stranger.page, "search-none");
    const { items } = await author.page.evaluate(async () => (await fetch("/api/knowledge-nodes")).json());
    await stranger.page.goto(`/knowledge/${items[0].id}`);
    await stranger.page.getByRole("heading", { name: "There is nothing here" }).waitFor();
    for (const { context } of [author, learner, stranger]) await context.close();
  }, 120_000);

  it("are not overwritten by whoever saves second: they see what the first has written, and keep their own", async () => {
    const tenant = await openTenant(hub, "Two editors");
    const [one, two] = [await visit(), await visit()];
    await enterTenant(one.page, "grace", tenant, "author");
    await enterTenant(two.page, "ada", tenant, "author");
    await write(one.page, "Contested", "First.");
    await save(one.page);
    await one.page.getByRole("link", { name: "Edit" }).click();
    await one.page.getByLabel("Summary").fill("What Grace says.");
    await two.page.goto(one.page.url());
    await two.page.getByLabel("Summary").fill("What Ada says.");
    await two.page.getByRole("button", { name: "Save", exact: true }).click();
    await two.page.getByText("“Contested” is saved.").waitFor();
    await one.page.getByRole("button", { name: "Save", exact: true }).click();
    await one.page.getByText("Somebody has saved another version meanwhile").waitFor();
    await one.page.getByText("What Ada says.").waitFor();
    expect(await one.page.getByLabel("Summary").inputValue()).toBe("What Grace says.");
    await look(one.page, "knowledge-conflict");
    await one.page.reload(); // a draft that is found again is still one of the version that was opened
    await one.page.getByRole("button", { name: "Save", exact: true }).click();
    await one.page.getByText("Somebody has saved another version meanwhile").waitFor();
    await one.page.getByRole("button", { name: "I have looked" }).click();
    await one.page.getByRole("button", { name: "Save", exact: true }).click();
    await one.page.getByText("What Grace says.").waitFor();
    await one.page.getByRole("button", { name: "Delete …" }).click();
    await look(one.page, "knowledge-delete");
    await one.page.getByRole("button", { name: "Delete", exact: true }).click();
    await one.page.getByText("“Contested” is deleted.").waitFor();
    expect([...one.complaints, ...two.complaints]).toEqual([]);
    await one.context.close();
    await two.context.close();
  }, 90_000);
});

const CONCEPTS = [
  "Session",
  "Cookie",
  "Origin",
  "Site",
  "Cross-site request forgery",
  "Token",
  "Rotation",
  "Password hash",
  "Salt",
  "Pepper",
  "Content security policy",
  "Nonce",
  "Trusted types",
  "Same-site attribute",
  "Evidence",
  "Probe",
];

describe.each([
  ["light", 1280],
  ["dark", 360],
  ["light", 320],
] as const)("the map in %s at %i pixels", (theme, width) => {
  it("is drawn, read and moved, with nothing for axe to find", async () => {
    const mark = `${theme}-${width}`;
    const tenant = await openTenant(hub, `Map ${mark}`);
    const { context, page, complaints } = await visit({ dark: theme === "dark", width });
    await enterTenant(page, `author-${mark}`, tenant, "author");
    await page.evaluate(async (titles) => {
      const { csrf_token: token } = await (await fetch("/csrf-token")).json();
      const post = async (path: string, body: object) =>
        (
          await fetch(path, {
            method: "POST",
            headers: { "content-type": "application/json", "x-csrftoken": token },
            body: JSON.stringify(body),
          })
        ).json();
      const ids: string[] = [];
      for (const title of titles)
        ids.push(
          (await post("/api/knowledge-nodes", { title, summary: `What ${title} is, in a sentence.` })).id,
        );
      for (const [from, to, kind] of [
        [1, 0, "explains"],
        [0, 5, "needs"],
        [5, 6, "see_also"],
        [2, 3, "see_also"],
        [4, 3, "needs"],
        [4, 1, "needs"],
        [13, 4, "explains"],
        [13, 3, "needs"],
        [7, 8, "needs"],
        [7, 9, "needs"],
        [10, 11, "needs"],
        [10, 12, "explains"],
        [4, 5, "explains"],
        [0, 1, "needs"],
        [15, 14, "explains"],
        [2, 10, "explains"],
      ] as const)
        await post(`/api/knowledge-nodes/${ids[from]}/edges`, { kind, to_id: ids[to] });
    }, CONCEPTS);
    await page.goto("/knowledge");
    const map = page.getByRole("group", { name: /^16 concepts/ });
    await map.waitFor();
    expect(await map.getByRole("link").count()).toBe(16);
    await look(page, `knowledge-${mark}`);
    // One stop for the Tab key, and from there on the arrows.
    expect(await map.locator("a[tabindex='0']").count()).toBe(1);
    await map.locator("a[tabindex='0']").focus();
    const walked = new Set<string>();
    for (const arrow of ["ArrowLeft", "ArrowDown", "ArrowRight", "ArrowUp", "ArrowRight", "ArrowDown"]) {
      await page.keyboard.press(arrow);
      walked.add(await hereOf(page));
    }
    expect(walked.size).toBeGreaterThan(2);
    await page.getByRole("button", { name: "Zoom in" }).click();
    await page.getByRole("button", { name: "Zoom in" }).click();
    await page.getByRole("button", { name: "Move right" }).click();
    await look(page, `knowledge-zoomed-${mark}`);
    await page.getByRole("button", { name: "Show all" }).click();
    await page.getByText("The map as a list").click();
    await page
      .getByText("explains Session, needed by Cross-site request forgery, needed by Session")
      .waitFor();
    await page.getByLabel("Part of a title or summary").fill("token");
    await page.getByText("1 concept with “token”").waitFor();
    await look(page, `knowledge-list-${mark}`);
    await page.getByRole("list", { name: "Concepts" }).getByRole("link", { name: "Token" }).click();
    await page.getByRole("heading", { name: "Token", level: 1 }).waitFor();
    await page.getByRole("button", { name: "1 step", exact: true }).click();
    await page.getByRole("group", { name: "What lies around Token" }).waitFor();
    await look(page, `knowledge-node-${mark}`);
    await page.goto("/search?q=session");
    await page.getByRole("list", { name: "Results" }).waitFor();
    await look(page, `search-${mark}`);
    await page.goto("/knowledge/new");
    await page.getByLabel("Title").waitFor();
    await look(page, `knowledge-new-${mark}`);
    expect(complaints).toEqual([]);
    await context.close();
  }, 90_000);
});
