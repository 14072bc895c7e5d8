import { setTimeout as pause } from "node:timers/promises";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Fastify from "fastify";
import { afterEach, describe, expect, it } from "vitest";
import { aegis, memoryStores, serverOptions } from "../fastify.ts";
import { systemRandom } from "../lib/random.ts";
import { definePolicy } from "../policy.ts";
import { credentialsSource } from "../stores/secrets/local.ts";
import { manualClock } from "../testing/clock.ts";
import { sourceFailure } from "./errors.ts";
import { keepFresh, liveSecretKeys } from "./live.ts";
import { openSecrets, type SecretEvent } from "./manager.ts";
import type { SecretSource } from "./source.ts";

const needs = [
  { name: "SECRET_KEY", kind: "key", previous: "SECRET_KEY_PREVIOUS" },
  { name: "SECRET_KEY_PREVIOUS", kind: "keys" },
  { name: "RING", kind: "text", lasting: true },
  { name: "PROBE_KEY", kind: "text" },
] as const;
const bytes = (text: string) => Buffer.from(text, "base64url");
const policy = definePolicy({ environment: "test", secret: { cacheSeconds: 60, staleSeconds: 120 } });

/** A source that holds what the test says, and is away when it says so. */
function source(values: Record<string, string>) {
  let away = false;
  let asked = 0;
  const made: SecretSource = {
    kind: "environment",
    where: "the test",
    async read(names) {
      asked += 1;
      await pause(1);
      if (away) throw sourceFailure("away", "the test", "it is switched off");
      return new Map(names.flatMap((name) => (values[name] === undefined ? [] : [[name, values[name]]])));
    },
  };
  return { source: made, values, set: (to: boolean) => void (away = to), asked: () => asked };
}

async function open(values: Record<string, string>) {
  const from = source(values);
  const clock = manualClock();
  const events: SecretEvent[] = [];
  const secrets = await openSecrets({
    policy,
    needs,
    sources: [from.source],
    clock,
    onEvent: (event) => events.push(event),
  });
  return { ...from, secrets, clock, events };
}

const folders: string[] = [];
afterEach(() => {
  for (const one of folders.splice(0)) rmSync(one, { recursive: true });
});

