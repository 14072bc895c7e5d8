import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { systemRandom } from "aegis";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { rotateSecretFile } from "./secret.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "aegis-rotate-"));
  for (const stream of [process.stdout, process.stderr]) vi.spyOn(stream, "write").mockReturnValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

describe("rotations of one key that meet", () => {
  it.each([
    [
      "a file of its own",
      (key: string) => `${key}\n`,
      (file: string) => readFileSync(`${file}_PREVIOUS`, "utf8"),
    ],
    [
      "a .env",
      (key: string) => `SECRET_KEY=${key}\n`,
      (file: string) => /^SECRET_KEY_PREVIOUS=(.*)$/m.exec(readFileSync(file, "utf8"))?.[1] ?? "",
    ],
  ])("lose no key, in %s", async (_where, written, previousIn) => {
    for (let round = 0; round < 60; round++) {
      const file = join(folder, String(round));
      writeFileSync(file, written(systemRandom.token(32)), { mode: 0o600 });
      const first = rotateSecretFile(file, 16);
      await sleep(round / 20); // the second one comes in at every point of the first
      const ended = await Promise.allSettled([first, rotateSecretFile(file, 16)]);
      const rotations = ended.filter(({ status }) => status === "fulfilled").length;
      // One earlier key for each rotation: the first key, and what the other rotation had made.
      expect(previousIn(file).trim().split(",")).toHaveLength(rotations);
    }
  });
});
