import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { definePolicy, fingerprint, type PolicyOverrides } from "../policy.ts";
import { renderBackupTimer } from "./backup-timer.ts";

const policy = (backup: PolicyOverrides["backup"] = {}) =>
  definePolicy({ environment: "production", backup });
const timer = (schedule: "hourly" | "six-hourly" | "daily" | "weekly"): string =>
  renderBackupTimer(policy({ schedule, maxAgeSeconds: 30 * 86_400 }))[1]?.text ?? "";

describe("the units of backups", () => {
  it.each([
    ["hourly", 3600],
    ["six-hourly", 21_600],
    ["daily", 86_400],
    ["weekly", 604_800],
  ] as const)("run %s by systemd's own reading", (schedule, seconds) => {
    const calendar = /^OnCalendar=(.*)$/m.exec(timer(schedule))?.[1] ?? "";
    const text = execFileSync("systemd-analyze", ["calendar", "--iterations=3", calendar], {
      encoding: "utf8",
      env: { ...process.env, TZ: "UTC", LC_ALL: "C" },
    });
    const times = [...text.matchAll(/(?:Next elapse|Iter(?:ation|\.) #\d): \w+ (\S+ \S+) UTC/g)].map(
      ([, at = ""]) => Date.parse(`${at.replace(" ", "T")}Z`),
    );
    expect(times.slice(1).map((at, n) => (at - (times[n] ?? 0)) / 1000)).toEqual([seconds, seconds]);
  });

  it("are accepted by systemd, and say of which policy they are", () => {
    const folder = mkdtempSync(join(tmpdir(), "aegis-units-"));
    const bin = join(folder, "node_modules/.bin");
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, "aegis"), "#!/bin/sh\n");
    chmodSync(join(bin, "aegis"), 0o755);
    const files = renderBackupTimer(policy(), { directory: folder, user: "root" });
    for (const { path, text } of files) {
      writeFileSync(join(folder, path), text);
      expect(text).toContain(fingerprint(policy()));
    }
    // It says what it does not know, too, and ends with 0 then.
    const said = execFileSync(
      "sh",
      ["-c", `systemd-analyze verify ${files.map(({ path }) => join(folder, path)).join(" ")} 2>&1`],
      { encoding: "utf8" },
    );
    expect(said.split("\n").filter((line) => line.includes("aegis-backup"))).toEqual([]);
    rmSync(folder, { recursive: true });
  });

  it("take no path or user that systemd would read as something else", () => {
    for (const bad of [
      { directory: "/opt/hub app" },
      { environmentFile: "/etc/%n" },
      { backupDirectory: "/var/b\nExecStart=/bin/sh" },
      { directory: "opt/hub" },
      { user: "root\nGroup=disk" },
    ])
      expect(() => renderBackupTimer(policy(), bad)).toThrow(TypeError);
  });

  it("are of a schedule within which backups are not overdue", () => {
    expect(() => policy({ schedule: "weekly" })).toThrow(/backup\.maxAgeSeconds/);
    expect(() => policy({ schedule: "hourly", maxAgeSeconds: 3600 })).toThrow(/backup\.maxAgeSeconds/);
  });
});