describe("keys that change", () => {
  it("verify at once, make after the policy's time, and verify under those before for as long as they are kept", async () => {
    const [a, b, c] = [0, 1, 2].map(() => systemRandom.token(32));
    const { secrets, clock, values } = await open({ SECRET_KEY: a ?? "" });
    const keys = liveSecretKeys(secrets, { environment: "test" });
    const same = keys.all();
    expect([same, keys.all()]).toEqual([[bytes(a ?? "")], same]);
    Object.assign(values, { SECRET_KEY: b, SECRET_KEY_PREVIOUS: a });
    await secrets.refresh();
    expect([keys.all(), keys.eldest()]).toEqual([[bytes(a ?? ""), bytes(b ?? "")], bytes(a ?? "")]);
    clock.advance(60);
    expect(keys.all()).toEqual([bytes(b ?? ""), bytes(a ?? "")]);
    // A second one before the first has settled, and the eldest let go.
    Object.assign(values, { SECRET_KEY: c, SECRET_KEY_PREVIOUS: b });
    await secrets.refresh();
    clock.advance(30);
    expect(keys.all()[0]).toEqual(bytes(b ?? ""));
    clock.advance(30);
    expect([keys.all(), keys.eldest()]).toEqual([[bytes(c ?? ""), bytes(b ?? "")], bytes(b ?? "")]);
  });

  it("are taken over whole or not at all, and not without what is in use", async () => {
    const [a, b] = [systemRandom.token(32), systemRandom.token(32)];
    const { secrets, values, events } = await open({ SECRET_KEY: a, RING: "r", PROBE_KEY: "p" });
    const refused = async (changed: Record<string, string | undefined>, because: RegExp) => {
      const before = { ...values };
      for (const [name, value] of Object.entries(changed)) {
        if (value === undefined) delete values[name];
        else values[name] = value;
      }
      await secrets.refresh();
      expect(events.at(-1)).toMatchObject({
        event: "secret.change_refused",
        because: expect.stringMatching(because),
      });
      expect([secrets.get("SECRET_KEY"), secrets.get("RING"), secrets.get("PROBE_KEY")]).toEqual([
        a,
        "r",
        "p",
      ]);
      for (const name of Object.keys(values)) delete values[name];
      Object.assign(values, before);
    };
    await refused({ SECRET_KEY: b }, /not in SECRET_KEY_PREVIOUS/);
    await refused(
      { SECRET_KEY: b, SECRET_KEY_PREVIOUS: `${a},short`, PROBE_KEY: "q" },
      /SECRET_KEY_PREVIOUS/,
    );
    await refused({ SECRET_KEY: undefined }, /SECRET_KEY is gone/);
    await refused({ RING: undefined }, /RING is gone/);
    delete values["PROBE_KEY"]; // what nothing is under may go
    await secrets.refresh();
    expect([events.at(-1)?.event, secrets.get("PROBE_KEY")]).toEqual(["secret.changed", undefined]);
    for (const event of events) expect(JSON.stringify(event)).not.toMatch(new RegExp(`${a}|${b}`));
  });

  it("are read once for many who ask at once, and once more for what came meanwhile", async () => {
    const { secrets, asked } = await open({ SECRET_KEY: systemRandom.token(32) });
    const before = asked();
    await Promise.all(Array.from({ length: 50 }, () => secrets.refresh()));
    expect(asked() - before).toBe(2);
  });

  it("are read when their folder changes, and at the signal", async () => {
    const folder = mkdtempSync(join(tmpdir(), "aegis-live-"));
    folders.push(folder);
    const a = systemRandom.token(32);
    writeFileSync(join(folder, "SECRET_KEY"), a);
    const changed: string[] = [];
    const secrets = await openSecrets({
      policy,
      needs,
      sources: [credentialsSource(folder)],
      onEvent: (event) => event.event === "secret.changed" && changed.push(...event.names),
    });
    const fresh = keepFresh(secrets);
    const until = async (name: string) => {
      for (let tries = 0; tries < 200 && !changed.includes(name); tries++) await pause(25);
      expect(changed).toContain(name);
    };
    try {
      writeFileSync(join(folder, "PROBE_KEY"), "something");
      await until("PROBE_KEY");
      const watching = process.listenerCount("SIGHUP");
      fresh.stop();
      expect(process.listenerCount("SIGHUP")).toBe(watching - 1);
      const onSignal = keepFresh({ ...secrets, folders: [] });
      writeFileSync(join(folder, "RING"), "something else");
      process.kill(process.pid, "SIGHUP");
      await until("RING");
      onSignal.stop();
    } finally {
      fresh.stop();
    }
  });
});

describe("keys that could not be read again for too long", () => {
  it("close everything but reading what is public, until they are read", async () => {
    const { secrets, clock, set, events } = await open({ SECRET_KEY: systemRandom.token(32) });
    const app = Fastify(serverOptions(policy));
    await app.register(aegis, {
      ...memoryStores(),
      policy,
      secretKey: liveSecretKeys(secrets, { environment: "test" }),
    });
    app.get("/open", { config: { access: "public" }, handler: async () => "ok" });
    const statuses = async () =>
      Promise.all(
        [
          { url: "/open" },
          { url: "/api/profile" },
          {
            url: "/api/login",
            method: "POST" as const,
            payload: { username: "ada", password: "Harbour violet, 11" },
          },
        ].map(async (order) => {
          const { statusCode, headers } = await app.inject(order);
          return [statusCode, headers["retry-after"]];
        }),
      );
    const usual = [
      [200, undefined],
      [401, undefined],
      [401, undefined],
    ];
    expect(await statuses()).toEqual(usual);
    set(true);
    await secrets.refresh();
    clock.advance(119);
    await secrets.refresh();
    expect(await statuses()).toEqual(usual);
    clock.advance(1);
    expect(await statuses()).toEqual([
      [200, undefined],
      [503, "30"],
      [503, "30"],
    ]);
    set(false);
    await secrets.refresh();
    expect(await statuses()).toEqual(usual);
    expect(events.map(({ event }) => event)).toEqual(["secret.source_away", "secret.source_back"]);
    await app.close();
  });
});
