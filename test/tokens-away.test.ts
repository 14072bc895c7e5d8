/** Tokens while what knows of their end is away, for a part of the way or all of it. */
import type { AegisStores } from "aegis/fastify";
import { afterEach, describe, expect, it } from "vitest";
import { MemoryRevocationLedger } from "../packages/aegis/src/revocation/memory-ledger.ts";
import { PASSWORD, Visitor } from "./support/browser-like.ts";
import { roomyStores } from "./support/roomy-limits.ts";
import {
  closeHubs,
  issue,
  type Pair,
  post,
  program,
  refreshed,
  refreshes,
  signedIn,
  works,
} from "./support/tokens.ts";

afterEach(closeHubs);

const away = Object.assign(new Error("connection lost"), { code: "ECONNREFUSED" });

/** Stores of which single steps fail while they are named in `broken`; every call is counted. */
function fragile() {
  const [broken, calls] = [new Set<string>(), new Map<string, number>()];
  const stores = roomyStores();
  const breakable = <T extends object>(store: T): T =>
    new Proxy(store, {
      get(target, name) {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== "function") return method;
        return async (...args: readonly unknown[]): Promise<unknown> => {
          calls.set(String(name), (calls.get(String(name)) ?? 0) + 1);
          if (broken.has(String(name))) throw away;
          return Reflect.apply(method, target, args);
        };
      },
    });
  const { refreshTokens, tokenDenylist } = stores;
  const parts: AegisStores = {
    ...stores,
    refreshTokens: breakable(refreshTokens),
    tokenDenylist: breakable(tokenDenylist),
  };
  return { broken, calls, parts };
}

describe("while the list of revoked tokens is away", () => {
  it("no token is believed", async () => {
    const { broken, parts } = fragile();
    const { hub, pair } = await signedIn({}, parts);
    expect(await works(hub, pair)).toBe(200);
    broken.add("isRevoked");
    expect(await works(hub, pair)).toBe(503);
  });

  it.each(["deny", "settle"])(
    "and a second use ends the family without a word (%s fails), whoever comes next ends its access tokens, and the owner is told once",
    async (step) => {
      const { broken, parts } = fragile();
      const { hub, pair } = await signedIn({}, parts);
      const newest = await refreshed(hub, pair);
      broken.add(step);
      expect(await refreshes(hub, pair)).toBe(503);
      expect(await refreshes(hub, newest)).toBe(503); // refreshed no more, by whoever has it
      broken.clear();
      expect(await refreshes(hub, newest)).toBe(401);
      expect([await works(hub, newest), await works(hub, pair)]).toEqual([401, 401]);
      expect(await refreshes(hub, pair)).toBe(401);
      const reported = hub.events.filter(({ event }) => event === "token.reuse_detected");
      expect(reported.map(({ facts }) => facts?.["family"])).toEqual([pair.id]);
    },
  );

  const dead = async (hub: Parameters<typeof works>[0], pair: Pair) =>
    expect([await works(hub, pair), await refreshes(hub, pair)]).toEqual([401, 401]);

  it.each(["deny", "settle", "revokeBySession"])(
    "and a sign-out fails (%s), it leaves the session to try again with",
    async (step) => {
      const { broken, parts } = fragile();
      const { hub, ada, pair } = await signedIn({}, parts);
      broken.add(step);
      expect((await post(ada, "/api/logout")).statusCode).toBe(503);
      broken.clear();
      expect((await ada.send("GET", "/api/sessions")).statusCode).toBe(200);
      expect((await post(ada, "/api/logout")).statusCode).toBe(200);
      await dead(hub, pair);
      expect((await ada.send("GET", "/api/sessions")).statusCode).toBe(401);
    },
  );

  it.each(["deny", "settle", "revokeAll"])(
    "and a sign-out everywhere fails (%s), it leaves the sessions to try again with",
    async (step) => {
      const { broken, parts } = fragile();
      const { hub, ada, pair } = await signedIn({}, parts);
      hub.clock.advance(1);
      broken.add(step);
      expect((await post(ada, "/api/logout/all")).statusCode).toBe(503);
      broken.clear();
      expect((await post(ada, "/api/logout/all")).statusCode).toBe(200);
      await dead(hub, pair);
    },
  );

  it.each(["deny", "settle"])(
    "and ending one program fails (%s), or giving its token back, a second try ends it",
    async (step) => {
      const { broken, parts } = fragile();
      const { hub, ada, pair } = await signedIn({}, parts);
      const end = async (id: string) =>
        (
          await ada.send("DELETE", `/api/account/tokens/${id}`, {
            headers: { "x-csrftoken": await ada.token() },
          })
        ).statusCode;
      broken.add(step);
      expect(await end(pair.id)).toBe(503);
      broken.clear();
      expect(await end(pair.id)).toBe(200);
      await dead(hub, pair);
      const other = await issue(ada);
      broken.add(step);
      expect((await program(hub).revoke(other.refresh)).statusCode).toBe(503);
      broken.clear();
      expect((await program(hub).revoke(other.refresh)).statusCode).toBe(200);
      await dead(hub, other);
      expect(await end(other.id)).toBe(404);
    },
  );
});

describe("a token that an instance knows by its lease", () => {
  const shared = () => {
    const listeners: ((message: string) => void)[] = [];
    return {
      ledger: new MemoryRevocationLedger(),
      bus: {
        publish: async (message: string) => listeners.forEach((listener) => listener(message)),
        listen: async (listener: (message: string) => void) => {
          listeners.push(listener);
          return async () => undefined;
        },
      },
    };
  };

  it("is asked of no store, and dies with its family, alone, with its session and with its owner's", async () => {
    const { calls, parts } = fragile();
    const revocation = shared();
    const one = await signedIn({}, { ...parts, revocation });
    const { ada, hub, pair } = one;
    for (let use = 0; use < 20; use++) expect(await works(hub, pair)).toBe(200);
    const single = await issue(ada);
    await program(hub).revoke(single.access);
    expect([await works(hub, single), await works(hub, pair)]).toEqual([401, 200]);
    const reused = await issue(ada);
    const newest = await refreshed(hub, reused);
    expect(await refreshes(hub, reused)).toBe(401);
    expect([await works(hub, newest), await works(hub, reused), await works(hub, pair)]).toEqual([
      401, 401, 200,
    ]);
    const other = new Visitor(hub.app);
    await other.send("POST", "/api/login", { json: { username: ada.username, password: PASSWORD } });
    const elsewhere = await issue(other);
    await post(other, "/api/logout");
    expect([await works(hub, elsewhere), await works(hub, pair)]).toEqual([401, 200]);
    hub.clock.advance(1000);
    await post(ada, "/api/logout/all");
    expect(await works(hub, pair)).toBe(401);
    expect(calls.get("isRevoked")).toBeUndefined();
  });
});
