/** The parts of a release that touch the system: the lock, the commands, the folder, the settings. */
import { execFileSync, spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, open, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startOf } from "../lib/process-identity.ts";
import { callOf } from "./call.ts";
import { awaitLeftover, runCommand } from "./command.ts";
import { ReleaseFolder } from "./files.ts";
import { takeLock } from "./lock.ts";
import { systemPorts } from "./ports.ts";
import { parseReleaseSettings } from "./settings.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "aegis-release-parts-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const call = (command: readonly string[], seconds = 20) => ({
  command,
  cwd: folder,
  env: { MARK: "1" },
  seconds,
  log: join(folder, "log"),
});
const noted = async () => undefined;

describe("the lock", () => {
  it("is one process's, and says whose and since when", async () => {
    const giveBack = await takeLock(folder, "release r1", 0);
    await expect(takeLock(folder, "release r2", 0)).rejects.toThrow(
      `Process ${process.pid} is at it since 1970-01-01T00:00:00.000Z (release r1)`,
    );
    await giveBack();
    await (
      await takeLock(folder, "release r2", 0)
    )();
  });

  it("is taken over from a process that is dead, or whose number is another's now", async () => {
    for (const holder of [
      { pid: 2 ** 30, started: "x" },
      { pid: process.pid, started: "long ago" },
    ]) {
      await writeFile(join(folder, "7"), JSON.stringify({ ...holder, what: "release r1", at: "then" }));
      await (
        await takeLock(folder, "release r2", 0)
      )();
      await rm(folder, { recursive: true });
      await mkdir(folder);
    }
  });

  it("goes to one alone of many that take it over at once", async () => {
    for (let round = 0; round < 20; round++) {
      const dead = { pid: 2 ** 30, started: "x", what: "w", at: "then" };
      await writeFile(join(folder, String(round + 100)), JSON.stringify(dead));
      const tries = await Promise.allSettled(
        Array.from({ length: 8 }, (_, index) => takeLock(folder, `release ${index}`, 0)),
      );
      const winners = tries.filter((one) => one.status === "fulfilled");
      expect(winners).toHaveLength(1);
      for (const { value } of winners) await value();
    }
  });
});

describe("the lock under pressure", () => {
  it("is not got by who looked at it long ago, when others have had it since", async () => {
    execFileSync("mkfifo", [join(folder, "5")]); // whoever reads it waits until somebody writes
    const slow = takeLock(folder, "release slow", 0).catch((error: unknown) => String(error));
    const writer = await open(join(folder, "5"), "w"); // it reads now
    const holder = { pid: process.pid, started: startOf(process.pid), what: "release fast", at: "now" };
    await writeFile(join(folder, "7"), JSON.stringify(holder));
    await writer.write("{}"); // given back
    await writer.close();
    expect(await slow).toContain("release fast");
    await expect(takeLock(folder, "release r2", 0)).rejects.toThrow("release fast");
  });

  it("is never two takers', however taking and giving back fall together", async () => {
    let [inside, taken] = [0, 0];
    const most: number[] = [];
    const work = async (): Promise<void> => {
      for (let tries = 0; tries < 150; tries++) {
        const giveBack = await takeLock(folder, "release", 0).catch((error: unknown) => {
          expect(String(error)).toMatch(/One release at a time|at this moment/);
          return undefined;
        });
        if (giveBack === undefined) continue;
        taken += 1;
        most.push((inside += 1));
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 2));
        inside -= 1;
        await giveBack();
      }
    };
    await Promise.all(Array.from({ length: 12 }, work));
    expect(Math.max(...most)).toBe(1);
    expect(taken).toBeGreaterThan(10);
  });
});

