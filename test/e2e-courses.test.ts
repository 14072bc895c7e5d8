/** Courses of a tenant as people use them: in Chromium, from an author's first words to what a learner reads. */
import { definePolicy } from "aegis";
import type { TenantRole } from "aegis/fastify";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pngFile } from "../packages/aegis/src/verify/wire/files.ts";
import { PASSWORD } from "./support/browser-like.ts";
import { enter, inChromium, look } from "./support/e2e.ts";
import { cheapHash, startHub } from "./support/hub.ts";
import { openTenant } from "./support/tenant-people.ts";

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

/** In their tenant at once, because they have no other. */
async function enterTenant(page: Page, username: string, tenant: string, role: TenantRole): Promise<void> {
  const { id } = await hub.app.aegis.createAccount({ username, password: PASSWORD, roles: ["user"] });
  await hub.stores.tenancy.join(tenant, { accountId: id, role, joinedAt: hub.clock.now() }, 100);
  await enter(page, username, PASSWORD, "/tenant/courses");
  await page.getByRole("heading", { name: "Courses of your tenant", level: 1 }).waitFor();
}

const editor = (page: Page) => page.getByRole("textbox", { name: "Text", exact: true });
const tool = (page: Page, name: string) =>
  page.getByRole("group", { name: "Formatting" }).getByRole("button", { name, exact: true });
/** What a reader is shown of a text, as elements. */
const shownIn = (page: Page, where: string) =>
  page
    .locator(where)
    .evaluate((place) =>
      [...place.querySelectorAll("h2, h3, p, li, strong, em, a, blockquote, pre, img")].map(
        (element) =>
          `${element.tagName.toLowerCase()}: ${element.getAttribute("alt") ?? element.textContent}`,
      ),
    );

