/** The security area in Chromium: real runs of the verifier, a small attack, a planted fault; what is shown and done there. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { definePolicy, type Policy } from "aegis";
import { memoryStores } from "aegis/fastify";
import { parseProbeAccounts } from "aegis/probe-accounts";
import { catalogue, verify } from "aegis/verify";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SecurityPlaces } from "../apps/hub/server/features/security/upkeep.ts";
import { totpCode } from "./support/authenticator.ts";
import { PASSWORD } from "./support/browser-like.ts";
import { inChromium, look, newPerson } from "./support/e2e.ts";
import { cheapHash, startHub } from "./support/hub.ts";
import { hubTarget } from "./support/target.ts";
import { nowhere, writeUpkeep } from "./support/upkeep.ts";

type Hub = Awaited<ReturnType<typeof startHub>>;
const BAD = "198.51.100.66";
const policyWith = (over: object = {}): Policy =>
  definePolicy({
    preset: "education",
    environment: "development",
    transport: { trustedProxies: ["127.0.0.1"] },
    password: { argon2: cheapHash },
    ...over,
  });
const policy = policyWith();

let hub: Hub;
let folder: string;
let proofs: string;
const { visit } = inChromium(() => hub.origin);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "aegis-e2e-dashboard-"));
  proofs = join(folder, "proofs");
  mkdirSync(proofs);
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
});

/** One address before hubs that come and go, as an upgrade of one deployment does. */
async function door() {
  let port = 0;
  const server = createServer((socket) => {
    const on = connect(port, "127.0.0.1");
    socket.pipe(on).pipe(socket);
    for (const one of [socket, on]) one.on("error", () => [socket, on].forEach((each) => each.destroy()));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const own = typeof address === "object" && address !== null ? address.port : 0;
  return {
    origin: `http://127.0.0.1:${own}`,
    lead: (to: string) => (port = Number(new URL(to).port)),
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

const probeKey = randomBytes(32).toString("base64url");
/** All rooms but one, without the controls that really wait: how fast connections end, a busy machine blurs. */
const rooms = catalogue
  .filter(({ room }) => room !== "transport")
  .map((room) => ({
    ...room,
    controls: room.controls.filter(({ slow }) => !slow),
  }));

/** A whole run, as `aegis verify --save` writes it, of a hub that serves this policy. */
async function saveRun(origin: string, lead: (to: string) => void, served: Policy, file: string) {
  const looked = await startHub(served, { probeKey, limits: memoryStores().limits });
  try {
    lead(looked.origin);
    const report = await verify({
      origin,
      policy,
      policyName: "preset education",
      target: hubTarget,
      rooms,
      probeKey,
      now: () => looked.clock.now(),
      advance: (seconds) => looked.clock.advance(seconds),
      mailbox: async (to) => looked.mail.sent.filter((one) => one.to === to).map(({ text }) => text),
    });
    writeFileSync(join(proofs, file), JSON.stringify(report));
    return report;
  } finally {
    await looked.close();
  }
}

const from = (request: { method?: "POST"; url: string; payload?: object; headers?: object }) =>
  hub.app.inject({ ...request, headers: { "x-forwarded-for": BAD, ...request.headers } });

/** Wrong passwords, a forged form, requests without end, and a page with script that nobody wrote. */
async function attack(): Promise<void> {
  for (let place = 0; place < 25; place++)
    await from({
      method: "POST",
      url: "/api/login",
      payload: { username: `from-a-list-${place}`, password: PASSWORD },
    });
  for (let times = 0; times < 7; times++) {
    await from({ method: "POST", url: "/api/login", payload: { username: "pupil", password: "wrong" } });
    hub.clock.advance(20);
  }
  await from({
    method: "POST",
    url: "/api/login",
    payload: { username: "pupil", password: PASSWORD },
    headers: { origin: "https://evil.example", "sec-fetch-site": "cross-site" },
  });
  for (let place = 0; place < 110; place++) await from({ url: `/api/nothing-${place}` });
}

const report = (page: Page, directive: string, blocked: string) =>
  page.evaluate(
    async ([name, address]) =>
      (
        await fetch("/api/csp-report", {
          method: "POST",
          headers: { "content-type": "application/csp-report" },
          body: JSON.stringify({
            "csp-report": {
              "effective-directive": name,
              "blocked-uri": address,
              "document-uri": `${window.location.origin}/courses`,
            },
          }),
        })
      ).status,
    [directive, blocked],
  );

const open = (places: Partial<SecurityPlaces> = {}) =>
  startHub(policy, {
    places: {
      proofsDirectory: proofs,
      ...nowhere,
      ...places,
    },
  });
const go = (page: Page, name: string) =>
  page.getByRole("navigation", { name: "Security" }).getByRole("link", { name, exact: true }).click();
const heading = (page: Page, name: string) => page.getByRole("heading", { level: 1, name }).waitFor();
const tile = (page: Page, name: string) =>
  page.getByRole("list", { name: "What is looked at" }).getByRole("link", { name: new RegExp(`^${name}`) });

describe("the security area", () => {
  it(
    "is empty at first and says of each part what will appear and by which command",
    { timeout: 90_000 },
    async () => {
      hub = await open();
      for (const [theme, width] of [
        ["light", 1280],
        ["dark", 320],
      ] as const) {
        const { context, page, complaints } = await visit({ dark: theme === "dark", width });
        const name = (part: string) => `dashboard-empty-${theme}-${width}-${part}`;
        await newPerson(hub, page, `overseer-${theme}`, ["user", "admin"]);
        await page.goto("/admin/security");
        await heading(page, "Security overview");
        await tile(page, "Proof").getByText("Nothing is proven yet").waitFor();
        await page.getByText(/^\W?Live$/).waitFor();
        await look(page, name("overview"));
        await go(page, "Posture");
        await page.getByText("aegis verify URL --save", { exact: false }).waitFor();
        await look(page, name("posture"));
        await go(page, "Page policy");
        await page.getByText("Nothing was blocked").waitFor();
        await look(page, name("csp"));
        await go(page, "People at risk");
        await page.getByText("Nobody is at risk").waitFor();
        await look(page, name("people"));
        await go(page, "Upkeep");
        await page.getByText("CERTIFICATE_FILE").waitFor();
        await page.getByText("npx aegis backup create").waitFor();
        await look(page, name("upkeep"));
        await page.goto("/admin/security/posture/headers.nosniff");
        await page.getByText("No saved run of the verifier has this control", { exact: false }).waitFor();
        expect(complaints).toEqual([]);
        await context.close();
      }
      await hub.close();
    },
  );

  it(
    "shows what real runs prove, an attack as it comes, and ties the fall of the score to its cause",
    { timeout: 600_000 },
    async () => {
      const target = await door();
      const healthy = await saveRun(target.origin, target.lead, policy, "1-healthy.json");
      expect(healthy.findings.filter(({ outcome }) => outcome === "fail" || outcome === "error")).toEqual([]);
      const faulty = await saveRun(
        target.origin,
        target.lead,
        policyWith({ headers: { frameOptions: "SAMEORIGIN", csp: { trustedTypes: false } } }),
        "2-faulty.json",
      );
      await target.close();
      const failing = faulty.findings.filter(({ outcome }) => outcome === "fail").map(({ id }) => id);
      expect(failing.toSorted()).toEqual(["headers.csp-trusted-types", "headers.frame-options"]);
      writeFileSync(join(proofs, "3-cut.json"), '{"format":"aegis-run/1"');

      hub = await open((await writeUpkeep(folder)).places);
      await hub.app.aegis.createAccount({ username: "pupil", roles: ["user"], password: PASSWORD });
      await hub.app.aegis.createAccount({ username: "bare", roles: ["user", "admin"], password: PASSWORD });
      let attacked = false;
      for (const [theme, width] of [
        ["light", 1280],
        ["dark", 320],
      ] as const) {
        const { context, page, complaints } = await visit({ dark: theme === "dark", width });
        const name = (part: string) => `dashboard-${theme}-${width}-${part}`;
        const secret = await newPerson(hub, page, `overseer-${theme}`, ["user", "admin"]);
        await page.goto("/admin/security");
        await tile(page, "Proof")
          .getByText(/^2 controls of \d+ fail$/)
          .waitFor();
        if (!attacked) {
          await tile(page, "Attacks").getByText("No pattern of an attack", { exact: false }).waitFor();
          await page.getByText(/^\W?Live$/).waitFor();
          await attack();
          hub.clock.advance(2);
          attacked = true;
        }
        // Nobody asks: the stream brings it.
        await tile(page, "Attacks")
          .getByText(/going on/)
          .waitFor();
        await tile(page, "Backups")
          .getByText(/^The newest backup is \d+ hours old$/)
          .waitFor();
        await tile(page, "Releases").getByText("The release of r2 was taken back").waitFor();
        await tile(page, "People").getByText("1 privileged account without a second step").waitFor();
        expect(await report(page, "img-src", "https://cdn.example/x.png")).toBe(204);
        expect(await report(page, "script-src-elem", "inline")).toBe(204);
        await page.getByText(/things must be mended/).waitFor();
        await page.getByRole("heading", { name: "What has changed?" }).waitFor();
        await look(page, name("overview"));

        await tile(page, "Proof").focus();
        await page.keyboard.press("Enter");
        await heading(page, "Posture");
        await page.getByText("3-cut.json").waitFor();
        await page.getByText(/^The score fell by .* with the last run, to /).waitFor();
        await look(page, name("posture"));
        const cause = page.locator("#causes").getByRole("link");
        expect(await cause.count()).toBe(2);
        await page.getByRole("button", { name: "Show only what is not proven" }).focus();
        await page.keyboard.press("Space");
        await expect.poll(() => new URL(page.url()).searchParams.get("open")).toBe("true");
        await look(page, name("posture-open"));
        await page.getByRole("button", { name: "Show all controls" }).click();
        const cell = page
          .locator("#wall")
          .getByRole("link", { name: /^Fails: Every answer carries X-Frame-Options/ });
        await cell.focus();
        await page.keyboard.press("Enter");
        await heading(page, "headers.frame-options");
        await page.getByText("SAMEORIGIN", { exact: false }).first().waitFor();
        await page.getByRole("heading", { name: "How to mend it" }).waitFor();
        await page.getByText("req:HDR-1", { exact: false }).first().waitFor();
        expect(await page.locator("#history").getByRole("listitem").count()).toBe(2);
        await look(page, name("control"));
        await page.goBack();
        await heading(page, "Posture");

        await go(page, "Attacks and limits");
        await page.getByRole("heading", { name: "Enumeration" }).waitFor();
        await look(page, name("attacks"));
        await go(page, "People at risk");
        await page.getByRole("row", { name: /pupil.*Many failed tries/ }).waitFor();
        await page.getByRole("row", { name: /bare.*Rights without a second step/ }).waitFor();
        await look(page, name("people"));
        await go(page, "Page policy");
        await page.getByText("Dangerous to allow").waitFor();
        await page
          .getByRole("region", { name: "Settings to copy" })
          .getByText("https://cdn.example")
          .waitFor();
        await look(page, name("csp"));
        for (const [place, title] of [
          ["Sessions", "Sessions"],
          ["Approvals", "Approvals"],
          ["Audit log", "Audit log"],
          ["Upkeep", "Upkeep"],
        ] as const) {
          await go(page, place);
          await heading(page, title);
          await look(page, name(place.toLowerCase().replace(" ", "-")));
        }

        await go(page, "Probes");
        hub.clock.advance(601); // so that it is asked again who this is
        await page.getByRole("button", { name: "Make probe accounts" }).click();
        await page.getByRole("dialog").getByRole("textbox").fill(totpCode(secret, hub.clock.now()));
        const save = page.getByRole("button", { name: "Download probe-accounts.json" });
        await save.waitFor();
        const [file] = await Promise.all([page.waitForEvent("download"), save.click()]);
        const set = parseProbeAccounts(JSON.parse(readFileSync(await file.path(), "utf8")));
        expect(set?.accounts.length).toBeGreaterThan(3);
        await look(page, name("probe-accounts"));
        // Shown once: who comes back does not find it.
        await go(page, "Upkeep");
        await go(page, "Probes");
        await page.getByRole("button", { name: "Make probe accounts" }).waitFor();
        expect(await save.count()).toBe(0);
        expect(complaints).toEqual([]);
        await context.close();
      }
      await hub.close();
    },
  );

  it("shows every session of one person, and ends one of them", { timeout: 60_000 }, async () => {
    hub = await open();
    const { context, page, complaints } = await visit();
    await newPerson(hub, page, "overseer", ["user", "admin"]);
    const guest = await visit();
    await newPerson(hub, guest.page, "pupil");
    await page.goto("/admin/users?q=pupil");
    await page.getByRole("link", { name: "pupil" }).click();
    await page.getByRole("heading", { name: "Sessions" }).waitFor();
    await page.getByRole("button", { name: /^End the session on / }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("alertdialog").getByRole("button", { name: "End the session" }).click();
    await page.getByText(/The session on .* has ended\./).waitFor();
    await page.getByText("Not signed in anywhere").waitFor();
    await look(page, "dashboard-person-sessions");
    await guest.page.goto("/profile");
    await guest.page.getByLabel("User name or e-mail").waitFor();
    expect([...complaints, ...guest.complaints]).toEqual([]);
    await guest.context.close();
    await context.close();
    await hub.close();
  });

  it("is for administrators alone, and says what could not be loaded", { timeout: 60_000 }, async () => {
    hub = await open();
    const { context, page } = await visit();
    await newPerson(hub, page, "overseer", ["user", "admin"]);
    await page.route("**/api/admin/posture", (route) => route.abort());
    await page.goto("/admin/security/posture");
    await page.getByText("You seem to be offline").waitFor({ timeout: 20_000 });
    await page.unroute("**/api/admin/posture");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("heading", { name: "Controls by room" }).waitFor();
    await context.close();
    const other = await visit();
    await newPerson(hub, other.page, "curious");
    for (const place of ["", "/posture", "/people", "/csp", "/upkeep", "/probe-accounts"]) {
      await other.page.goto(`/admin/security${place}`);
      await other.page.getByText("You have no access to this").waitFor();
    }
    await other.context.close();
    await hub.close();
  });
});
