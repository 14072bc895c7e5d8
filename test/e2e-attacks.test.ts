/** The administrator's page of attacks and limits in Chromium, while an attack goes on. */
import { readFileSync } from "node:fs";
import { definePolicy } from "aegis";
import { describe, expect, it } from "vitest";
import { totpCode } from "./support/authenticator.ts";
import { PASSWORD } from "./support/browser-like.ts";
import { inChromium, look, newPerson } from "./support/e2e.ts";
import { cheapHash, startHub } from "./support/hub.ts";

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

const { visit } = inChromium(() => hub.origin);

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
  ["dark", 320],
] as const)("attacks and limits in %s at %i pixels", (theme, width) => {
  it("are empty at first, show an attack as it comes, and let a ban be lifted and a session be ended", async () => {
    hub = await open();
    const { context, page, complaints } = await visit({ dark: theme === "dark", width });
    const name = (part: string) => `attacks-${theme}-${width}-${part}`;
    const secret = await newPerson(hub, page, "overseer", ["user", "admin"]);
    await page.getByRole("button", { name: /^Account of/ }).click();
    await page.getByRole("menuitem", { name: "Security overview" }).click();
    await page.getByRole("navigation", { name: "Security" }).getByText("Attacks and limits").click();
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
    await newPerson(hub, guest.page, "pupil");
    await page.getByRole("navigation", { name: "Security" }).getByText("Sessions").click();
    await page.getByRole("button", { name: "Refresh the list" }).waitFor();
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
    await newPerson(hub, page, "overseer", ["user", "admin"]);
    await page.route("**/api/admin/security/stream", (route) => route.abort());
    await page.goto("/admin/security/attacks");
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
    await newPerson(hub, page, "overseer", ["user", "admin"]);
    await page.route("**/api/admin/security/*", (route) => route.abort());
    await page.goto("/admin/security/attacks");
    await page.getByText("You seem to be offline").waitFor({ timeout: 20_000 });
    await page.unroute("**/api/admin/security/*");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByText("No pattern of an attack").waitFor();
    await context.close();
    const other = await visit();
    await newPerson(hub, other.page, "curious");
    await other.page.goto("/admin/security/attacks");
    await other.page.getByText("You have no access to this").waitFor();
    await other.context.close();
    await hub.close();
  }, 60_000);
});
