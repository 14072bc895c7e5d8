/** Releases of a world that is made up: what runs where, on which schema, and what a kill at any moment leaves. */
import { existsSync, readdirSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { manualClock } from "../testing/index.ts";
import { ReleaseFolder, type ReleasePorts, release, releases, rollback } from "./index.ts";

/** Hundreds of runs, each of which waits for a disk a hundred times: what a disk would do is not asked here. */
const MEMORY = "/dev/shm";

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

const SCHEMAS: Readonly<Record<string, readonly string[]>> = {
  r1: ["aegis/0001_a", "hub/0001_a"],
  r2: ["aegis/0001_a", "hub/0001_a", "hub/0002_b"],
  r3: ["aegis/0001_a", "aegis/0002_b", "hub/0001_a", "hub/0002_b"],
};
const say = (word: string) => [word, "{release}", "{instance}", "{heads}"];
const SETTINGS = {
  address: "https://hub.test",
  instances: [
    { name: "a", address: "http://127.0.0.1:1", restart: say("restart") },
    { name: "b", address: "http://127.0.0.1:2", restart: say("restart") },
  ],
  preflight: say("preflight"),
  backup: say("backup"),
  migrate: { status: say("status"), up: say("up"), down: say("down") },
  verify: say("verify"),
  fingerprint: false,
  healthSeconds: 5,
};

class World {
  schema: readonly string[] = [];
  readonly runs: Record<string, string | undefined> = {};
  readonly commands: string[] = [];
  readonly violations: string[] = [];
  /** Words of commands, "ready" or "up halfway", that fail for a release. */
  readonly faults = new Set<string>();
  /** Port calls until the process is killed; undefined: it is not. */
  left: number | undefined;
  killed = Promise.withResolvers<"killed">();
  readonly clock = manualClock();
  readonly told: string[] = [];
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  static async make(): Promise<World> {
    const root = await mkdtemp(join(existsSync(MEMORY) ? MEMORY : tmpdir(), "aegis-release-"));
    folders.push(root);
    await writeFile(join(root, "release.config.json"), JSON.stringify(SETTINGS));
    for (const id of Object.keys(SCHEMAS)) {
      await mkdir(join(root, "releases", id), { recursive: true });
      await writeFile(join(root, "releases", id, "package.json"), '{"version":"1.2.3"}');
    }
    return new World(root);
  }

  /** From the cut on nothing happens any more, as after SIGKILL: no error comes back that somebody could handle. */
  async moment(): Promise<void> {
    if (this.left === undefined) return;
    this.left -= 1;
    if (this.left > 0) return;
    this.killed.resolve("killed");
    await new Promise<never>(() => undefined);
  }

  ports(): ReleasePorts {
    const folder = new ReleaseFolder(this.root);
    const cut =
      <A extends unknown[], R>(work: (...args: A) => Promise<R>) =>
      async (...args: A): Promise<R> => {
        await this.moment();
        const result = await work(...args);
        await this.moment();
        return result;
      };
    Object.assign(folder, {
      write: cut(folder.write.bind(folder)),
      forget: cut(folder.forget.bind(folder)),
      writeRecords: cut(folder.writeRecords.bind(folder)),
      switchTo: cut(folder.switchTo.bind(folder)),
      mark: cut(folder.mark.bind(folder)),
    });
    return {
      folder,
      clock: this.clock,
      aegis: ["aegis"],
      tell: (line) => void this.told.push(line),
      isStopped: () => false,
      sleep: async (milliseconds) => this.clock.advance(milliseconds / 1000),
      ask: cut(async (address: string) => {
        const runs = this.runs[address.endsWith("1") ? "a" : "b"] ?? "";
        return this.faults.has(`ready ${runs}`) ? 503 : 200;
      }),
      run: async ({ command: [word = "", path = "", instance = "", ...heads] }, onStart) => {
        await onStart({ pid: 2 ** 30, started: "never" });
        await this.moment();
        const status = this.#do(word, path.split("/").at(-1) ?? "", instance, heads);
        await this.moment();
        return { status, out: word === "status" ? JSON.stringify(this.schema) : "", said: `${word} said no` };
      },
    };
  }

  #do(word: string, id: string, instance: string, heads: readonly string[]): number {
    // A proxy must find another one that serves.
    const out = existsSync(join(this.root, "out")) ? readdirSync(join(this.root, "out")) : [];
    if (word === "restart" && out.join() !== instance)
      this.violations.push(`${instance} restarts, out: ${out.join()}`);
    this.commands.push([word, id, instance, ...heads].filter(Boolean).join(" "));
    const target = SCHEMAS[id] ?? [];
    if (word === "up" && this.faults.has(`up halfway ${id}`)) this.schema = target.slice(0, 3);
    if (this.faults.has(`${word} ${id}`) || this.faults.has(`${word} halfway ${id}`)) return 1;
    if (word === "up") this.schema = [...new Set([...this.schema, ...target])].toSorted();
    if (word === "down") {
      // A release knows no way back of what a later one brought.
      if (this.schema.some((one) => !target.includes(one))) return 1;
      const stays = (one: string) =>
        heads.some((head) => head.split("/")[0] === one.split("/")[0] && one <= head);
      this.schema = this.schema.filter(stays);
    }
    // A restart takes what `current` names at that moment; the plan must have switched before.
    if (word === "restart") this.runs[instance] = id;
    return 0;
  }

  /** What holds whenever nothing is under way. */
  async state() {
    const { current, journal, records } = await releases(this.ports());
    return {
      current,
      runs: { ...this.runs },
      schema: [...this.schema],
      journal,
      out: await readdir(join(this.root, "out")).catch(() => []),
      violations: this.violations,
      outcomes: records.map(({ id, outcome }) => `${id} ${outcome}`),
    };
  }

  async dieInLock(): Promise<void> {
    const lock = join(this.root, "lock");
    for (const name of await readdir(lock).catch(() => []))
      await writeFile(
        join(lock, name),
        (await readFile(join(lock, name), "utf8")).replace(/"pid":\d+/, '"pid":1073741824'),
      );
    this.left = undefined;
    this.killed = Promise.withResolvers();
  }
}

