/** Twenty programs with one refresh token at the same moment, over sockets, to two hubs that share a PostgreSQL. */
import { randomUUID } from "node:crypto";
import { definePolicy, newKeyRing, type PolicyOverrides } from "aegis";
import type { AuditEvent } from "aegis/fastify";
import { aegisMigrations, migrate, postgresStores } from "aegis/stores/postgres";
import { manualClock } from "aegis/testing";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { roomyLimits } from "./support/roomy-limits.ts";
import { PASSWORD } from "./support/browser-like.ts";
import { cheapHash, startHub } from "./support/hub.ts";
import { startPostgres, type TestPostgres } from "./support/postgres.ts";
import { type RemoteAnswer, RemoteVisitor, textIn } from "./support/remote-visitor.ts";

const CLIENTS = 20;

let server: TestPostgres;
let pools: readonly pg.Pool[] = [];
beforeAll(async () => {
  server = await startPostgres();
  pools = [0, 1].map(() => new pg.Pool({ connectionString: server.url, max: 20 }));
  for (const pool of pools) await migrate(pool, [aegisMigrations]);
});
afterAll(async () => {
  for (const pool of pools) await pool.end();
  await server?.close();
});

const open: { close: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const hub of open.splice(0)) await hub.close();
});

async function openHubs(token: PolicyOverrides["token"]) {
  const policy = definePolicy({
    environment: "test",
    account: { emailVerification: "off" },
    password: { minLength: 12, argon2: cheapHash },
    token: { enabled: true, ...token },
  });
  const [clock, tokenKeys] = [manualClock(), newKeyRing("EdDSA", 0)];
  const events: AuditEvent[] = [];
  const audit = { write: (event: AuditEvent) => void events.push(event) };
  const hubs = await Promise.all(
    pools.map((pool) =>
      startHub(policy, { ...postgresStores(pool), limits: roomyLimits(), clock, tokenKeys, audit }),
    ),
  );
  open.push(...hubs);
  const originOf = (place: number): string => hubs[place % hubs.length]?.origin ?? "";
  const username = `u${randomUUID().slice(0, 12)}`;
  await hubs[0]?.app.aegis.createAccount({ username, password: PASSWORD, roles: ["user"] });
  const owner = new RemoteVisitor(originOf(0));
  const enter = () => owner.signIn(username, PASSWORD);
  await enter();
  const bare = (place: number) => new RemoteVisitor(originOf(place));
  return {
    clock,
    events,
    owner,
    enter,
    issue: async () => (await owner.post("/api/auth/token", { client: "Phone" })).body,
    refresh: (refresh_token: string, place = 0) =>
      bare(place).send("POST", "/api/auth/refresh", { refresh_token }),
    use: async (access: string) =>
      (await bare(1).send("GET", "/api/profile", undefined, { authorization: `Bearer ${access}` })).status,
    crowd: <T>(work: (place: number) => Promise<T>) =>
      Promise.all(Array.from({ length: CLIENTS }, (_, place) => work(place))),
  };
}

function tally(answers: readonly RemoteAnswer[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { status, body } of answers) {
    const key = status === 200 ? "200" : `${status} ${String(body["code"])}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return Object.fromEntries(counts);
}
const winnerOf = (answers: readonly RemoteAnswer[]) =>
  answers.find(({ status }) => status === 200)?.body ?? {};

describe("of twenty programs with one refresh token exactly one is given new ones, a hundred times:", () => {
  it("and since the others used it again, the family ends, once", { timeout: 120_000 }, async () => {
    const { issue, refresh, use, crowd, events } = await openHubs({});
    for (let round = 0; round < 100; round++) {
      const given = await issue();
      const before = events.length;
      const answers = await crowd((place) => refresh(textIn(given, "refresh_token"), place));
      expect(tally(answers)).toEqual({ "200": 1, "401 AEGIS_TOKEN_REFRESH_REFUSED": CLIENTS - 1 });
      const winner = winnerOf(answers);
      expect((await refresh(textIn(winner, "refresh_token"))).status).toBe(401);
      expect(await use(textIn(winner, "access_token"))).toBe(401);
      expect(await use(textIn(given, "access_token"))).toBe(401);
      const reported = events.slice(before).filter(({ event }) => event === "token.reuse_detected");
      expect(reported.map(({ facts }) => facts?.["family"])).toEqual([given["id"]]);
    }
  });

  it("and within a grace the others are refused, and its tokens live", { timeout: 120_000 }, async () => {
    const { issue, refresh, use, crowd, events } = await openHubs({ reuseGraceSeconds: 10 });
    let newest = await issue();
    for (let round = 0; round < 100; round++) {
      const answers = await crowd((place) => refresh(textIn(newest, "refresh_token"), place));
      expect(tally(answers)).toEqual({ "200": 1, "409 AEGIS_TOKEN_OVERTAKEN": CLIENTS - 1 });
      newest = winnerOf(answers);
      expect(await use(textIn(newest, "access_token"))).toBe(200);
    }
    expect(events.filter(({ event }) => event === "token.reuse_detected")).toEqual([]);
  });
});

describe("whoever signs out everywhere", () => {
  it(
    "leaves no token alive, however many are being given and renewed meanwhile",
    { timeout: 120_000 },
    async () => {
      const { issue, refresh, use, enter, owner, clock } = await openHubs({});
      for (let round = 0; round < 30; round++) {
        const given = await issue();
        const csrf = textIn((await owner.send("GET", "/csrf-token")).body, "csrf_token");
        const headers = { "x-csrftoken": csrf };
        const [renewed, ended, ...issued] = await Promise.all([
          refresh(textIn(given, "refresh_token"), 1),
          owner.send("POST", "/api/logout/all", {}, headers),
          ...Array.from({ length: 4 }, () => owner.send("POST", "/api/auth/token", { client: "x" }, headers)),
        ]);
        expect(ended.status).toBe(200);
        const alive = [
          given,
          ...[renewed, ...issued].filter(({ status }) => status === 200).map(({ body }) => body),
        ];
        for (const pair of alive) {
          expect(await use(textIn(pair, "access_token"))).toBe(401);
          expect((await refresh(textIn(pair, "refresh_token"))).status).toBe(401);
        }
        clock.advance(1);
        await enter();
      }
    },
  );
});
