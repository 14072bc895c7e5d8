/** Tenants as people use them: in Chromium, from the invitation to the day they leave. */
import { definePolicy } from "aegis";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { totpCode } from "./support/authenticator.ts";
import { PASSWORD } from "./support/browser-like.ts";
import { arrived, inChromium, look, signIn } from "./support/e2e.ts";
import { cheapHash, startHub } from "./support/hub.ts";

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

const account = (username: string, roles: readonly string[] = ["user"]) =>
  hub.app.aegis.createAccount({ username, password: PASSWORD, roles, email: `${username}@example.com` });
const userIdOf = async (username: string) => (await hub.stores.accounts.findByLogin(username))?.id ?? "";

async function letterTo(email: string): Promise<string> {
  await hub.settled();
  const letter = hub.mail.sent.findLast(({ to, text }) => to === email && text.includes("/invitation#"));
  return /https?:\/\/[^\s]+\/invitation#token=[\w-]+/.exec(letter?.text ?? "")?.[0] ?? "";
}
const switcher = (page: Page) => page.getByRole("button", { name: /^Tenant:/ });

describe.each([
  ["light", 1280],
  ["dark", 320],
] as const)("a tenant in %s at %i pixels", (theme, width) => {
  it("is led by its owner, joined by invitation, and left", async () => {
    const mark = `${theme}-${width}`;
    const shot = (part: string) => `tenant-${mark}-${part}`;
    const [ownerName, guestName] = [`owner-${mark}`, `guest-${mark}`];
    await account(ownerName);
    await account(guestName);
    for (const name of [`Gammons ${mark}`, `ACME ${mark}`])
      await hub.app.aegis.openTenant({ name, owner: await userIdOf(ownerName) });

    const { context, page, complaints } = await visit({ dark: theme === "dark", width });
    await page.goto("/login");
    await signIn(page, ownerName);
    await arrived(page);
    await switcher(page).click();
    await page.getByRole("menuitemradio", { name: /^ACME/ }).waitFor();
    await look(page, shot("switcher"));
    await page.getByRole("menuitemradio", { name: /^ACME/ }).click();
    await page.getByText(`You work in ACME ${mark} now.`).waitFor();
    await page.getByRole("button", { name: `Close the message: You work in ACME ${mark} now.` }).click();
    expect(await switcher(page).getAttribute("aria-label")).toBe(`Tenant: ACME ${mark}`);

    await switcher(page).click();
    await page.getByRole("menuitem", { name: "Members", exact: true }).click();
    await page.getByText("You are the only one here.").waitFor();
    await look(page, shot("members-alone"));
    await page.getByRole("link", { name: "Invite somebody" }).click();
    await page.getByText("Nobody is invited").waitFor();
    await page.getByLabel("E-mail", { exact: true }).fill("no address");
    await page.getByRole("button", { name: "Send the invitation" }).click();
    await page.getByRole("alert").first().waitFor();
    await look(page, shot("invitations-error"));
    await page.getByLabel("E-mail", { exact: true }).fill(`${guestName}@example.com`);
    await page.getByLabel("Role").selectOption("author");
    await page.getByRole("button", { name: "Send the invitation" }).click();
    await page.getByText(/is invited\. The letter is on its way/).waitFor();
    await look(page, shot("invitations"));

    const guest = await visit({ dark: theme === "dark", width });
    const link = await letterTo(`${guestName}@example.com`);
    await guest.page.goto(link);
    await guest.page.getByRole("link", { name: "Create an account" }).waitFor();
    expect(guest.page.url()).not.toContain("token");
    await look(guest.page, shot("invitation-stranger"));
    await guest.page.getByRole("main").getByRole("link", { name: "Sign in" }).click();
    await signIn(guest.page, guestName);
    await guest.page.getByRole("button", { name: "Accept the invitation" }).waitFor();
    await look(guest.page, shot("invitation"));
    await guest.page.getByRole("button", { name: "Accept the invitation" }).click();
    await guest.page.getByText(`You are author in ACME ${mark} now.`).waitFor();
    await guest.page.getByText("Your role", { exact: false }).first().waitFor();
    await look(guest.page, shot("roles"));
    // What is for administrators is not shown to an author, and says why.
    await guest.page.goto("/tenant/members");
    await guest.page.getByText("This is for administrators of the tenant").waitFor();
    await look(guest.page, shot("no-access"));

    await page.goto("/tenant/members");
    await page.getByLabel(`Role of ${guestName}`).selectOption("admin");
    await page.getByRole("alertdialog").waitFor();
    await look(page, shot("role-asked"));
    await page.getByRole("button", { name: "Change the role" }).click();
    await page.getByText(`${guestName} is administrator now.`).waitFor();
    await look(page, shot("members"));
    await guest.page.reload();
    await guest.page.getByRole("list", { name: "Members" }).waitFor();
    expect(await guest.page.getByLabel(`Role of ${ownerName}`).count()).toBe(0);

    await page.getByRole("button", { name: `Remove ${guestName}` }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Remove" }).click();
    await page.getByText(`${guestName} is removed, and refused from now on.`).waitFor();
    await guest.page.reload();
    await guest.page.getByText("You are not working in a tenant").waitFor();
    await look(guest.page, shot("none"));

    await page.getByRole("navigation", { name: "Tenant" }).getByRole("link", { name: "Settings" }).click();
    await page.getByLabel("Name", { exact: true }).fill(`Gammons ${mark}`);
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText(/There is a tenant with this name already/).waitFor();
    await look(page, shot("settings-error"));
    await page.getByLabel("Name", { exact: true }).fill(`Acme ${mark} Ltd`);
    await page.getByLabel(/Whoever registers may name this tenant/).check();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("The settings are saved.").waitFor();
    await look(page, shot("settings"));
    expect(await switcher(page).getAttribute("aria-label")).toBe(`Tenant: Acme ${mark} Ltd`);

    await page.getByRole("navigation", { name: "Tenant" }).getByRole("link", { name: "Roles" }).click();
    await page.getByRole("button", { name: "Leave this tenant …" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Leave" }).click();
    await page.getByText(/A tenant needs an owner/).waitFor();
    expect([...complaints, ...guest.complaints]).toEqual([]);
    await guest.context.close();
    await context.close();
  }, 90_000);
});

describe("tenants", () => {
  it("are named at registration where they take strangers, and the reason is said where they do not", async () => {
    await hub.app.aegis.openTenant({ name: "test.com", openRegistration: true });
    const { context, page } = await visit();
    await page.goto("/register");
    await page.getByLabel("User name").fill("newcomer");
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByLabel("Tenant (optional)").fill("closed");
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByText(/× No tenant of this name takes registrations/).waitFor();
    await look(page, "tenant-register");
    await page.getByLabel("Tenant (optional)").fill("Test.com");
    await page.getByRole("button", { name: "Create account" }).click();
    await page.waitForURL(/\/login/);
    await signIn(page, "newcomer");
    await switcher(page).waitFor();
    expect(await switcher(page).getAttribute("aria-label")).toBe("Tenant: test.com");
    await context.close();
  }, 60_000);

  it("are opened, closed and handed over by administrators of the whole", async () => {
    await account("heir");
    await account("chief", ["user", "admin"]);
    const { context, page, complaints } = await visit();
    await page.goto("/login");
    await signIn(page, "chief");
    await page.getByRole("button", { name: /authenticator app/ }).click();
    const secret = await page
      .getByText(/^[A-Z2-7 ]{32,}$/)
      .first()
      .textContent();
    await page
      .getByLabel(/Type in the code/)
      .fill(totpCode((secret ?? "").replaceAll(" ", ""), hub.clock.now()));
    await page.getByLabel("I have kept them").check();
    await page.getByRole("button", { name: /Done|Go on|Continue/ }).click();
    await arrived(page);
    await page.getByRole("button", { name: /^Account of/ }).click();
    await page.getByRole("menuitem", { name: "Tenants", exact: true }).click();
    await page.getByRole("button", { name: "Open a tenant" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Fresh");
    await page.getByLabel("Owner", { exact: true }).fill("nobody-there");
    await page.getByRole("button", { name: "Open", exact: true }).click();
    await page.getByText("× Nobody has this user name or address.").waitFor();
    await look(page, "tenants-admin-open");
    await page.getByLabel("Owner", { exact: true }).fill("heir");
    await page.getByRole("button", { name: "Open", exact: true }).click();
    await page.getByText("Fresh is open.").waitFor();
    await page.getByLabel("Part of the name").fill("fre");
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByText("Page 1 of 1, 1 tenant").waitFor();
    await page.getByRole("button", { name: "Close Fresh" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Close", exact: true }).click();
    await page.getByText("Fresh is closed.").waitFor();
    await look(page, "tenants-admin");
    expect(complaints).toEqual([]);
    await context.close();
  }, 60_000);
});