const go = (world: World, id: string) => release(world.ports(), { id, build: undefined, commit: undefined });
const settled = (id: string) => ({
  current: id,
  runs: { a: id, b: id },
  schema: SCHEMAS[id],
  journal: undefined,
  out: [],
  violations: [],
});

describe("a release", () => {
  it("checks, saves, migrates, switches, restarts one by one, verifies, and is written down", async () => {
    const world = await World.make();
    await go(world, "r1");
    world.commands.length = 0;
    const { result } = await go(world, "r2");
    expect(result).toMatchObject({ outcome: "live", from: "r1", reason: null });
    expect(world.commands).toEqual([
      "preflight r2",
      "backup r2",
      "status r2",
      "up r2",
      "restart r2 a",
      "restart r2 b",
      "verify r2",
      "status r2",
    ]);
    expect(await world.state()).toMatchObject({ ...settled("r2"), outcomes: ["r1 live", "r2 live"] });
    const [, record] = (await releases(world.ports())).records;
    expect(record).toMatchObject({
      version: "1.2.3",
      migrations: ["aegis/0001_a", "hub/0002_b"],
      from: "r1",
    });
  });

  it.each([
    ["preflight r2", ["preflight r2"]],
    ["backup r2", ["preflight r2", "backup r2"]],
    ["up halfway r2", ["preflight r2", "backup r2", "status r2", "up r2", "down r2 aegis/0001_a hub/0001_a"]],
    ["restart r2", undefined],
    ["ready r2", undefined],
    ["verify r2", undefined],
  ])("goes back to release and schema by itself after a fault: %s", async (fault, commands) => {
    const world = await World.make();
    await go(world, "r1");
    world.commands.length = 0;
    world.faults.add(fault);
    const { result } = await go(world, "r2");
    expect(result).toMatchObject({ outcome: "returned", from: "r1" });
    expect(result?.reason).toMatch(fault.startsWith("ready") ? /not healthy within 5 s.*503/ : /said no/);
    expect(await world.state()).toMatchObject({ ...settled("r1"), outcomes: ["r1 live", "r2 returned"] });
    if (commands !== undefined) expect(world.commands).toEqual([...commands, `status r1`]);
    world.faults.clear();
    expect((await go(world, "r2")).result?.outcome).toBe("live");
    expect(await world.state()).toMatchObject(settled("r2"));
  });

  it("takes only the instances back that it had begun with", async () => {
    const world = await World.make();
    await go(world, "r1");
    world.commands.length = 0;
    world.faults.add("ready r2");
    await go(world, "r2");
    expect(world.commands.filter((one) => one.startsWith("restart"))).toEqual([
      "restart r2 a",
      "restart r1 a",
    ]);
  });

  it("says plainly what is left to do where going back fails too, and goes on from there", async () => {
    const world = await World.make();
    await go(world, "r1");
    world.faults.add("verify r2").add("restart r1");
    const { result } = await go(world, "r2");
    expect(result).toMatchObject({ outcome: "stuck", stuck: { reason: expect.stringContaining("said no") } });
    const commands = result?.stuck?.commands.join("\n") ?? "";
    expect(commands).toContain(`(cd ${world.root} && restart ${world.root}/releases/r1 a)`);
    expect(commands).toContain(
      `(cd ${world.root}/releases/r2 && down ${world.root}/releases/r2 '' aegis/0001_a hub/0001_a)`,
    );
    expect(commands.indexOf("restart")).toBeLessThan(commands.indexOf("down"));
    world.faults.clear();
    const { recovered, result: none } = await rollback(world.ports(), undefined);
    expect([recovered?.outcome, none]).toEqual(["returned", undefined]);
    expect(await world.state()).toMatchObject(settled("r1"));
  });

  it("leaves the first one where it is, because there is nothing to go back to", async () => {
    const world = await World.make();
    world.faults.add("verify r1");
    const { result } = await go(world, "r1");
    expect(result).toMatchObject({ outcome: "failed", from: null });
    expect(await world.state()).toMatchObject({ ...settled("r1"), outcomes: ["r1 failed"] });
  });

  it("is refused where it is current already, not there, or no name", async () => {
    const world = await World.make();
    await go(world, "r1");
    await expect(go(world, "r1")).rejects.toThrow("current release already");
    await expect(go(world, "r9")).rejects.toThrow("There is no release r9");
    await expect(go(world, "../r2")).rejects.toThrow("no name for a release");
    await expect(go(world, "-r2")).rejects.toThrow("no name for a release");
  });

  it("refuses a journal that is damaged, rather than to guess what was done", async () => {
    const world = await World.make();
    await go(world, "r1");
    await writeFile(join(world.root, "journal.json"), '{"form":1}');
    await expect(go(world, "r2")).rejects.toThrow("no journal of a release");
  });
});

