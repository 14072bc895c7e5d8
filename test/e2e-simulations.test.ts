/** Simulations as people use them, in Chromium: set up, run, watched, cancelled, compared; another tenant sees none. */
import { definePolicy } from "aegis";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PASSWORD } from "./support/browser-like.ts";
import { arrived, enter, inChromium, look } from "./support/e2e.ts";
import { cheapHash, startHub } from "./support/hub.ts";

let hub: Awaited<ReturnType<typeof startHub>>;
beforeAll(async () => {
  hub = await startHub(
    definePolicy({ preset: "education", environment: "development", password: { argon2: cheapHash } }),
    { clock: { now: () => Date.now() } }, // runs are told apart by when they began
  );
});
afterAll(async () => {
  await hub?.close();
});

const { visit } = inChromium(() => hub.origin);

/** Somebody who owns a tenant of that name, signed in. */
async function enterTenant(page: Page, username: string, tenant: string): Promise<void> {
  await hub.app.aegis.createAccount({
    username,
    password: PASSWORD,
    roles: ["user"],
    email: `${username}@example.com`,
  });
  const owner = (await hub.stores.accounts.findByLogin(username))?.id ?? "";
  await hub.app.aegis.openTenant({ name: tenant, owner });
  await enter(page, username);
  await arrived(page);
}

