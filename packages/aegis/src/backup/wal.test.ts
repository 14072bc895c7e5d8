import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkWal, keepWal, nextSegment } from "./wal.ts";

describe("the segment behind another", () => {
  it.each([
    ["000000010000000000000001", 16, "000000010000000000000002"],
    ["0000000100000000000000FF", 16, "000000010000000100000000"],
    ["00000002000000FF000000FF", 16, "000000020000010000000000"],
    ["000000010000000000000003", 1024, "000000010000000100000000"],
  ])("%s of %i MB is %s", (name, megabytes, next) => {
    expect(nextSegment(name, megabytes * 2 ** 20)).toBe(next);
  });
});

describe("a row of segments over several timelines", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "aegis-wal-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  /** Of a base whose log begins and ends in segment 3 of the first timeline: "2:5" is segment 5 of the second. */
  async function checked(kept: readonly string[]): Promise<readonly string[]> {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const [signer, keys] = [{ kid: "k", privateKey }, new Map([["k", publicKey]])];
    const recipients = [await identityToRecipient(await generateX25519Identity())];
    for (const one of kept) {
      const [timeline = "", segment = ""] = one.split(":");
      const name = `${timeline.padStart(8, "0")}${segment.padStart(16, "0")}`;
      const read = async function* () {
        yield new Uint8Array([1]);
      };
      await keepWal(name, read, { directory, signer, keys, recipients, suffix: "x" });
    }
    const base = "000000010000000000000003";
    const found = await checkWal(directory, { first: base, last: base, segment_bytes: 2 ** 24 }, keys);
    return found.map(({ name }) => name);
  }

  it.each([
    ["a new one within the segment that the old one ended in", ["1:3", "1:4", "2:4", "2:5"]],
    ["a new one behind the last whole segment", ["1:3", "1:4", "2:5", "2:6"]],
    ["a new one that begins earlier, in what was not played", ["1:3", "1:4", "1:5", "1:6", "2:4", "2:5"]],
    ["a third one that goes on where the first one ended", ["1:3", "1:4", "1:5", "1:6", "2:4", "3:7"]],
    ["a server that took over before the base's own segment was whole", ["2:3", "2:4"]],
    ["a server that took over with the next one", ["2:4", "2:5"]],
    ["nothing behind the base", []],
  ])("is taken with %s", async (_what, kept) => {
    expect(await checked(kept)).toHaveLength(kept.length);
  });

  it.each([
    ["the old one breaks off before the new one begins", ["1:3", "1:4", "2:7", "2:8"]],
    ["all of the old one is gone", ["2:7", "2:8"]],
    ["a segment of the new one is missing", ["1:3", "1:4", "2:4", "2:6"]],
    ["the next one is missing", ["1:5"]],
  ])("is refused where %s", async (_what, kept) => {
    await expect(checked(kept)).rejects.toThrow("the log has a gap before the segment");
  });
});
