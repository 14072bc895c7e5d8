/** The verifier on systems that are not ours: honest findings, each with a fix, checked by hand. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { definePolicy } from "aegis";
import { parseTarget, verify } from "aegis/verify";
import { describe, expect, it } from "vitest";
import { start } from "../examples/express-plain/server.ts";
import { cheapHash, startHub } from "./support/hub.ts";
import { freePort } from "./support/ports.ts";
import { hubTarget, readTargetFile } from "./support/target.ts";

/** Time limits that a test can wait for; everything else as the preset says. */
const policy = definePolicy({
  environment: "development",
  transport: { headersTimeoutSeconds: 2, requestTimeoutSeconds: 3, keepAliveTimeoutSeconds: 5 },
});

describe("a plain Express application with its target file", () => {
  it("fails where it is weak, passes where it is not, and is told a fix for each", async () => {
    const { origin, server } = await start(0);
    const report = await verify({
      origin,
      policy,
      target: readTargetFile("examples/express-plain/target.json"),
    });
    server.close();
    server.closeAllConnections();
    const of = (outcome: string) =>
      report.findings.filter((finding) => finding.outcome === outcome).map(({ id }) => id);
    expect(of("error")).toEqual([]);
    expect(of("fail")).toEqual(
      expect.arrayContaining([
        "headers.nosniff",
        "headers.frame-options",
        "headers.csp-scripts",
        "headers.no-banner",
        "headers.personal-answers-not-kept",
        "session.cookie-same-site",
        "session.fixation",
        "session.sign-out-kills",
        "csrf.missing-token-refused",
        "csrf.cross-site-refused",
        "csrf.sign-in-cross-site-refused",
        "access.sign-in-required",
        "account.unknown-user-looks-wrong-password",
        "password.short-refused",
        "password.common-refused",
        "input.unknown-fields",
      ]),
    );
    expect(of("pass")).toEqual(
      expect.arrayContaining([
        "session.cookie-http-only",
        "session.cookie-scope",
        "session.token-random",
        "session.made-up-token-refused",
        "csrf.right-token-accepted",
        "password.long-accepted",
      ]),
    );
    expect(report.findings.find(({ id }) => id === "access.sign-in-required")?.observed).toBe(
      "GET /admin/users answers 200 to nobody",
    );
    for (const { advice, outcome } of report.findings)
      if (outcome === "fail")
        expect(Math.min(advice.symptom.length, advice.cause.length, advice.fix.length)).toBeGreaterThan(10);
  });
});

describe("a third-party file server without a target file", () => {
  it("ends, with findings that are right: no headers, no banner, and nothing said of sessions", async () => {
    const folder = mkdtempSync(join(tmpdir(), "aegis-sirv-"));
    writeFileSync(
      join(folder, "index.html"),
      '<!doctype html><title>Files</title><script src="/app.js"></script>',
    );
    writeFileSync(join(folder, "app.js"), "console.log(1)");
    const port = await freePort();
    const bin = join(createRequire(import.meta.url).resolve("sirv-cli/package.json"), "..", "bin.js");
    const server = spawn(
      process.execPath,
      [bin, folder, "--port", String(port), "--host", "127.0.0.1", "--quiet"],
      { stdio: "ignore" },
    );
    const origin = `http://127.0.0.1:${port}`;
    for (
      let tries = 0;
      tries < 50 &&
      !(await fetch(origin).then(
        () => true,
        () => false,
      ));
      tries++
    )
      await new Promise((resolve) => setTimeout(resolve, 100));
    const report = await verify({ origin, policy });
    server.kill();
    rmSync(folder, { recursive: true });
    const outcomes = Object.fromEntries(report.findings.map(({ id, outcome }) => [id, outcome]));
    expect(report.reachable).toBe(true);
    expect(outcomes).toMatchObject({
      "headers.nosniff": "fail",
      "headers.csp-scripts": "fail",
      "headers.no-banner": "pass",
      "transport.long-url-refused": "fail",
      "session.cookie-http-only": "unknown",
      "session.fixation": "unknown",
      "csrf.missing-token-refused": "unknown",
      "access.sign-in-required": "unknown",
      "input.large-body-refused": "unknown",
    });
    expect(report.counts.error).toBe(0);
  });
});

describe("a live hub on the wall clock", () => {
  it("is seen to end an idle session, by really waiting", async () => {
    const short = definePolicy({
      environment: "development",
      session: { idleTimeoutSeconds: 10, absoluteTimeoutSeconds: 11, rotateEverySeconds: 0 },
      password: { argon2: cheapHash },
    });
    const hub = await startHub(short, { clock: { now: () => Date.now() } });
    const options = {
      origin: hub.origin,
      policy: short,
      target: hubTarget,
      only: ({ id }: { id: string }) => id === "session.idle-timeout",
    };
    const impatient = await verify(options);
    expect(impatient.findings[0]).toMatchObject({
      outcome: "unknown",
      observed: "takes 11 s of waiting: allow it with --wait 11",
    });
    const patient = await verify({ ...options, maxWaitSeconds: 15 });
    expect(patient.findings[0]).toMatchObject({ outcome: "pass", observed: "ended after 10 s of idleness" });
    await hub.close();
  });
});

describe("a target that takes longer for its answers than a wait lasts", () => {
  it.each([
    ["throttle.failures-wait", 300, /^2 answers took/],
    ["throttle.owner-not-locked-out", 2000, /^4 answers took/],
  ])("is not said to forget the wait, by %s", async (control, slowness, observed) => {
    let now = Date.now();
    const clock = { now: () => (now += slowness) }; // whatever looks at the time has taken a while
    const cheap = definePolicy({ environment: "development", password: { argon2: cheapHash } });
    const hub = await startHub(cheap, { clock });
    const { findings } = await verify({
      origin: hub.origin,
      policy: cheap,
      target: hubTarget,
      now: clock.now,
      only: ({ id }: { id: string }) => id === control,
    });
    await hub.close();
    expect(findings[0]).toMatchObject({
      outcome: "unknown",
      observed: expect.stringMatching(observed),
    });
  });
});

describe("a target description", () => {
  it.each([
    [{ logn: {} }, /logn/],
    [{ login: { path: "login" } }, /login\/path/],
    [{ routes: [{ method: "GET", path: "/", access: "whoever" }] }, /routes\/0\/access/],
    ["text", /not valid/],
  ])("that says %j is refused by name", (data, message) => {
    expect(() => parseTarget(data)).toThrow(message);
  });
});