describe("a rollback", () => {
  it("goes to the release before, with the ways back that the later one brought, and further the next time", async () => {
    const world = await World.make();
    for (const id of ["r1", "r2", "r3"]) await go(world, id);
    world.commands.length = 0;
    expect((await rollback(world.ports(), undefined)).result).toMatchObject({ outcome: "live", id: "r2" });
    expect(world.commands).toEqual([
      "backup r2",
      "restart r2 a",
      "restart r2 b",
      "down r3 aegis/0001_a hub/0002_b",
      "verify r2",
      "status r2",
    ]);
    expect(await world.state()).toMatchObject(settled("r2"));
    await rollback(world.ports(), undefined);
    expect(await world.state()).toMatchObject(settled("r1"));
    await expect(rollback(world.ports(), undefined)).rejects.toThrow("No release before r1");
    await expect(rollback(world.ports(), "r3")).rejects.toThrow("aegis release");
  });

  it("goes several releases back at once", async () => {
    const world = await World.make();
    for (const id of ["r1", "r2", "r3"]) await go(world, id);
    await rollback(world.ports(), "r1");
    expect(await world.state()).toMatchObject(settled("r1"));
  });

  it("returns to where it came from when the older release does not hold", async () => {
    const world = await World.make();
    for (const id of ["r1", "r3"]) await go(world, id);
    world.faults.add("verify r1");
    expect((await rollback(world.ports(), undefined)).result).toMatchObject({
      outcome: "returned",
      from: "r3",
    });
    expect(await world.state()).toMatchObject(settled("r3"));
  });
});

describe("a process that is killed", () => {
  it("leaves what the next one recognises and completes or undoes, whenever it is killed, and however often", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("release", "rollback"),
        fc.option(fc.constantFrom("up halfway", "ready", "verify", "restart"), { nil: undefined }),
        fc.array(fc.integer({ min: 1, max: 110 }), { minLength: 1, maxLength: 3 }),
        async (kind, fault, cuts) => {
          const world = await World.make();
          await go(world, "r1");
          if (kind === "rollback") await go(world, "r2");
          const to = kind === "release" ? "r2" : "r1";
          const isMet = fault !== undefined && !(kind === "rollback" && fault === "up halfway"); // that one migrates nothing up
          if (isMet) world.faults.add(`${fault} ${to}`);
          let act = () => (kind === "release" ? go(world, "r2") : rollback(world.ports(), "r1"));
          for (const cut of cuts) {
            world.left = cut;
            const ended = await Promise.race([act().catch((error: unknown) => error), world.killed.promise]);
            await world.dieInLock();
            if (ended !== "killed") break;
            // Nothing new is asked for: it comes no further than bringing the old run to an end.
            act = () => rollback(world.ports(), "no-such-release");
          }
          await rollback(world.ports(), "no-such-release").catch(() => undefined);
          const { current = "", ...rest } = await world.state();
          expect(["r1", "r2"]).toContain(current);
          expect({ current, ...rest }).toMatchObject(settled(current));
          if (isMet) expect(current).toBe(kind === "release" ? "r1" : "r2");
          const runs = (await releases(world.ports())).records.map(({ run }) => run);
          expect(new Set(runs).size).toBe(runs.length);
        },
      ),
      { numRuns: 150 },
    );
  });
});
