/** Accounts as a person uses them: in Chromium, with a real mail server, an authenticator, and a passkey. */
import { definePolicy } from "aegis";
import { smtpTransport } from "aegis/mail";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { totpCode } from "./support/authenticator.ts";
import { PASSWORD } from "./support/browser-like.ts";
import { arrived, enter, inChromium, look } from "./support/e2e.ts";
import { cheapHash, startHub } from "./support/hub.ts";
import { codeIn } from "./support/letters.ts";
import { readQr } from "./support/qr.ts";
import { startSmtp } from "./support/smtp.ts";

/** The field for six digits says what it is for in its own words. */
const CODE = /code/i;
const NEXT = "another violet twelve forks";

let smtp: Awaited<ReturnType<typeof startSmtp>>;
let hub: Awaited<ReturnType<typeof startHub>>;
/** Passkeys belong to a name, never to a bare address. */
let origin: string;
beforeAll(async () => {
  smtp = await startSmtp();
  hub = await startHub(
    definePolicy({ preset: "education", environment: "development", password: { argon2: cheapHash } }),
    { mail: smtpTransport({ url: smtp.url, from: "The Hub <hub@hub.test>", requireTls: true, ca: smtp.ca }) },
  );
  origin = hub.origin.replace("127.0.0.1", "localhost");
});
afterAll(async () => {
  await hub?.close();
  await smtp?.close();
});

const { visit } = inChromium(() => origin);