describe.each([
  ["light", 1280],
  ["dark", 320],
] as const)("a simulation in %s at %i pixels", (theme, width) => {
  it("is set up, run, seen to converge, compared and cancelled, and another tenant sees none of it", async () => {
    const mark = `${theme}-${width}`;
    const shot = (part: string) => `simulations-${mark}-${part}`;
    const { context, page, complaints } = await visit({ dark: theme === "dark", width });
    await enterTenant(page, `learner-${mark}`, `test.com ${mark}`);
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Simulations" }).click();
    await page.getByText("No simulations yet").waitFor();
    await page.getByRole("link", { name: /How long a stolen session token is good/ }).waitFor();
    await look(page, shot("empty"));

    await page.getByRole("link", { name: /How long a stolen session token is good/ }).click();
    await page.getByLabel("Name", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Set it up" }).click();
    await page.getByRole("alert").getByText(/Name/).waitFor();
    await page.getByLabel("Name", { exact: true }).fill("Rotation of fifteen minutes");
    await page.getByLabel("Sure enough at").fill("1.5");
    await page.getByRole("button", { name: "Set it up" }).click();
    await page.getByText("× At most 1.").waitFor();
    await look(page, shot("form-refused"));
    // What was typed is there again after a reload.
    await page.reload();
    expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("Rotation of fifteen minutes");
    await page.getByLabel("Sure enough at").fill("0.9");
    await page.getByLabel("Steps at most").fill("20");
    await page.getByRole("button", { name: "Set it up" }).click();

    await page.getByRole("heading", { level: 1, name: "Rotation of fifteen minutes" }).waitFor();
    await page.getByText("Not run yet").waitFor();
    await look(page, shot("not-run"));
    await page.getByRole("button", { name: "Run it", exact: true }).click();
    await page.getByRole("status").getByText("Converged").waitFor();
    await page.getByText(/^About [\d.]+%, and \d+(\.\d)?% sure/).waitFor();
    await page.getByText(/the threshold of 90% is reached/).waitFor();
    await page.getByText("The numbers of each step").click();
    await page.getByRole("table").getByRole("columnheader", { name: "How sure" }).waitFor();
    await look(page, shot("converged"));

    // Each step of the way, by keyboard; it stands in the address.
    await page.getByRole("slider").focus();
    await page.keyboard.press("Home");
    await page.getByText(/^About [\d.]+% so far/).waitFor();
    expect(page.url()).toContain("step=1");
    await page.reload();
    await page.getByText(/^About [\d.]+% so far/).waitFor();
    await page.getByRole("button", { name: "Watch it converge" }).click();
    await page.getByText(/^About [\d.]+%, and/).waitFor();

    // The advanced way is sure with fewer trials.
    await page.getByRole("link", { name: "Change it" }).click();
    await page.getByLabel("Type", { exact: true }).selectOption("advanced");
    await page.getByText(/Importance sampling/).waitFor();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("button", { name: "Run it again" }).click();
    await page.getByText(/^Advanced, step \d+ of 20/).waitFor();
    await page.getByRole("status").getByText("Converged").waitFor();
    for (const type of [/^\s*Advanced/, /^\s*Standard/])
      await page.getByRole("listitem").filter({ hasText: type }).getByRole("checkbox").check();
    await page.getByText(/^A needs \d+(\.\d)? times fewer trials than B/).waitFor();
    expect(page.url()).toContain("runs=");
    await look(page, shot("compared"));

    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download the runs (CSV)" }).click(),
    ]);
    expect(file.suggestedFilename()).toBe("simulation.csv");

    // Another one, that takes its time, is cancelled.
    await page.goto("/simulations/new?experiment=rate-limit");
    await page.getByLabel("Name", { exact: true }).fill("A crowd at the door");
    await page.getByLabel(/^Limit/).fill("200");
    await page.getByLabel(/^Demand/).fill("400");
    await page.getByLabel("Sure enough at").fill("1");
    await page.getByLabel("Steps at most").fill("20");
    await page.getByRole("button", { name: "Set it up" }).click();
    await page.getByRole("button", { name: "Run it", exact: true }).click();
    await page.getByText(/% so far, /).waitFor();
    await page.getByRole("progressbar", { name: "Steps of the run" }).waitFor();
    await look(page, shot("running"));
    await page.getByRole("button", { name: "Cancel the run" }).click();
    await page.getByRole("status").getByText("Cancelled").waitFor();
    await look(page, shot("cancelled"));

    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Simulations" }).click();
    await page.getByRole("link", { name: "A crowd at the door" }).waitFor();
    await look(page, shot("list"));
    await page.getByLabel("Name or description").fill("rotation");
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByText("Page 1 of 1, 1 simulation").waitFor();
    expect(page.url()).toContain("q=rotation");
    await page.getByRole("link", { name: "Rotation of fifteen minutes" }).click();
    await page.getByText("The last twenty are kept").waitFor();
    const address = new URL(page.url()).pathname;

    const other = await visit();
    await enterTenant(other.page, `stranger-${mark}`, `ACME ${mark}`);
    await other.page.goto("/simulations");
    await other.page.getByText("No simulations yet").waitFor();
    await other.page.goto(address);
    await other.page.getByText("This simulation is not here").waitFor();
    await look(other.page, shot("other-tenant"));
    await other.context.close();

    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByRole("alertdialog").waitFor();
    await look(page, shot("delete"));
    await page.getByRole("button", { name: "Delete the simulation" }).click();
    await page.getByRole("link", { name: "A crowd at the door" }).waitFor();
    expect(await page.getByRole("link", { name: "Rotation of fifteen minutes" }).count()).toBe(0);
    expect([...complaints, ...other.complaints]).toEqual([]);
    await context.close();
  }, 120_000);
});

describe("the pages of simulations", () => {
  it("say when they cannot be loaded, to whom nothing belongs, and who has to sign in", async () => {
    const { context, page } = await visit({ width: 320 });
    await hub.app.aegis.createAccount({ username: "nobodys", password: PASSWORD, roles: ["user"] });
    await page.goto("/simulations");
    await page.getByLabel("User name or e-mail").fill("nobodys");
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByText("You are not working in a tenant").waitFor();
    await look(page, "simulations-no-tenant");
    await context.close();

    const owner = await visit();
    await enterTenant(owner.page, "unlucky", "Unlucky");
    await owner.page.route("**/api/simulations?*", (route) => route.abort());
    await owner.page.goto("/simulations");
    await owner.page.getByText("You seem to be offline").waitFor({ timeout: 20_000 });
    await look(owner.page, "simulations-offline");
    await owner.page.unroute("**/api/simulations?*");
    await owner.page.getByRole("button", { name: "Try again" }).click();
    await owner.page.getByText("No simulations yet").waitFor();
    await owner.context.close();
  }, 60_000);
});
