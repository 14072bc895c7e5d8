/** `aegis release`, `rollback`, `releases` and `maintenance` as people call them; releases of a hub: test/standing.test.ts. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repository, run } from "../../../../test/support/processes.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "aegis-cli-release-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function aegis(args: readonly string[], cwd = folder) {
  const child = run(
    process.execPath,
    [join(repository, "packages/aegis-cli/bin/aegis.mjs"), ...args],
    { NO_COLOR: "1" },
    cwd,
  );
  return { status: await child.ended(), text: child.output() };
}

describe("aegis release", () => {
  it("says what is missing before anything is begun", async () => {
    expect(await aegis(["release", "none", "--id", "r1"])).toMatchObject({
      status: 2,
      text: expect.stringContaining("There is no folder"),
    });
    expect((await aegis(["release", folder])).text).toMatch(
      /error: It is not said what.*\nhint: Give --from/,
    );
    expect((await aegis(["release", folder, "--id", "r1"])).text).toContain(
      "There is no release.config.json",
    );
    writeFileSync(join(folder, "release.config.json"), '{"address":"https://hub.example"}');
    expect(await aegis(["release", folder, "--id", "r1"])).toMatchObject({
      status: 2,
      text: expect.stringMatching(/^error: release\.config\.json: .*instances/),
    });
    expect(await aegis(["releases", folder])).toMatchObject({
      status: 0,
      text: "nothing was released yet\n",
    });
    expect(existsSync(join(folder, "journal.json"))).toBe(false);
  });
});

describe("aegis maintenance", () => {
  const file = () => join(folder, "maintenance.json");

  it("closes and opens, and says which it is", async () => {
    expect(await aegis(["maintenance", "status", "--file", file()])).toEqual({ status: 0, text: "open\n" });
    const on = ["maintenance", "on", "--file", file(), "--until", "2030-01-01T12:00+02:00"];
    const through = ["--allow", "203.0.113.0/24", "--allow", "::1"];
    expect(await aegis([...on, ...through])).toEqual({ status: 0, text: `closed: ${file()}\n` });
    expect(JSON.parse(readFileSync(file(), "utf8"))).toMatchObject({
      until: "2030-01-01T10:00:00.000Z",
      allow: ["203.0.113.0/24", "::1"],
    });
    const status = await aegis(["maintenance", "status", "--file", file()]);
    expect(status.status).toBe(1);
    expect(status.text).toMatch(/until 2030-01-01T10:00:00\.000Z; through: 203\.0\.113\.0\/24, ::1/);
    expect((await aegis(["maintenance", "off", "--file", file()])).status).toBe(0);
    expect((await aegis(["maintenance", "status", "--file", file()])).text).toBe("open\n");
  });

  it.each([
    [["--allow", "203.0.113.0/33"], "no address or network"],
    [["--allow", "office"], "no address or network"],
    [["--until", "2030-01-01 12:00"], "no time with its zone"],
    [["--for", "soon"], "no minutes"],
    [["--end-sessions"], "does not say how to end all sessions; nothing was closed"],
  ])("closes nothing where it is told %j", async (args, message) => {
    const { status, text } = await aegis(["maintenance", "on", "--file", file(), ...args]);
    expect([status, text.includes(message), existsSync(file())]).toEqual([2, true, false]);
  });

  it("prints what to tell users", async () => {
    const args = ["--product", "The Hub", "--from", "2030-01-01T12:00Z", "--until", "2030-01-01T13:00Z"];
    for (const when of ["before", "during", "after"])
      expect(await aegis(["maintenance", "notice", "--when", when, ...args, "--end-sessions"])).toMatchObject(
        {
          status: 0,
          text: expect.stringMatching(/^The Hub: [\s\S]*sign in again/),
        },
      );
  });
});
