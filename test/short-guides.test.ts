/** Guides whose commands stand by themselves: each is called as it is written, and ends as it should. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { definePolicy, newDataKeyRing, systemRandom } from "aegis";
import { migrate } from "aegis/stores/postgres";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../packages/aegis/src/lib/clock.ts";
import { migrationSources } from "../apps/hub/server/database/migrations.ts";
import { cheapHash, startHub } from "./support/hub.ts";
import { startPostgres, type TestPostgres } from "./support/postgres.ts";
import { aegisIn, repository, run } from "./support/processes.ts";
import { roomyLimits } from "./support/roomy-limits.ts";

const settings = { password: { argon2: cheapHash }, tenancy: { enabled: true, selfService: true } };
const SECRET_KEY = systemRandom.token(32);
let folder: string;
let hub: Awaited<ReturnType<typeof startHub>>;
let database: TestPostgres;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "aegis-short-guides-"));
  const policy = definePolicy({ ...settings, environment: "test" });
  hub = await startHub(policy, { clock: systemClock, limits: roomyLimits() });
  database = await startPostgres();
  const pool = new pg.Pool({ connectionString: database.url, max: 2 });
  await migrate(pool, migrationSources);
  await pool.end();
  // `npx aegis`, and `aegis`, as they are where Aegis is installed.
  mkdirSync(at("bin"));
  const main = join(repository, "packages/aegis-cli/src/main.ts");
  const call = `exec "${process.execPath}" --conditions=source "${main}" "$@"\n`;
  writeFileSync(at("bin/aegis"), `#!/bin/sh\n${call}`);
  writeFileSync(at("bin/npx"), `#!/bin/sh\nshift\n${call}`);
  for (const name of ["aegis", "npx"]) chmodSync(at(`bin/${name}`), 0o755);
}, 120_000);
afterAll(async () => {
  await hub?.close();
  await database?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Every line of the guide's commands, in its order; comments are not called. */
const linesOf = (guide: string): readonly string[] =>
  [...readFileSync(join(repository, "docs", guide), "utf8").matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(
    ([, block = ""]) => block.split("\n").filter((line) => /^\S/.test(line) && !line.startsWith("#")),
  );

interface How {
  readonly env?: Readonly<Record<string, string>>;
  /** What stands in the guide for something of the reader's own. */
  readonly replaced?: readonly (readonly [string | RegExp, string])[];
  /** How a line ends where it is not with 0. */
  readonly ends?: readonly (readonly [RegExp, number])[];
  /** Lines that another test calls, or that never end. */
  readonly elsewhere?: RegExp;
}

async function follow(guide: string, { env = {}, replaced = [], ends = [], elsewhere }: How): Promise<void> {
  const lines = linesOf(guide);
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) {
    if (elsewhere?.test(line) === true) continue;
    const said = replaced.reduce((text, [from, to]) => text.replaceAll(from, to), line);
    const child = run(
      "sh",
      ["-c", said],
      { PATH: `${at("bin")}:${process.env["PATH"] ?? ""}`, NO_COLOR: "1", NODE_ENV: "test", ...env },
      folder,
    );
    const status = await child.ended();
    const wanted = ends.find(([which]) => which.test(line))?.[1] ?? 0;
    expect([said, status, child.output()]).toEqual([said, wanted, expect.any(String)]);
  }
}

const live = () => {
  writeFileSync(at("policy.json"), JSON.stringify(settings));
  const target = join(repository, "apps/hub/target.json");
  return `${hub.origin} --environment test --policy policy.json --target ${target}`;
};

