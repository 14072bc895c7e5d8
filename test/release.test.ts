/** Releases of the built hub as processes: two instances behind nginx, real PostgreSQL and Redis, people at work. */
import { readFileSync, readlinkSync } from "node:fs";
import { Agent, request } from "node:https";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Deployment, startDeployment } from "./support/deployment.ts";
import { startPostgres, type TestPostgres } from "./support/postgres.ts";
import { startRedis, type TestRedis } from "./support/redis.ts";

let postgres: TestPostgres;
let redis: TestRedis;
let place: Deployment;
beforeAll(async () => {
  [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  place = await startDeployment({ owner: postgres.url, app: postgres.appUrl, redis: redis.url });
});
afterAll(async () => {
  await place?.close();
  await postgres?.close();
  await redis?.close();
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
}

/** Over connections that are kept, as browsers keep them; nothing is tried twice. Status 0: the connection broke. */
function browser() {
  const agent = new Agent({ keepAlive: true, maxSockets: 8, ca: readFileSync(place.certificate) });
  const ask = (path: string, headers: Record<string, string> = {}, json?: unknown): Promise<Answer> =>
    new Promise((resolve) => {
      const typed = json === undefined ? headers : { ...headers, "content-type": "application/json" };
      const asked = request(
        new URL(path, place.origin),
        { agent, method: json === undefined ? "GET" : "POST", headers: typed, timeout: 20_000 },
        (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (part: string) => (text += part));
          response.once("end", () =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
          );
          response.once("error", () => resolve({ status: 0, headers: {}, text }));
        },
      );
      asked.once("timeout", () => asked.destroy());
      asked.once("error", (error) => resolve({ status: 0, headers: {}, text: error.message }));
      asked.end(json === undefined ? undefined : JSON.stringify(json));
    });
  return { ask, close: () => agent.destroy() };
}

/** As people do; what loads without a pause takes the processor from the processes that shall start. */
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30));