describe("a command", () => {
  it("gets its arguments as they are: nothing in them is read by a shell", async () => {
    const wild = ["$(touch bad)", "`touch bad`", "; touch bad", "a b", "*", "'", '"', "--", ""];
    const { status, out } = await runCommand(
      call([
        process.execPath,
        "-p",
        "JSON.stringify([process.argv.slice(1), process.env.MARK])",
        "x",
        ...wild,
      ]),
      noted,
    );
    expect([status, JSON.parse(out)]).toEqual([0, [["x", ...wild], "1"]]);
    await expect(readFile(join(folder, "bad"))).rejects.toThrow("ENOENT");
  });

  it("tells how it ended, and what it said last", async () => {
    const failing = "console.log('out'); console.error('why'); process.exit(3)";
    expect(await runCommand(call([process.execPath, "-e", failing]), noted)).toMatchObject({
      status: 3,
      said: "out\nwhy",
    });
    expect((await runCommand(call(["/no/such/program"]), noted)).status).toBe(127);
  });

  it("does not begin before it is written down that it does", async () => {
    let seen: string | undefined = "unset";
    const note = async ({ pid, started }: { readonly pid: number; readonly started: string }) => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      seen = await readFile(join(folder, "begun"), "utf8").catch(() => undefined);
      expect(startOf(pid)).toBe(started);
    };
    await runCommand(call(["touch", "begun"]), note);
    expect(seen).toBeUndefined();
    expect(await readFile(join(folder, "begun"), "utf8")).toBe("");
  });

  it("never begins where whoever was to say so is gone", async () => {
    const script = `import { runCommand } from ${JSON.stringify(new URL("./command.ts", import.meta.url).href)};
      await runCommand(${JSON.stringify(call(["touch", join(folder, "late")]))}, async ({ pid }) => {
        process.stdout.write(String(pid) + "\\n");
        await new Promise(() => setTimeout(() => undefined, 60000));
      });`;
    const child = spawn(process.execPath, ["--conditions=source", "--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const pid = await new Promise<number>((resolve) =>
      child.stdout.once("data", (chunk: Buffer) => resolve(Number(chunk.toString()))),
    );
    child.kill("SIGKILL");
    await expect.poll(() => startOf(pid), { timeout: 5000 }).toBeUndefined();
    await expect(readFile(join(folder, "late"))).rejects.toThrow("ENOENT");
  });

  it("is ended with all that it started when it takes too long", async () => {
    const { status, said } = await runCommand(call(["sh", "-c", "sleep 60 & sleep 60"], 1), noted);
    expect([status, said.split("\n")[0]]).toEqual([null, "not done within 1 s"]);
  });

  it("that outlived its run is waited for, and ended when it does not end", async () => {
    const child = spawn("sleep", ["60"], { detached: true });
    const pid = child.pid ?? 0;
    await awaitLeftover({ pid, started: "another process of that number" }, 0);
    expect(startOf(pid)).toBeDefined();
    await awaitLeftover({ pid, started: startOf(pid) ?? "" }, 0);
    expect(startOf(pid)).toBeUndefined();
  });
});

describe("the folder", () => {
  it("has a copy whole under its name, or not at all, and links kept as they are", async () => {
    const build = join(folder, "build");
    await mkdir(join(build, "deep"), { recursive: true });
    await writeFile(join(build, "deep", "file"), "x");
    const place = new ReleaseFolder(folder);
    await mkdir(join(folder, "releases", ".r1.partial", "left"), { recursive: true });
    await place.bring("r1", build);
    expect(await readFile(join(folder, "releases", "r1", "deep", "file"), "utf8")).toBe("x");
    expect(await place.ids()).toEqual(["r1"]);
    await expect(place.bring("r2", join(folder, "none"))).rejects.toThrow("ENOENT");
    expect(await place.ids()).toEqual(["r1"]);
  });

  it("shows the proxy who is out, and the service its files, whatever the mask of who releases", async () => {
    const mask = process.umask(0o022); // of who builds
    const build = join(folder, "build");
    await mkdir(join(build, "deep"), { recursive: true });
    await writeFile(join(build, "deep", "file"), "x");
    const place = new ReleaseFolder(folder);
    process.umask(0o077);
    try {
      await place.bring("r1", build);
      await place.mark("3001", true);
    } finally {
      process.umask(mask);
    }
    const names = ["releases", "releases/r1", "releases/r1/deep", "out"];
    for (const name of names) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o755);
    for (const name of ["releases/r1/deep/file", "out/3001"])
      expect((await stat(join(folder, name))).mode & 0o777).toBe(0o644);
  });

  it("switches a link, and refuses to replace what is none", async () => {
    const place = new ReleaseFolder(folder);
    expect(await place.current()).toBeUndefined();
    for (const id of ["r1", "r2"]) {
      await place.switchTo(id);
      expect([await place.current(), await readlink(join(folder, "current"))]).toEqual([
        id,
        `releases/${id}`,
      ]);
    }
    await rm(join(folder, "current"));
    await mkdir(join(folder, "current"));
    await expect(place.current()).rejects.toThrow("is no link");
  });
});