describe("the commands of a guide", { timeout: 240_000 }, () => {
  it("to sessions explain a setting and prove it", async () => {
    await follow("session-security.md", {
      replaced: [
        ["https://hub.example", live()],
        ["--wait 1200", "--wait 1"], // the tests have no twenty minutes; probe-accounts.md has another way
      ],
    });
  });

  it("to tenants tell what a second one could reach", async () => {
    for (const [file, username] of [
      ["one.txt", "one"],
      ["two.txt", "two"],
    ] as const) {
      const { password } = await hub.app.aegis.createAccount({ username, roles: ["user"] });
      writeFileSync(at(file), `${username}\n${password}\n`);
    }
    await follow("tenancy.md", { replaced: [["https://hub.example", live()]] });
  });

  it("to probe accounts make them, and see time-outs happen", async () => {
    await follow("probe-accounts.md", {
      env: { DATABASE_URL: database.url },
      replaced: [
        ["probe-accounts --for", "probe-accounts --policy policy.json --environment test --for"],
        // These accounts are of another database than this hub's: they do not get in, and nothing is shown.
        ["https://hub.example", `${live()} --only session`],
      ],
    });
  });

  it("to certificates make an authority, ask another, inspect and watch", async () => {
    const aegis = aegisIn(() => folder);
    await follow("certificates.md", {
      elsewhere: /^certbot|^install|^set -eu|^nginx -t|inspect|watch/, // test/acme.test.ts renews, and calls the hook
    });
    const names = ["hub.example", "localhost"]; // the guide's own authority may vouch for localhost alone
    await aegis("certs", "ca", ...names, "--out", ".");
    await aegis("certs", "issue", ...names, "--out", ".");
    const [cert, key] = [readFileSync(at("fullchain.pem")), readFileSync(at("privkey.pem"))];
    const server = createServer({ cert, key, minVersion: "TLSv1.2" });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    try {
      await follow("certificates.md", {
        env: { NODE_EXTRA_CA_CERTS: at("ca.pem") },
        replaced: [
          ["fullchain.pem --key", "fullchain.pem --ca ca.pem --key"], // the reader's is of a public authority
          ["https://hub.example", `https://localhost:${port}`],
          ["/etc/hub/tls/", ""],
        ],
        elsewhere: /^(?!npx aegis certs (?:inspect|watch))/,
      });
    } finally {
      server.close();
    }
  });

  it("to secrets render, make, seal and rotate", async () => {
    writeFileSync(at("secrets.env"), `SECRET_KEY=${SECRET_KEY}\n`, { mode: 0o600 });
    writeFileSync(at("aegis.config.mjs"), readConfig());
    await follow("secrets.md", { elsewhere: /npm run serve|^kill -HUP/ }); // test/secrets.test.ts serves, signals and rotates
  });

  it("to data rotate a ring, seal anew, drop the old key, and look at the audit log", async () => {
    const ring = newDataKeyRing(systemRandom, 0);
    writeFileSync(at("ring.json"), JSON.stringify(ring), { mode: 0o600 });
    writeFileSync(at("server.log"), "");
    const env = { DATABASE_URL: database.url, DATA_KEYS_FILE: at("ring.json"), SECRET_KEY };
    const key = await run(
      "sh",
      ["-c", "aegis audit key > key.json"],
      { PATH: `${at("bin")}:${process.env["PATH"] ?? ""}`, ...env },
      folder,
    ).ended();
    expect(key).toBe(0);
    await follow("data-protection.md", {
      env,
      replaced: [["KID", ring.data_keys[0]?.kid ?? ""]],
      ends: [[/^aegis audit verify/, 2]], // no server has signed an end yet: nothing speaks for it (audit-chain.test.ts has one)
    });
  });

  it("to front ends show, write and check", async () => {
    mkdirSync(at("web/src"), { recursive: true });
    const source = 'fetch("/api/me", { headers: { "X-User-ID": id } });\n';
    writeFileSync(at("web/src/api.js"), source);
    await follow("migrate-frontend.md", { ends: [[/web\/src +#|> web\.patch/, 1]] });
    expect(readFileSync(at("web/src/api.js"), "utf8")).not.toContain("X-User-ID");
  });
});

/** The hub's settings, so that examples of its environment can be rendered. */
function readConfig(): string {
  const config = JSON.stringify(join(repository, "aegis.config.ts"));
  return `import hub from ${config};\nexport default { policy: hub.policy, settings: hub.settings };\n`;
}