/** Somebody who is signed in and saves again and again, and others who read; what failed, and what was acknowledged. */
async function startLoad(username: string) {
  const { ask, close } = browser();
  const credentials = { username, password: "Harbour violet, 11 spoons" };
  expect((await ask("/api/register", {}, credentials)).status).toBe(201);
  const login = await ask("/api/login", {}, credentials);
  const cookie = login.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
  const { csrf_token: token } = JSON.parse((await ask("/csrf-token", { cookie })).text);
  const asset =
    /\/assets\/[^"]+\.css/.exec((await ask("/", { accept: "text/html" })).text)?.[0] ?? "no asset";
  const failed: string[] = [];
  const state = { on: true };
  let [answered, acknowledged] = [0, -1];
  const note = (what: string, { status, text }: Answer): void => {
    if (status === 200) answered += 1;
    else failed.push(`${what}: ${status} ${text.slice(0, 200)}`);
  };
  const readers = ["/api/content", "/", asset, "/api/check_session"].map(async (path) => {
    for (; state.on; await pause()) note(path, await ask(path, { cookie }));
  });
  const writer = (async () => {
    for (let count = 0; state.on; count++, await pause()) {
      const save = { display_name: `name ${count}`, about_me: "" };
      const answer = await ask("/api/profile", { cookie, "x-csrftoken": String(token) }, save);
      note("save", answer);
      if (answer.status === 200) acknowledged = count;
    }
  })();
  const saved = async (): Promise<number> =>
    Number(JSON.parse((await ask("/api/profile", { cookie })).text).display_name.split(" ")[1]);
  return {
    ask,
    cookie,
    saved,
    acknowledged: () => acknowledged,
    stop: async () => {
      state.on = false;
      await Promise.all([...readers, writer]);
      return { failed, answered };
    },
    close,
  };
}

const releaseFrom = async (id: string, build: string) => {
  const child = place.aegis(["release", place.root, "--from", build, "--id", id]);
  return { status: await child.ended(), text: child.output() };
};

async function schema(): Promise<readonly string[]> {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  const { rows } = await client.query("select id from aegis_migrations order by id");
  await client.end();
  return rows.map(({ id }) => String(id));
}

const records = () => JSON.parse(readFileSync(join(place.root, "releases.json"), "utf8"));
const current = (): string => readlinkSync(join(place.root, "current"));

const NOTES = ["create table hub_release_notes (id int)", "drop table hub_release_notes"] as const;

describe("releases of two instances behind nginx", () => {
  it("a first one goes live, and is written down", { timeout: 200_000 }, async () => {
    const { status, text } = await releaseFrom("r1", place.build("r1"));
    expect(status, text).toBe(0);
    expect(text).toMatch(/live: r1 \([\d.]+ s; done: preflight, backup, schema up, switch, out a, restart a/);
    expect(records()).toMatchObject([
      {
        id: "r1",
        outcome: "live",
        version: "r1",
        policy: expect.stringMatching(/^[0-9a-f]{16}$/),
        from: null,
      },
    ]);
  });

  it.each([
    [
      "health",
      {
        replace: [
          ["server/features/health/routes.js", "await withinTime(checkReady());", 'throw new Error("x");'],
        ],
      },
      /a at http:\/\/127.0.0.1:\d+ was not healthy within 25 s: \/health 200, \/ready 503/,
    ],
    [
      "header",
      {
        replace: [
          ["server/policy.js", "...overrides,", "...overrides, headers: { hsts: { enabled: false } },"],
        ],
        migrations: { "0098_notes": NOTES },
      },
      /verify: .*status 1:[\s\S]*headers\.hsts/,
    ],
    [
      "migration",
      { migrations: { "0098_notes": NOTES, "0099_broken": ["select broken(", "select 1"] } },
      /schema up: .*Migration hub\/0099_broken failed: syntax error/,
    ],
  ] as const)(
    "one with a planted fault (%s) returns by itself, with nothing lost that was acknowledged",
    { timeout: 200_000 },
    async (fault, change, reason) => {
      const before = await schema();
      const load = await startLoad(`during-${fault}`);
      const { status, text } = await releaseFrom(`bad-${fault}`, place.build(`bad-${fault}`, change));
      const { failed, answered } = await load.stop();
      expect(status, text).toBe(1);
      expect(text).toMatch(new RegExp(`returned: r1 runs, bad-${fault} does not \\([\\d.]+ s; done: `));
      expect(text).toMatch(reason);
      expect(current()).toBe("releases/r1");
      expect(await schema()).toEqual(before);
      expect(failed).toEqual([]);
      expect(answered).toBeGreaterThan(20);
      expect(await load.saved()).toBe(load.acknowledged());
      expect((await load.ask("/")).headers["strict-transport-security"]).toBe(
        "max-age=31536000; includeSubDomains",
      );
      expect(records().at(-1)).toMatchObject({ id: `bad-${fault}`, outcome: "returned" });
      load.close();
    },
  );

  it("one that is killed on its way is undone by the next rollback", { timeout: 200_000 }, async () => {
    const before = await schema();
    const load = await startLoad("during-kill");
    const build = place.build("killed", { migrations: { "0098_notes": NOTES } });
    const child = place.aegis(["release", place.root, "--from", build, "--id", "killed"]);
    await child.until(/\bout a/);
    child.child.kill("SIGKILL");
    await child.ended();
    const listed = place.aegis(["releases", place.root]);
    await listed.ended();
    expect(listed.output()).toContain("the release of killed is under way, or was interrupted");
    const back = place.aegis(["rollback", "--in", place.root]);
    expect(await back.ended(), back.output()).toBe(0);
    expect(back.output()).toMatch(/returned: r1 runs, killed does not/);
    expect(await schema()).toEqual(before);
    expect((await load.stop()).failed).toEqual([]);
    expect(await load.saved()).toBe(load.acknowledged());
    load.close();
  });

  it("a good one rolls through without a failed request", { timeout: 200_000 }, async () => {
    const before = await schema();
    const load = await startLoad("during-good");
    const { status, text } = await releaseFrom(
      "r2",
      place.build("r2", { migrations: { "0098_notes": NOTES } }),
    );
    expect(status, text).toBe(0);
    expect(await schema()).toEqual([...before, "hub/0098_notes"]);
    expect(current()).toBe("releases/r2");
    const { failed, answered } = await load.stop();
    expect(failed).toEqual([]);
    expect(answered).toBeGreaterThan(100);
    expect(await load.saved()).toBe(load.acknowledged());
    load.close();
  });

  it(
    "is closed and opened for all, and a cut-over leaves nobody signed in",
    { timeout: 200_000 },
    async () => {
      const load = await startLoad("cut-over");
      await load.stop();
      const signedIn = async () => (await load.ask("/api/check_session", { cookie: load.cookie })).status;
      expect(await signedIn()).toBe(200);
      const on = place.aegis(["maintenance", "on", "--for", "10", "--end-sessions"]);
      expect(await on.ended(), on.output()).toBe(0);
      expect(on.output()).toMatch(/closed: .*maintenance\.json\nended [1-9]\d* sessions/);
      for (let times = 0; times < 4; times++) {
        const page = await load.ask("/", { accept: "text/html" });
        expect([page.status, Number(page.headers["retry-after"]) > 0]).toEqual([503, true]);
        expect(await signedIn()).toBe(503);
      }
      expect((await load.ask("/ready")).status).toBe(200);
      expect(await place.aegis(["maintenance", "status"]).ended()).toBe(1);
      expect(await place.aegis(["maintenance", "off"]).ended()).toBe(0);
      const everywhere = () => Promise.all(Array.from({ length: 6 }, signedIn));
      await expect.poll(everywhere, { timeout: 5000 }).not.toContain(503);
      for (let times = 0; times < 4; times++) expect(await signedIn()).toBe(401);
      load.close();
    },
  );
});