async function register(page: Page, username: string, withPictures = false): Promise<string> {
  const email = `${username}@example.com`;
  await page.goto("/register");
  await page.getByLabel("User name").fill(username);
  await page.getByLabel(/^E-mail/).fill(email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  if (withPictures) {
    await page
      .getByText(/Very Strong|Strong/)
      .first()
      .waitFor();
    await look(page, "register");
  }
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("heading", { name: "Verify your e-mail address" }).waitFor();
  if (withPictures) await look(page, "register-code");
  const letter = await smtp.next(email, 0);
  expect(letter.secure).toBe(true);
  await page.getByLabel(CODE).fill(codeIn(letter)); // sends itself when it is full
  await page.getByText("Your account is ready").waitFor();
  return email;
}

async function signOut(page: Page): Promise<void> {
  await page.getByRole("button", { name: /^Account of/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByText("You are signed out").waitFor();
}

/** Reads the picture as a phone would: from its pixels. */
async function scan(page: Page): Promise<URL> {
  const picture = page.getByRole("img", { name: /QR/i });
  return new URL(readQr(await picture.screenshot()));
}

async function setUpAuthenticator(page: Page): Promise<{ secret: string; codes: string[] }> {
  await page.goto("/account/security");
  await page.getByRole("button", { name: "Set up an authenticator app" }).click();
  const uri = await scan(page);
  const secret = uri.searchParams.get("secret") ?? "";
  await look(page, "authenticator");
  await page.getByLabel(/Type in the code/).fill(totpCode(secret, hub.clock.now()));
  const list = page.getByRole("list", { name: "Backup codes" }).getByRole("listitem");
  await list.first().waitFor();
  const codes = await list.allTextContents();
  await look(page, "backup-codes");
  await page.getByLabel("I have kept them").check();
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByText("Your authenticator app is set up").waitFor();
  hub.clock.advance(30);
  return { secret, codes };
}

async function withPasskeys(context: BrowserContext, page: Page) {
  const devtools = await context.newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
}

describe("a person", { timeout: 120_000 }, () => {
  it("registers, verifies by mail, sets two factors up, signs in by code and backup code, and gets back in by mail", async () => {
    const { page, complaints } = await visit();
    const email = await register(page, "ada", true);
    await enter(page, email, PASSWORD);
    await arrived(page);
    const { secret, codes } = await setUpAuthenticator(page);
    await look(page, "security");

    const phone = await visit({ width: 320, dark: true });
    await enter(phone.page, "ada", PASSWORD);
    await phone.page.getByRole("heading", { name: "Confirm that it is you" }).waitFor();
    await phone.page.reload(); // the step is the server's, and survives
    await look(phone.page, "second-step-phone-dark");
    await phone.page.getByLabel(CODE).fill(totpCode(secret, hub.clock.now()));
    await arrived(phone.page);
    await phone.page.goto("/account/security");
    await phone.page.getByRole("heading", { name: "Authenticator app" }).waitFor();
    await look(phone.page, "security-phone-dark");

    await signOut(page);
    await enter(page, "ada", PASSWORD);
    await page.getByRole("button", { name: "Use a backup code" }).click();
    await page.getByLabel("Backup code").fill(codes[0] ?? "");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await arrived(page);

    await page.goto("/account/security");
    const stranger = await visit();
    await stranger.page.goto("/forgot");
    await look(stranger.page, "forgot");
    const before = smtp.letters.filter(({ to }) => to === email).length;
    await stranger.page.getByLabel("E-mail").fill(email);
    await stranger.page.getByRole("button", { name: "Send the link" }).click();
    const letter = await smtp.next(email, before);
    const link = /https?:\/\/\S+\/reset#token=[\w-]+/.exec(letter.text)?.[0] ?? "";
    await stranger.page.goto(link);
    await stranger.page.getByRole("heading", { name: "Set a new password" }).waitFor();
    expect(stranger.page.url()).not.toContain("token"); // not in the history, nor in a Referer
    await look(stranger.page, "reset");
    await stranger.page.getByLabel("New password", { exact: true }).fill(NEXT);
    await stranger.page.getByRole("button", { name: "Set the password" }).click();
    await stranger.page.getByText("Your new password is set").waitFor();
    for (const one of [page, phone.page]) {
      await one.goto("/account/security");
      await one.getByRole("heading", { name: "Sign in" }).waitFor(); // every session has ended
    }
    await enter(page, "ada", NEXT);
    await page.getByLabel(CODE).fill(totpCode(secret, hub.clock.now() + 30_000));
    await arrived(page);
    expect([...complaints, ...phone.complaints, ...stranger.complaints]).toEqual([]);
  });

  it("adds a passkey and signs in with it, without a password, and confirms with it", async () => {
    const { context, page, complaints } = await visit();
    await withPasskeys(context, page);
    await register(page, "grace");
    await enter(page, "grace", PASSWORD);
    await arrived(page);
    await page.goto("/account/security");
    await page.getByRole("button", { name: "Add a passkey" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Blue laptop");
    await page.getByRole("button", { name: "Add a passkey" }).click();
    await page.getByLabel("I have kept them").check();
    await page.getByRole("button", { name: "Done" }).click();
    await page.getByText("Blue laptop").first().waitFor();
    await look(page, "passkeys");
    await signOut(page);
    await page.goto("/login");
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await arrived(page);
    await signOut(page);
    await enter(page, "grace", PASSWORD); // and as the second step
    await page.getByRole("button", { name: "Use a passkey" }).click();
    await arrived(page);
    hub.clock.advance(601);
    await page.goto("/account/data");
    await look(page, "my-data");
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("verifies the address later, and changes it", async () => {
    const { context, page, complaints } = await visit();
    const first = "hedy@example.com";
    await page.goto("/register");
    await page.getByLabel("User name").fill("hedy");
    await page.getByLabel(/^E-mail/).fill(first);
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "Create account" }).click();
    await smtp.next(first, 0);
    await page.getByRole("button", { name: "Do this later" }).click();
    await enter(page, "hedy", PASSWORD);
    await arrived(page);
    hub.clock.advance(61);
    await page.goto("/account/security");
    await page.getByRole("button", { name: "Verify this address" }).click();
    await page.getByRole("button", { name: "Send a code" }).click();
    await page.getByLabel(CODE).fill(codeIn(await smtp.next(first, 1)));
    await page.getByText("Your address is verified.").waitFor();
    const second = "hedy.lamarr@example.com";
    await page.getByRole("button", { name: "Change address" }).click();
    await page.getByLabel("New e-mail").fill(second);
    await page.getByRole("button", { name: "Send a code to it" }).click();
    await look(page, "change-address");
    await page.getByLabel(CODE).fill(codeIn(await smtp.next(second, 0)));
    await page.getByText(second).first().waitFor();
    await page.getByText("Your address is verified.").waitFor();
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("with the keyboard alone finishes a sign-in with two factors", async () => {
    const { page } = await visit();
    await register(page, "joan");
    await enter(page, "joan", PASSWORD);
    await arrived(page);
    const { secret } = await setUpAuthenticator(page);
    await signOut(page);
    await page.goto("/login");
    await page.getByLabel("User name or e-mail").focus();
    await page.keyboard.type("joan");
    await page.keyboard.press("Tab");
    await page.getByLabel("Password", { exact: true }).focus();
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Confirm that it is you" }).waitFor();
    await page.getByLabel(CODE).waitFor();
    await page.waitForFunction("document.activeElement?.tagName === 'INPUT'");
    await page.keyboard.type(totpCode(secret, hub.clock.now()));
    await arrived(page);
  });
});

describe("an administrator", { timeout: 120_000 }, () => {
  it("sets a second factor up at the first sign-in, then looks after the users", async () => {
    const { password: secret } = await hub.app.aegis.createAccount({
      username: "root",
      roles: ["user", "admin"],
    });
    const { page, complaints } = await visit();
    await enter(page, "root", secret);
    await page.getByRole("heading", { name: "Add a second step" }).waitFor();
    await look(page, "enrol");
    await page.getByRole("button", { name: "Set up an authenticator app" }).click();
    const key = (await scan(page)).searchParams.get("secret") ?? "";
    await page.getByLabel(/Type in the code/).fill(totpCode(key, hub.clock.now()));
    await page.getByLabel("I have kept them").check();
    await page.getByRole("button", { name: /Done|Continue/ }).click();
    await arrived(page);
    await page.goto("/admin/users");
    await page.getByRole("link", { name: "ada" }).waitFor();
    await look(page, "admin-users");
    await page.getByRole("button", { name: "User" }).click();
    await page
      .getByRole("columnheader", { name: "User" })
      .and(page.locator("[aria-sort=ascending]"))
      .waitFor();
    expect(page.url()).toContain("sort=username");
    expect((await page.getByRole("rowheader").allTextContents())[0]).toMatch(/^ada/);
    await page.getByRole("link", { name: "ada" }).click();
    await page.getByRole("heading", { name: /ada/ }).waitFor();
    await look(page, "admin-user");
    await page.goto("/admin/approvals");
    await look(page, "admin-approvals");
    const phone = await visit({ width: 320, dark: true });
    await phone.page.goto("/register");
    await phone.page.getByLabel("User name").waitFor();
    await look(phone.page, "register-phone-dark");
    expect([...complaints, ...phone.complaints]).toEqual([]);
  });
});
