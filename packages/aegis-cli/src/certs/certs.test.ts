/** `aegis certs` as people call it. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repository, run } from "../../../../test/support/processes.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "aegis-certs-cli-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function certs(args: readonly string[], env: Record<string, string> = {}) {
  const bin = join(repository, "packages/aegis-cli/bin/aegis.mjs");
  const child = run(process.execPath, [bin, "certs", ...args], { NO_COLOR: "1", ...env }, folder);
  return { status: await child.ended(), text: child.output() };
}
const modeOf = (file: string): number => statSync(join(folder, file)).mode & 0o777;

describe("aegis certs", () => {
  it("makes an authority and a certificate that inspection finds nothing wrong with", async () => {
    const authority = await certs(["ca", "hub.test", "127.0.0.1", "--out", "dev"]);
    expect([authority.status, authority.text]).toEqual([
      0,
      expect.stringMatching(/dev\/ca\.pem\ndev\/ca-key\.pem/),
    ]);
    const by = ["--ca", "dev/ca.pem", "--ca-key", "dev/ca-key.pem"];
    expect((await certs(["issue", "hub.test", "127.0.0.1", ...by, "--out", "dev"])).status).toBe(0);
    expect([modeOf("dev/ca-key.pem"), modeOf("dev/privkey.pem"), modeOf("dev/fullchain.pem")]).toEqual([
      0o600, 0o600, 0o644,
    ]);
    const good = await certs(
      [
        ["inspect", "dev/fullchain.pem", "--key", "dev/privkey.pem"],
        ["--name", "hub.test", "--name", "127.0.0.1", "--ca", "dev/ca.pem"],
      ].flat(),
    );
    expect([good.status, good.text]).toEqual([0, expect.stringMatching(/✓ +days-left +36[34] days left/)]);
    const bad = await certs(["inspect", "dev/fullchain.pem", "--name", "other.test"]);
    expect([bad.status, bad.text]).toEqual([
      1,
      expect.stringMatching(
        /✗ +names +other\.test: not among[\s\S]*✗ +chain-complete[\s\S]*hint: chain-complete: /,
      ),
    ]);
    const json = await certs(["inspect", "dev/fullchain.pem", "--ca", "dev/ca.pem", "--json"]);
    expect(JSON.parse(json.text)).toContainEqual({
      check: "chain-order",
      outcome: "pass",
      fix: "",
      observed: "1 certificate",
    });
    const refused = await certs(["issue", "bank.example", ...by, "--out", "bank"]);
    expect([refused.status, refused.text]).toEqual([
      2,
      expect.stringMatching(/^error: The authority may not vouch for bank\.example\.\nhint: /),
    ]);
  });

  it("never replaces a key unless told to, and shuts it tighter in production", async () => {
    expect((await certs(["self-signed", "a.test", "--out", "kept"])).status).toBe(0);
    const again = await certs(["self-signed", "a.test", "--out", "kept"]);
    expect([again.status, again.text]).toEqual([
      2,
      expect.stringMatching(/There is a file kept\/privkey\.pem[\s\S]*--force/),
    ]);
    const forced = await certs(["self-signed", "a.test", "--out", "kept", "--force", "--production"]);
    expect([forced.status, modeOf("kept/privkey.pem")]).toEqual([0, 0o400]);
    const request = await certs(["csr", "a.test", "--out", "request"], { NODE_ENV: "production" });
    expect([request.status, modeOf("request/privkey.pem")]).toEqual([0, 0o400]);
  });

  it("watches by exit status and a line for each, and one that cannot be seen hides no other", async () => {
    await certs(["self-signed", "w.test", "--out", "watched", "--days", "40"]);
    const well = await certs(["watch", "watched/fullchain.pem"]);
    expect([well.status, well.text]).toEqual([
      0,
      "ok  watched/fullchain.pem  40 days left\n".replace("40", "39"),
    ]);
    const soon = await certs(["watch", "watched/fullchain.pem", "--days", "41"]);
    expect([soon.status, soon.text]).toEqual([1, "renew  watched/fullchain.pem  39 days left\n"]);
    const gone = await certs(["watch", "gone.pem", "watched/fullchain.pem", "--days", "41"]);
    expect([gone.status, gone.text]).toEqual([
      2,
      expect.stringMatching(/unknown +gone\.pem[\s\S]*renew +watched/),
    ]);
    expect((await certs(["watch", "http://a.test"])).text).toMatch(/is no https address/);
  });
});