describe("settings", () => {
  const right = {
    address: "https://hub.example",
    instances: [{ name: "a", address: "http://127.0.0.1:3001", restart: ["systemctl", "restart", "hub@a"] }],
    migrate: false,
  };
  it("have a step unless it is said that there is none", () => {
    expect(parseReleaseSettings(right)).toMatchObject({
      preflight: ["aegis", "check", "--release", "{directory}"],
      backup: ["aegis", "backup", "create"],
      verify: ["aegis", "verify", "{address}", "--fast"],
      migrate: undefined,
    });
    expect(parseReleaseSettings({ ...right, backup: false }).backup).toBeUndefined();
    expect(() => parseReleaseSettings({ ...right, migrate: undefined })).toThrow("say how to migrate");
  });

  it.each([
    ["a line for a shell", { preflight: "aegis check" }, "/preflight"],
    ["an unknown key", { prefight: false }, "release.config.json"],
    ["no instance", { instances: [] }, "/instances"],
    ["two of one name", { instances: [...right.instances, ...right.instances] }, "one name"],
    [
      "a file of an environment that is not said whole",
      { environmentFiles: ["environment"] },
      "/environmentFiles",
    ],
    ["a name that is a path", { instances: [{ ...right.instances[0], name: "../a" }] }, "/instances/0/name"],
    ["an address with more than an origin", { address: "https://hub.example/x" }, "/address"],
  ])("refuse %s", (_what, change, message) => {
    expect(() => parseReleaseSettings({ ...right, ...change })).toThrow(message);
  });

  describe("have files of variables", () => {
    const file = (name: string) => join(folder, name);
    beforeEach(async () => {
      await writeFile(file("one"), "A=1\nB='2 & 3'\n", { mode: 0o600 });
      await writeFile(file("two"), "A=4\n", { mode: 0o600 });
      await writeFile(
        file("release.config.json"),
        JSON.stringify({ ...right, environmentFiles: [file("one"), file("two")] }),
      );
    });

    it("for what releases, and not for what restarts an instance", async () => {
      const ports = systemPorts(folder, { tell: () => undefined, aegis: ["aegis"], isStopped: () => false });
      const settings = await ports.folder.settings();
      const env = (instance?: string) =>
        callOf(
          ports,
          settings,
          { kind: "restart", release: "r1", ...(instance === undefined ? {} : { instance }) },
          ["x"],
        ).env;
      expect(env()).toEqual({ A: "4", B: "2 & 3", AEGIS_RELEASE: "r1" });
      expect(env("a")).toEqual({ AEGIS_RELEASE: "r1" });
    });

    it.each([0o640, 0o602])("that nobody else may read or change (mode %i)", async (mode) => {
      await chmod(file("two"), mode);
      await expect(new ReleaseFolder(folder).settings()).rejects.toThrow(/two .*chmod 600/);
      await rm(file("two"));
      await expect(new ReleaseFolder(folder).settings()).rejects.toThrow(/two .* is not there/);
    });
  });
});
