/** docs/dashboard.md, followed to the letter: the command of the guide fills the page that it says it fills. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { definePolicy } from "aegis";
import { memoryStores } from "aegis/fastify";
import { afterAll, beforeAll, expect, it } from "vitest";
import { hubSettings } from "../apps/hub/server/settings.ts";
import { totpCode } from "./support/authenticator.ts";
import { Visitor } from "./support/browser-like.ts";
import { cheapHash, startHub } from "./support/hub.ts";
import { repository, run } from "./support/processes.ts";

const guide = readFileSync(new URL("../docs/dashboard.md", import.meta.url), "utf8");
const commands = [...guide.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, text = ""]) =>
  text.trim().split("\n"),
);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "aegis-dashboard-guide-"));
  mkdirSync(join(folder, ".aegis/proofs"), { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true }));

it("names settings that there are", () => {
  const known = hubSettings.map(({ name }) => name);
  const named = [...guide.matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g)].map(([, name = ""]) => name);
  expect(named.length).toBeGreaterThan(7);
  expect(named.filter((name) => !known.includes(name))).toEqual([]);
});

it(
  "saves a run of the hub that the hub then shows, with every control of it",
  { timeout: 400_000 },
  async () => {
    const policy = definePolicy({
      preset: "education",
      environment: "development",
      password: { argon2: cheapHash },
    });
    const hub = await startHub(policy, {
      limits: memoryStores().limits,
      clock: { now: () => Date.now() },
      places: {
        proofsDirectory: join(folder, ".aegis/proofs"),
        certificateFile: undefined,
        backupDirectory: undefined,
        backupPublicKeyFile: undefined,
        releasesDirectory: undefined,
        checklistFile: undefined,
        checklistPublicKeyFile: undefined,
      },
    });
    try {
      // Before the run: it uses up the limits of sign-ins from this address, as it says.
      const root = new Visitor(hub.app);
      const { password } = await hub.app.aegis.createAccount({ username: "root", roles: ["user", "admin"] });
      await root.send("POST", "/api/login", { json: { username: "root", password } });
      const post = async (url: string, json: unknown) =>
        root.send("POST", url, { json, headers: { "x-csrftoken": await root.token() } });
      const { secret } = (await post("/api/auth/mfa/setup", {})).json();
      await post("/api/auth/mfa/verify-setup", { code: totpCode(String(secret), Date.now()) });
      expect(commands).toHaveLength(1);
      for (const command of commands) {
        expect(command).toMatch(/^npx aegis verify https:\/\/hub\.example --save \S+$/);
        const words = command.replace("https://hub.example", hub.origin).split(" ").slice(2);
        const verifying = run(
          process.execPath,
          [
            join(repository, "packages/aegis-cli/bin/aegis.mjs"),
            ...words,
            "--target",
            join(repository, "apps/hub/target.json"),
            "--preset",
            "education",
          ],
          {},
          folder,
        );
        expect([0, 1, 2]).toContain(await verifying.ended());
      }
      const { runs, rooms, problems } = (await root.send("GET", "/api/admin/posture")).json();
      expect(problems).toEqual([]);
      expect(runs).toMatchObject([{ file: "first.json", whole: true, reachable: true }]);
      expect(rooms.length).toBeGreaterThan(15);
      const { counts } = runs[0];
      expect(counts.pass).toBeGreaterThan(40);
      expect([counts.fail, counts.error]).toEqual([0, 0]);
    } finally {
      await hub.close();
    }
  },
);
