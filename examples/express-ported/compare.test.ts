/** README's before and after, done for real: the plain application, the same behind Aegis, and what the difference is. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { repository, run } from "../../test/support/processes.ts";
import { start } from "../express-plain/server.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "aegis-compare-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const aegis = async (args: string, env: Record<string, string> = {}) => {
  const child = run(
    process.execPath,
    [join(repository, "packages/aegis-cli/bin/aegis.mjs"), ...args.split(" ")],
    { NO_COLOR: "1", ...env },
    folder,
  );
  return { status: await child.ended(), text: child.output() };
};
const verifying = (origin: string, name: string, file: string, key: string) =>
  aegis(
    `verify ${origin} --preset modern --target ${join(repository, "examples", name, "target.json")} --fast --save ${file}`,
    { AEGIS_PROBE_KEY: key },
  );

/** "transport   50   100   +50" of a comparison. */
const rowsOf = (text: string) =>
  new Map(
    [...text.matchAll(/^([a-zA-Z]+) +([\d.]+|–) +([\d.]+|–)(?: .*)?$/gm)].map(
      ([, name = "", before, after]) => [name, [Number(before), Number(after)] as const],
    ),
  );

it(
  "an application that fails in most is sound behind Aegis, control by control, and README says what comes out",
  { timeout: 240_000 },
  async () => {
    const key = randomBytes(32).toString("base64url");
    const plain = await start(0);
    const ported = run(
      process.execPath,
      ["--conditions=source", join(repository, "examples/express-ported/server.ts")],
      { PORT: "0", PROBE_KEY: key },
      folder,
    );
    try {
      const [before, after] = await Promise.all([
        verifying(plain.origin, "express-plain", "before.json", key),
        verifying((await ported.until(/http:\/\/\S+/))[0], "express-ported", "after.json", key),
      ]);
      expect([before.status, after.status]).toEqual([1, 0]);
    } finally {
      plain.server.close();
      plain.server.closeAllConnections();
      await ported.stop();
    }

    const { status, text } = await aegis("compare before.json after.json");
    expect([status, text]).toEqual([0, expect.stringMatching(/controls better, 0 worse/)]);
    expect(text).toMatch(/\ncsrf .*\n(?: {4}\+ .*\n)* {4}\+ csrf\.missing-token-refused: FAIL → pass\n/);
    expect(text).toMatch(/ {4}\+ session\.fixation: FAIL → pass\n/);
    expect(text).toMatch(/note +The targets differ/);
    expect(text).not.toContain("different policies");
    for (const [name, [was, is]] of rowsOf(text)) {
      if (Number.isNaN(was)) continue;
      expect([name, is]).toEqual([name, expect.toSatisfy((score: number) => score >= was)]);
    }

    const back = await aegis("compare after.json before.json --json");
    expect(back.status).toBe(1);
    const { components } = JSON.parse(back.text);
    expect(components.find(({ component }: { component: string }) => component === "headers")).toMatchObject({
      delta: -100,
      causes: expect.arrayContaining([
        expect.objectContaining({ id: "headers.nosniff", before: "pass", after: "fail", effect: "worse" }),
      ]),
    });

    // A control more or less moves a number by a little; what README shows must be what comes out all the same.
    const printed = rowsOf(readFileSync(new URL("README.md", import.meta.url), "utf8"));
    const own = rowsOf(text);
    expect([...printed.keys()]).toEqual([...own.keys()]);
    for (const [name, scores] of printed)
      for (const [at, score] of scores.entries())
        if (!Number.isNaN(score))
          expect(Math.abs(score - (own.get(name)?.[at] ?? -100)), name).toBeLessThan(10);
  },
);