describe("a tenant's course", () => {
  it("is written with a picture by an author, read by a learner who runs a simulation, found by search, and seen by no other tenant", async () => {
    const tenant = await openTenant(hub, "test.com");
    const author = await visit();
    const { page } = author;
    await enterTenant(page, "ida", tenant, "author");
    await page.getByText("No courses yet").waitFor();
    await look(page, "courses-empty");
    await page.getByRole("link", { name: "Write a course" }).click();
    await page.getByRole("button", { name: "Make the course" }).click();
    await page.getByRole("alert").waitFor();
    await look(page, "courses-new-errors");
    await page.getByLabel("Title").fill("Harbours");
    await page.getByLabel("Summary").fill("Where ships wait for the tide.");
    await page.getByRole("button", { name: "Make the course" }).click();
    await page.getByText("No lessons yet").waitFor();
    await look(page, "course-new");

    await page.getByRole("link", { name: "Write a lesson" }).first().click();
    await page.getByRole("heading", { name: "A new lesson" }).waitFor();
    await page.getByLabel("Title").fill("Moles and basins");
    await editor(page).click();
    await page.keyboard.type("What a mole is for");
    await tool(page, "Heading").click();
    await page.keyboard.press("Enter");
    await tool(page, "Paragraph").click();
    await page.keyboard.type("It breaks the ");
    await tool(page, "Bold").click();
    await page.keyboard.type("swell");
    await tool(page, "Bold").click();
    await page.keyboard.type(" of the sea. ");
    await tool(page, "Link").click();
    await page.getByLabel("Address").fill("javascript:alert(1)");
    await page.getByLabel("Text of the link").fill("Read on");
    await page.keyboard.press("Enter");
    await page.getByText("Begin with https://").waitFor();
    await look(page, "lesson-editor-link");
    await page.getByLabel("Address").fill("https://example.com/moles");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Enter");
    await page.keyboard.type("Stone");
    await tool(page, "List").click();
    await page.keyboard.press("Enter");
    await page.keyboard.type("Timber");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Enter");
    await tool(page, "Picture").click();
    await page.getByRole("button", { name: "Add the picture" }).click();
    await page.getByText("Choose a picture first.").waitFor();
    const { name, bytes } = pngFile(400, 10);
    await page
      .getByLabel("Picture", { exact: true })
      .setInputFiles({ name, mimeType: "image/png", buffer: Buffer.from(bytes) });
    await page.getByLabel("What it shows").fill("A mole at low water");
    await look(page, "lesson-editor-picture");
    await page.getByRole("button", { name: "Add the picture" }).click();
    await editor(page).getByRole("img", { name: "A mole at low water" }).waitFor();
    await look(page, "lesson-editor");

    // What was typed is there after a reload, and after a failure.
    await page.reload();
    await editor(page).getByRole("img", { name: "A mole at low water" }).waitFor();
    expect(await page.getByLabel("Title").inputValue()).toBe("Moles and basins");
    await author.context.setOffline(true);
    await page.getByRole("button", { name: "Save the lesson" }).click();
    await page.getByRole("alert").waitFor();
    await author.context.setOffline(false);
    const written = [
      "h2: What a mole is for",
      "p: It breaks the swell of the sea. Read on",
      "strong: swell",
      "a: Read on",
      "li: Stone",
      "li: Timber",
      "p: ",
      "img: A mole at low water",
    ];
    await page.getByRole("button", { name: "Preview" }).click();
    await page.getByRole("region", { name: "As readers see it" }).getByRole("img").waitFor();
    await look(page, "lesson-preview");
    expect((await shownIn(page, "section[aria-label='As readers see it']")).slice(1)).toEqual(written);
    await page.getByRole("button", { name: "Save the lesson" }).click();
    await page.getByRole("heading", { name: "Moles and basins", level: 1 }).waitFor();
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByRole("button", { name: "Take it back" }).waitFor();
    await look(page, "lesson-author");
    const lessonUrl = page.url();
    const src = (await page.getByRole("img", { name: "A mole at low water" }).getAttribute("src")) ?? "";

    const learner = await visit({ width: 360, dark: true });
    await enterTenant(learner.page, "jon", tenant, "learner");
    await learner.page
      .getByText("They appear here as soon as an author of test.com publishes one.")
      .waitFor();
    await look(learner.page, "courses-learner-empty-360");
    // From the public courses there is a way to the tenant's own, which says what will be there.
    const own = learner.page.getByRole("region", { name: "Courses of test.com" });
    await learner.page.goto("/");
    await own.getByText("None yet. They appear there as soon as an author publishes one.").waitFor();
    await look(learner.page, "catalogue-learner-empty-360");
    await page.goto("/");
    await page
      .getByRole("region", { name: "Courses of test.com" })
      .getByText("1 course, for members alone.")
      .waitFor();
    await look(page, "catalogue-author");
    // A file that a lesson shows is not deleted: who wants to is told where it is shown.
    await page.goto("/uploads");
    await page.getByRole("button", { name: "Delete white.png" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
    await page.getByText("Take it out there first").waitFor();
    await page.getByText("The lesson “Moles and basins” of the course “Harbours”.").waitFor();
    await look(page, "uploads-in-use");
    await page.goto(lessonUrl);
    await page
      .getByRole("navigation", { name: "Breadcrumb" })
      .getByRole("link", { name: "Harbours" })
      .click();
    await page.getByRole("button", { name: "Publish the course" }).click();
    await page.getByText("Members read its published lessons.").waitFor();
    await look(page, "course-author");
    await learner.page.reload();
    await own.getByText("1 course, for members alone.").waitFor();
    await own.getByRole("link", { name: "See them" }).click();
    await learner.page.getByRole("link", { name: "Harbours" }).waitFor();
    await look(learner.page, "courses-learner-360");
    await learner.page.getByRole("link", { name: "Harbours" }).click();
    await learner.page.getByRole("link", { name: "Moles and basins" }).click();
    const picture = learner.page.getByRole("img", { name: "A mole at low water" });
    await picture.waitFor();
    await expect
      .poll(() => picture.evaluate((one) => (one instanceof HTMLImageElement ? one.naturalWidth : 0)))
      .toBe(400);
    expect((await shownIn(learner.page, "article .space-y-4")).filter((line) => line !== "p: ")).toEqual(
      written.filter((line) => line !== "p: "),
    );
    expect(await learner.page.getByRole("link", { name: "Read on" }).getAttribute("rel")).toContain(
      "noopener",
    );
    expect(await learner.page.getByRole("link", { name: "Edit" }).count()).toBe(0);
    await look(learner.page, "lesson-learner-360");
    await learner.page.goto("/search?q=swell");
    await learner.page.getByRole("link", { name: "Moles and basins" }).click();
    await picture.waitFor();

    // The learner tries something out in the same tenant, and finds it the same way.
    await learner.page
      .getByRole("navigation", { name: "Main" })
      .getByRole("link", { name: "Simulations" })
      .click();
    await learner.page.getByRole("link", { name: /How long a stolen session token is good/ }).click();
    await learner.page.getByLabel("Name", { exact: true }).fill("Swell of stolen tokens");
    await learner.page.getByLabel("Sure enough at").fill("0.9");
    await learner.page.getByLabel("Steps at most").fill("20");
    await learner.page.getByRole("button", { name: "Set it up" }).click();
    await learner.page.getByRole("button", { name: "Run it", exact: true }).click();
    await learner.page.getByRole("status").getByText("Converged").waitFor();
    await learner.page.goto("/search?q=swell");
    await learner.page.getByText("2 results for “swell”").waitFor();
    await learner.page.getByRole("link", { name: "Swell of stolen tokens" }).click();
    await learner.page.getByRole("status").getByText("Converged").waitFor();
    const simulationUrl = learner.page.url();

    const stranger = await visit();
    await stranger.page.goto("/");
    await stranger.page.getByRole("heading", { name: "Courses on web security" }).waitFor();
    await look(stranger.page, "catalogue-stranger");
    expect(await stranger.page.getByRole("heading", { name: /^Courses of/ }).count()).toBe(0);
    await enterTenant(stranger.page, "eve", await openTenant(hub, "ACME"), "owner");
    await stranger.page.getByText("No courses yet").waitFor();
    await stranger.page.goto(lessonUrl);
    await stranger.page.getByText("There is nothing here").waitFor();
    await stranger.page.goto(simulationUrl);
    await stranger.page.getByText("This simulation is not here").waitFor();
    await stranger.page.goto("/search?q=swell");
    await stranger.page.getByText("Nothing is found for “swell”").waitFor();
    expect((await stranger.context.request.get(src)).status()).toBe(404);
    expect((await learner.context.request.get(src)).status()).toBe(200);
    for (const { complaints, context } of [author, learner, stranger]) {
      expect(complaints).toEqual([]);
      await context.close();
    }
  }, 120_000);

  it("is edited by two authors at once without a loss, on a phone and by keyboard", async () => {
    const tenant = await openTenant(hub, "two.test");
    const one = await visit({ width: 360 });
    await enterTenant(one.page, "ada", tenant, "author");
    const { page } = one;
    await page.goto("/tenant/courses/new");
    await page.getByLabel("Title").fill("Shared");
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "Write a lesson" }).first().click();
    await page.getByRole("heading", { name: "A new lesson" }).waitFor();
    await page.getByLabel("Title").fill("First");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    // The tools are reached before the text: one after the other, by keyboard alone.
    await tool(page, "Italic").focus();
    await page.keyboard.press("Enter");
    await page.keyboard.type("leaning");
    await look(page, "lesson-editor-360");
    await page.getByRole("button", { name: "Save the lesson" }).click();
    await page.getByRole("link", { name: "Edit" }).waitFor();
    expect(await shownIn(page, "article .space-y-4")).toEqual(["p: leaning", "em: leaning"]);
    const url = page.url();
    await page.getByRole("link", { name: "Edit" }).click();
    await editor(page).getByText("leaning").waitFor();

    const other = await visit();
    await enterTenant(other.page, "bea", tenant, "admin");
    await other.page.goto(`${url}/edit`);
    await editor(other.page).fill("Theirs");
    await other.page.getByRole("button", { name: "Save the lesson" }).click();
    await other.page.getByRole("link", { name: "Edit" }).waitFor();

    await editor(page).fill("Mine");
    await page.getByRole("button", { name: "Save the lesson" }).click();
    await page.getByText("Somebody has saved another version meanwhile").waitFor();
    await page.getByRole("group", { name: "Their version" }).getByText("Theirs").waitFor();
    await look(page, "lesson-conflict-360");
    expect(await editor(page).textContent()).toBe("Mine");
    await page.getByRole("button", { name: "I have looked: let me save mine" }).click();
    await page.getByRole("button", { name: "Save the lesson" }).click();
    await page.getByRole("link", { name: "Edit" }).waitFor();
    await page.getByText("Mine").waitFor();

    // Pasted markup is text, and runs nowhere.
    await page.getByRole("link", { name: "Edit" }).click();
    await editor(page).click();
    await editor(page).evaluate((element) => {
      const data = new DataTransfer();
      data.setData("text/html", "<img src=x onerror=\"document.title='run'\"><b>rich</b>");
      data.setData("text/plain", "<img src=x onerror=alert(1)> plain");
      element.dispatchEvent(
        new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }),
      );
    });
    await editor(page).getByText("<img src=x onerror=alert(1)> plain").waitFor();
    await page.getByRole("button", { name: "Save the lesson" }).click();
    await page.getByRole("link", { name: "Edit" }).waitFor();
    await page.getByText("<img src=x onerror=alert(1)> plain").waitFor();
    expect(await page.locator("article img").count()).toBe(0);

    await page.getByRole("button", { name: "Delete" }).click();
    await look(page, "lesson-delete-360");
    await page.getByRole("button", { name: "Delete for ever" }).click();
    await page.getByText("No lessons yet").waitFor();
    for (const { complaints, context } of [one, other]) {
      expect(complaints).toEqual([]);
      await context.close();
    }
  }, 120_000);

  it("keeps cells of a table that are wider or higher than one, through the editor and to readers", async () => {
    const tenant = await openTenant(hub, "tables.test");
    const { page, context, complaints } = await visit();
    await enterTenant(page, "tab", tenant, "author");
    await page.goto("/tenant/courses/new");
    await page.getByLabel("Title").fill("Tables");
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "Write a lesson" }).first().waitFor();
    const course = new URL(page.url()).pathname.split("/").at(-1) ?? "";
    const body =
      '<table><tbody><tr><th colspan="3">Tides</th></tr><tr><td rowspan="2">Spring</td><td>high</td><td colspan="51">low</td></tr><tr><td>5 m</td><td>1 m</td></tr></tbody></table>';
    const { csrf_token: token } = await (await context.request.get("/csrf-token")).json();
    const made = await context.request.post(`/api/courses/${course}/lessons`, {
      data: { title: "Tides", body },
      headers: { "x-csrftoken": String(token) },
    });
    expect(made.status()).toBe(201);
    const { id } = await made.json();
    const cells = (where: string) =>
      page
        .locator(`${where} :is(th, td)`)
        .evaluateAll((all) =>
          all.map((cell) =>
            cell instanceof HTMLTableCellElement ? `${cell.textContent} ${cell.colSpan}x${cell.rowSpan}` : "",
          ),
        );
    const kept = ["Tides 3x1", "Spring 1x2", "high 1x1", "low 1x1", "5 m 1x1", "1 m 1x1"];
    await page.goto(`/tenant/courses/${course}/lessons/${id}`);
    await page.getByRole("cell", { name: "Spring" }).waitFor();
    expect(await cells("article")).toEqual(kept);
    await look(page, "lesson-table");
    await page.getByRole("link", { name: "Edit" }).click();
    await editor(page).getByText("5 m").waitFor();
    await editor(page).getByText("5 m").click();
    await page.keyboard.press("End");
    await page.keyboard.type(" or more");
    await page.getByRole("button", { name: "Save the lesson" }).click();
    await page.getByRole("link", { name: "Edit" }).waitFor();
    expect(await cells("article")).toEqual(kept.map((cell) => cell.replace("5 m", "5 m or more")));
    expect(complaints).toEqual([]);
    await context.close();
  }, 60_000);
});
