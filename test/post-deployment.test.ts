/** The list of CHK-2, by curl alone, against the hub behind a proxy; its sessions are over after a minute. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "./support/ports.ts";
import { startPostgres, type TestPostgres } from "./support/postgres.ts";
import { type Running, run } from "./support/processes.ts";
import { openTlsDoor, type TlsDoor } from "./support/tls-door.ts";

let folder: string;
let postgres: TestPostgres;
let door: TlsDoor;
let hub: Running | undefined;
let port: number;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "aegis-post-"));
  [postgres, port] = await Promise.all([startPostgres(), freePort()]);
  door = await openTlsDoor(folder, port);
}, 60_000);
afterAll(async () => {
  await hub?.stop();
  await door?.close();
  await postgres?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(program: "main" | "serve", NODE_ENV: string): Promise<void> {
  await hub?.stop();
  writeFileSync(
    join(folder, "policy.json"),
    '{"session":{"idleTimeoutSeconds":60,"absoluteTimeoutSeconds":60}}',
  );
  hub = run(
    process.execPath,
    [`apps/hub/dist/server/${program}.js`, "--policy", join(folder, "policy.json")],
    {
      SECRET_KEY: "q3JxTnP8Zk2vLw9sRb4YdHc7MgXe1UaF5oNiV6tKj0Q",
      DATABASE_URL: postgres.appUrl,
      DATABASE_OWNER_URL: postgres.url,
      PUBLIC_ORIGIN: `https://127.0.0.1:${door.port}`,
      SMTP_URL: "smtps://hub:kX3vLw9sRb4Y@127.0.0.1:9", // nobody gives an address here
      WORKERS: "1",
      PORT: String(port),
      AEGIS_DIRECTORY: join(folder, "aegis"),
      NODE_ENV,
    },
  );
  await hub.until(/http:\/\/127/, 60);
}

/** P95_MS is wide: on a busy machine it says nothing about the hub. */
const script = async (env: Readonly<Record<string, string>>) => {
  const running = run("bash", ["test/checklists/post-deployment.sh", `https://127.0.0.1:${door.port}`], {
    CA: door.caFile,
    HTTP_ORIGIN: `http://127.0.0.1:${door.port}`,
    P95_MS: "20000",
    ...env,
  });
  return { status: await running.ended(), text: running.output() };
};

describe("the post-deployment list", () => {
  it("holds for the hub in production, the time-out of sessions included", async () => {
    await start("serve", "production");
    const { status, text } = await script({ SESSION_SECONDS: "60" });
    expect([status, text], text).toEqual([
      0,
      expect.stringMatching(/ok {3}session after its time: 401[\s\S]*all steps hold\n$/),
    ]);
    for (const what of [
      "health",
      "TLS",
      "plain HTTP leads",
      "cookie",
      "change with a wrong",
      "sign out",
      "light load",
      "rate limit",
    ])
      expect(text).toContain(`ok   ${what}`);
  }, 240_000);

  it("does not hold for a hub as on a desk, and names the step", async () => {
    await start("main", "development");
    const { status, text } = await script({});
    expect([status, text]).toEqual([1, expect.stringMatching(/FAIL plain HTTP leads to HTTPS: 200, wanted/)]);
    const away = hub;
    hub = undefined;
    await away?.stop();
    expect(await script({})).toMatchObject({ status: 1, text: expect.stringContaining("FAIL health: 502") });
  }, 120_000);
});
