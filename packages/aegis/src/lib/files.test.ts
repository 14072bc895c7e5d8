import { mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { replaceFile } from "./files.ts";

let folder: string;
const at = (name: string): string => join(folder, name);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "aegis-files-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("a file that is replaced", () => {
  it("has the new text and the mode that was said, also over what an interrupted one left", async () => {
    await writeFile(at("state"), "before");
    await writeFile(at("state.new"), "half of a longer text");
    await replaceFile(at("state"), "after", 0o644);
    expect(await readFile(at("state"), "utf8")).toBe("after");
    expect((await stat(at("state"))).mode & 0o777).toBe(0o644);
  });

  it("is not written through a link that somebody put in the place of the new one", async () => {
    await writeFile(at("theirs"), "theirs");
    await symlink(at("theirs"), at("state.new"));
    await expect(replaceFile(at("state"), "ours")).rejects.toThrow(/ELOOP/);
    expect(await readFile(at("theirs"), "utf8")).toBe("theirs");
  });
});
