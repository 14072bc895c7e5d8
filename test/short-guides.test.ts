/** Guides whose commands stand by themselves: each is called as it is written, and ends as it should. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { definePolicy, newDataKeyRing, systemRandom } from "aegis";
import { migrate } from "aegis/stores/postgres";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../packages/aegis/src/lib/clock.ts";
import { migrationSources } from "../apps/hub/server/database/migrations.ts";
import { Visitor } from "./support/browser-like.ts";
import { aegisPrograms, followLines, type How } from "./support/guides.ts";
import { cheapHash, startHub } from "./support/hub.ts";
import { startPostgres, type TestPostgres } from "./support/postgres.ts";
import { aegisIn, repository, run } from "./support/processes.ts";
import { roomyLimits } from "./support/roomy-limits.ts";

const settings = {
  password: { argon2: cheapHash },
  tenancy: { enabled: true, selfService: true },
  apiKey: { enabled: true, scopes: ["courses:read"] },
};
const SECRET_KEY = systemRandom.token(32);
let base: string;
let folder: string;
let hub: Awaited<ReturnType<typeof startHub>>;
let database: TestPostgres;
const at = (name: string): string => join(folder, name);
/** Calls the lines of a guide in a folder of its test's own. */
const follow = (guide: string, how: How): Promise<void> =>
  followLines(guide, { bin: join(base, "bin"), folder }, how);

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), "aegis-short-guides-"));
  const policy = definePolicy({ ...settings, environment: "test" });
  hub = await startHub(policy, { clock: systemClock, limits: roomyLimits() });
  database = await startPostgres();
  const pool = new pg.Pool({ connectionString: database.url, max: 2 });
  await migrate(pool, migrationSources);
  await pool.end();
  aegisPrograms(join(base, "bin"));
}, 120_000);
beforeEach(() => {
  folder = mkdtempSync(join(base, "of-"));
});
afterAll(async () => {
  await hub?.close();
  await database?.close();
  rmSync(base, { recursive: true, force: true });
});

const live = () => {
  writeFileSync(at("policy.json"), JSON.stringify(settings));
  const target = join(repository, "apps/hub/target.json");
  return `${hub.origin} --environment test --policy policy.json --target ${target}`;
};

/** A user's name and password, as a file of two lines. */
async function account(file: string): Promise<void> {
  const username = `visitor-${systemRandom.token(6).toLowerCase()}`;
  const { password } = await hub.app.aegis.createAccount({ username, roles: ["user"] });
  writeFileSync(at(file), `${username}\n${password}\n`);
}

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
    await account("one.txt");
    await account("two.txt");
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
    const server = createTlsServer({ cert, key, minVersion: "TLSv1.2" });
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
      { PATH: `${join(base, "bin")}:${process.env["PATH"] ?? ""}`, ...env },
      folder,
    ).ended();
    expect(key).toBe(0);
    await follow("data-protection.md", {
      env,
      replaced: [["KID", ring.data_keys[0]?.kid ?? ""]],
      ends: [[/^aegis audit verify/, 2]], // no server has signed an end yet: nothing speaks for it (audit-chain.test.ts has one)
    });
  });

  it("to API keys are both ways to bring one", async () => {
    const ada = await new Visitor(hub.app).enter();
    const made = await ada.send("POST", "/api/api-keys", {
      json: { name: "Import", scopes: ["courses:read"] },
      headers: { "x-csrftoken": await ada.token() },
    });
    await follow("api-keys.md", {
      env: { KEY: String(made.json().api_key) },
      replaced: [
        ["curl ", "curl --fail "],
        ["https://hub.example", hub.origin],
      ],
    });
  });

  it("to the preflight look at everything, at some of it, and at what people meet", async () => {
    await account("one.txt");
    writeFileSync(at("hub.env"), productionEnv(), { mode: 0o600 });
    writeFileSync(at("aegis.config.mjs"), readConfig());
    await follow("preflight.md", {
      replaced: [["https://hub.example", `${hub.origin} --account one.txt`]],
      // Nothing is deployed here: it says so, which is what it is for (test/preflight.test.ts has a whole machine).
      ends: [[/# everything|--json/, 1]],
    });
  });

  it("to the checklist start, look, mark, approve, export and verify a record", async () => {
    writeFileSync(at("hub.env"), productionEnv(), { mode: 0o600 });
    writeFileSync(at("aegis.config.mjs"), readConfig());
    await follow("checklist.md", {
      env: { AUDIT_KEYS_FILE: at("ring.json") },
      replaced: [
        ["https://hub.example", `${live()} --only csrf`],
        ["--yes", '--yes --note "steps are open"'], // nothing is deployed here: a yes needs a note
      ],
      ends: [[/checklist run/, 1]],
      elsewhere: /^export/,
    });
    expect(readFileSync(at("record.html"), "utf8")).toContain("The hub, release 42");
  });

  it("to releases release, list, go back, and close for a while", async () => {
    const ready = createServer((_request, response) => response.end("{}"));
    await new Promise<void>((resolve) => ready.listen(0, "127.0.0.1", resolve));
    const address = ready.address();
    const origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
    try {
      for (const id of ["releases/r6", "releases/r7", "releases/20261121-093000-a1b2"])
        mkdirSync(at(`hub/${id}`), { recursive: true });
      mkdirSync(at("build"));
      writeFileSync(at("build/package.json"), '{"version":"1.2.3"}');
      writeFileSync(
        at("hub/release.config.json"),
        JSON.stringify({
          address: origin,
          instances: [{ name: "one", address: origin, restart: ["true"] }],
          preflight: false,
          backup: false,
          migrate: false,
          verify: false,
          fingerprint: false,
        }),
      );
      writeFileSync(at("aegis.config.mjs"), "export default { endSessions: () => Promise.resolve(3) };\n");
      const aegis = aegisIn(() => folder);
      for (const id of ["20261121-093000-a1b2", "r6"])
        expect(await aegis("release", "hub", "--id", id)).toMatchObject({ status: 0 });
      await follow("releases.md", {
        replaced: [["/opt/hub", "hub"]],
        ends: [[/maintenance status/, 1]], // closed, as the line before it says
      });
    } finally {
      ready.close();
    }
  });

  it("to front ends show, write and check", async () => {
    mkdirSync(at("web/src"), { recursive: true });
    const source = 'fetch("/api/me", { headers: { "X-User-ID": id } });\n';
    writeFileSync(at("web/src/api.js"), source);
    await follow("migrate-frontend.md", { ends: [[/web\/src +#|> web\.patch/, 1]] });
    expect(readFileSync(at("web/src/api.js"), "utf8")).not.toContain("X-User-ID");
  });
});

/** As an operator would have it, of a server that nobody started. */
const productionEnv = (): string =>
  Object.entries({
    NODE_ENV: "production",
    SECRET_KEY,
    DATABASE_URL: database.appUrl,
    REDIS_URL: "redis://127.0.0.1:1",
    SMTP_URL: "smtps://hub:nothing-is-sent@127.0.0.1:9",
    PUBLIC_ORIGIN: "https://hub.example",
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");

/** The hub's settings, so that examples of its environment can be rendered. */
function readConfig(): string {
  const config = JSON.stringify(join(repository, "aegis.config.ts"));
  const target = JSON.stringify(join(repository, "apps/hub/target.json"));
  return `import hub from ${config};\nexport default { policy: hub.policy, settings: hub.settings, target: ${target} };\n`;
}
