/** Programs with access as their owner sees them: in Chromium, under the page policy in force. */
import { definePolicy } from "aegis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PASSWORD } from "./support/browser-like.ts";
import { inChromium, look } from "./support/e2e.ts";
import { cheapHash, startHub } from "./support/hub.ts";

let hub: Awaited<ReturnType<typeof startHub>>;
beforeAll(async () => {
  hub = await startHub(
    definePolicy({
      preset: "education",
      environment: "development",
      password: { argon2: cheapHash },
      token: { enabled: true },
    }),
  );
});
afterAll(async () => {
  await hub?.close();
});

const { visit } = inChromium(() => hub.origin);

async function signedIn(username: string) {
  await hub.app.aegis.createAccount({ username, password: PASSWORD, roles: ["user"] });
  const { page, context, complaints } = await visit();
  await context.request.post("/api/login", { data: { username, password: PASSWORD } });
  const allow = async (client: string, scopes?: readonly string[]): Promise<string> => {
    const { csrf_token: token } = await (await context.request.get("/csrf-token")).json();
    const answer = await context.request.post("/api/auth/token", {
      data: { client, ...(scopes === undefined ? {} : { scopes }) },
      headers: { "x-csrftoken": token },
    });
    return (await answer.json()).access_token;
  };
  return { page, context, complaints, allow };
}

describe("programs with access", () => {
  it("are listed on the security page with what they may do, and ended there", async () => {
    const { page, complaints, allow } = await signedIn("ada");
    const access = await allow("My phone");
    await allow("A-name-without-any-space-that-is-as-long-as-a-name-may-be-64-cha", ["profile:read"]);
    await page.goto("/account/security#programs");
    const part = page.locator("#programs");
    await part.getByText("It may see your recent events, see your profile, change your profile.").waitFor();
    expect(await part.getByRole("listitem").count()).toBe(2);
    for (const [name, width, scheme] of [
      ["programs-light", 1280, "light"],
      ["programs-dark", 1280, "dark"],
      ["programs-narrow", 320, "light"],
    ] as const) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      await look(page, name);
    }
    await part.getByRole("button", { name: "End the access of My phone" }).click();
    await page.getByRole("alertdialog").getByText("It stops working at once.").waitFor();
    await look(page, "programs-end");
    await page.getByRole("alertdialog").getByRole("button", { name: "End access" }).click();
    await part.getByText("“My phone” no longer has access.").waitFor();
    await expect.poll(() => part.getByRole("listitem").count()).toBe(1); // the list is fetched anew
    const headers = { authorization: `Bearer ${access}` };
    expect((await fetch(new URL("/api/profile", hub.origin), { headers })).status).toBe(401);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it("are none at first, and say so; and what cannot be loaded is said, too", async () => {
    const { page, complaints } = await signedIn("grace");
    await page.goto("/account/security");
    await page.locator("#programs").getByText("No program has access to this account.").waitFor();
    await look(page, "programs-none");
    await page.route("**/api/account/tokens", (route) => route.abort());
    await page.reload();
    const retry = page.locator("#programs").getByRole("button", { name: "Try again" });
    await retry.waitFor({ timeout: 30_000 });
    await look(page, "programs-away");
    await page.unroute("**/api/account/tokens");
    await retry.click();
    await page.locator("#programs").getByText("No program has access to this account.").waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});
