/** The command as people call it. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repository, run } from "../../../test/support/processes.ts";

let empty: string;
beforeAll(() => {
  empty = mkdtempSync(join(tmpdir(), "aegis-cli-"));
});
afterAll(() => rmSync(empty, { recursive: true }));

async function aegis(
  args: readonly string[],
  cwd = repository,
): Promise<{ status: number | null; text: string }> {
  const child = run(
    process.execPath,
    [join(repository, "packages/aegis-cli/bin/aegis.mjs"), ...args],
    { NO_COLOR: "1" },
    cwd,
  );
  return { status: await child.ended(), text: child.output() };
}

describe("the command", () => {
  it("ends without a word when nobody reads on", async () => {
    const bin = join(repository, "packages/aegis-cli/bin/aegis.mjs");
    const shell = run("bash", [
      "-c",
      `"$0" "$1" policy show | true; echo "\${PIPESTATUS[0]}"`,
      process.execPath,
      bin,
    ]);
    await shell.ended();
    expect(shell.output()).toBe("141\n");
  });
});

describe("a call that cannot work", () => {
  it("is told once: what is wrong, then what to do", async () => {
    const { status, text } = await aegis(["policy", "show", "--preset", "nope"], empty);
    expect([status, text]).toEqual([
      2,
      'error: There is no preset "nope".\nhint: Known: modern, education, platform, saas, regulated.\n',
    ]);
  });

  it.each([
    [["compare"], "error: missing required argument 'before'\nhint: See aegis compare --help.\n"],
    [["render", "nope"], "error: unknown command 'nope'\nhint: See aegis render --help.\n"],
    [["nope"], "error: unknown command 'nope'\nhint: See aegis --help.\n"],
    [["report", "bundle"], /not specified\nhint: See aegis report bundle --help\.\n$/],
  ])("leads to the help of the very command: %j", async (args, said) => {
    const { status, text } = await aegis(args, empty);
    expect([status, text]).toEqual([2, typeof said === "string" ? said : expect.stringMatching(said)]);
  });

  it("names a file as it was named, without where this machine keeps it", async () => {
    expect((await aegis(["policy", "show", "--policy", "nope.json"], empty)).text).toBe(
      "error: There is no file nope.json.\n",
    );
  });

  it("leaves no file behind that a next try would stumble over", async () => {
    const { status } = await aegis(["probe-accounts", "--out", "probes.json", "--url", "nowhere"], empty);
    expect([status, existsSync(join(empty, "probes.json"))]).toEqual([2, false]);
    writeFileSync(join(empty, "probes.json"), "somebody's");
    await aegis(["probe-accounts", "--out", "probes.json", "--url", "nowhere"], empty);
    expect(readFileSync(join(empty, "probes.json"), "utf8")).toBe("somebody's");
    rmSync(join(empty, "probes.json"));
  });

  it("says defaults of time as people write them", async () => {
    const watch = (await aegis(["watch", "--help"], empty)).text;
    for (const time of ["15m", "30s", "1s", "2s"])
      expect(watch).toMatch(new RegExp(`default:\\s+${time}\\)`));
    expect(watch).not.toMatch(/default:\s+(\d{4,}|\[\])/);
    expect((await aegis(["probe-accounts", "--help"], empty)).text).toMatch(/default:\s+1h\)/);
  });
});

describe("aegis policy", () => {
  it("shows the project's policy, and marks what differs", async () => {
    const { status, text } = await aegis(["policy", "show", "--environment", "production"]);
    expect(status).toBe(0);
    expect(text).toMatch(/^policy [0-9a-f]{16} \(production\)/);
    expect(text).toMatch(/session\.idleTimeoutSeconds +3600 +differs from modern/);
    expect(text).toMatch(/session\.cookie\.secure +true *\n/);
  });

  it("shows it as JSON that is a policy again", async () => {
    const { text } = await aegis(["policy", "show", "--preset", "saas", "--json"], empty);
    const policy = JSON.parse(text);
    expect(policy).toMatchObject({ environment: "production", session: { rememberMe: { enabled: true } } });
    const { environment: _environment, ...overrides } = policy;
    writeFileSync(join(empty, "whole.json"), JSON.stringify(overrides));
    expect((await aegis(["policy", "diff", "saas", "whole.json"], empty)).text).toBe("no difference\n");
  });

  it("tells two policies apart", async () => {
    const { status, text } = await aegis(["policy", "diff", "modern", "education"], empty);
    expect(status).toBe(0);
    expect(text).toMatch(/ +modern +education\n/);
    expect(text).toMatch(/password\.minLength +15 +12\n/);
    expect(text).not.toContain("session.cookie.name");
  });

  it("explains a setting: meaning, values, what proves it", async () => {
    const { status, text } = await aegis(["policy", "explain", "session.idleTimeoutSeconds"]);
    expect(status).toBe(0);
    expect(text).toMatch(
      /A session unused for so long is over\.\nTakes a whole number from 10 to 31536000\./,
    );
    expect(text).toMatch(/education +3600 +3600/);
    expect(text).toContain("proven by session.idle-timeout");
    expect((await aegis(["policy", "explain", "password.argon2.memoryKib"])).text).toContain(
      "cannot be proven from outside",
    );
  });

  it.each([
    [["policy", "explain", "session.idle"], /no setting "session\.idle"[\s\S]*session\.idleTimeoutSeconds/],
    [["policy", "show", "--preset", "strict"], /no preset "strict"[\s\S]*modern, education/],
    [["policy", "show", "--environment", "prod"], /no environment "prod"/],
    [
      ["policy", "show", "--policy", "bad.json"],
      /session\.idleTimeout: got 5[\s\S]*Did you mean idleTimeoutSeconds/,
    ],
    [["policy", "show", "--policy", "broken.json"], /broken\.json is no JSON/],
    [["polcy"], /unknown command/],
    [["verify", "ftp://x"], /no web address/],
    [["verify"], /missing required argument/],
  ])("%j ends with 2 and says why", async (args, message) => {
    writeFileSync(join(empty, "bad.json"), '{"session":{"idleTimeout":5}}');
    writeFileSync(join(empty, "broken.json"), "{");
    const { status, text } = await aegis(args, empty);
    expect([status, text]).toEqual([2, expect.stringMatching(message)]);
  });
});

describe("aegis keys secret", () => {
  it("prints a key of 256 bits, another each time", async () => {
    const keys = await Promise.all([aegis(["keys", "secret"]), aegis(["keys", "secret"])]);
    const [one, other] = keys.map(({ text }) => /^[\w-]{43}$/m.exec(text)?.[0]);
    expect(one).toBeDefined();
    expect(one).not.toBe(other);
  });
});

describe("aegis keys ring and rotate", () => {
  const ringIn = (file: string) => JSON.parse(readFileSync(file, "utf8")).keys;

  it("make a ring, and rotate it: one active key, replaced ones without their private part", async () => {
    const file = join(empty, "ring.json");
    const { text } = await aegis(["keys", "ring", "--algorithm", "ES256"], empty);
    writeFileSync(file, text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1), { mode: 0o600 });
    const [first] = ringIn(file);
    expect(first).toMatchObject({ state: "active", jwk: { kty: "EC", crv: "P-256", d: expect.any(String) } });

    const rotated = await aegis(["keys", "rotate", file], empty);
    expect([rotated.status, rotated.text]).toEqual([0, expect.stringContaining(`verify-only  ${first.kid}`)]);
    const [second, old] = ringIn(file);
    expect(second).toMatchObject({ state: "active", jwk: { kty: "OKP", d: expect.any(String) } });
    expect(old).toMatchObject({ kid: first.kid, state: "verify-only" });
    expect(old.jwk).not.toHaveProperty("d");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(existsSync(`${file}.new`)).toBe(false);

    // Replaced longer ago than any token lives.
    const past = ringIn(file).map((key: { replaced_at?: number }) =>
      key.replaced_at === undefined ? key : { ...key, replaced_at: Date.now() - 961_000 },
    );
    writeFileSync(file, JSON.stringify({ keys: past }));
    const again = await aegis(["keys", "rotate", file], empty);
    expect(again.text).toContain(`retired      ${first.kid}`);
    expect(ringIn(file).map(({ state }: { state: string }) => state)).toEqual(["active", "verify-only"]);
  });

  it("make a ring for encrypted columns, whose next key every server has before it is used", async () => {
    const file = join(empty, "data-ring.json");
    const made = await aegis(["keys", "ring", "--for", "data"], empty);
    writeFileSync(file, made.text.slice(0, made.text.lastIndexOf("}") + 1), { mode: 0o600 });
    const keysIn = (): { kid: string; state: string; replaced_at?: number }[] =>
      JSON.parse(readFileSync(file, "utf8")).data_keys;
    const [first] = keysIn();
    expect((await aegis(["keys", "rotate", "--prepare", file], empty)).status).toBe(0);
    const prepared = keysIn()[1];
    expect(keysIn().map(({ state }) => state)).toEqual(["active", "decrypt-only"]);
    expect((await aegis(["keys", "rotate", file], empty)).text).toContain(prepared?.kid);
    expect(keysIn()).toEqual([
      expect.objectContaining({ kid: prepared?.kid, state: "active" }),
      expect.objectContaining({ kid: first?.kid, state: "decrypt-only", replaced_at: expect.any(Number) }),
    ]);
    expect((await aegis(["keys", "drop", file, prepared?.kid ?? ""], empty)).text).toMatch(
      /is the active one/,
    );
    expect((await aegis(["keys", "drop", file, first?.kid ?? ""], empty)).status).toBe(0);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("leave a ring alone that is none, is being rotated, or is not there, and quote nothing of it", async () => {
    const file = join(empty, "bad-ring.json");
    for (const content of ['{"keys":[{"d":"hunter2"}]}', "hunter2 {"]) {
      writeFileSync(file, content);
      const { status, text } = await aegis(["keys", "rotate", file], empty);
      expect([status, readFileSync(file, "utf8"), existsSync(`${file}.new`)]).toEqual([2, content, false]);
      expect(text).not.toContain("hunter2");
    }
    writeFileSync(`${file}.new`, "");
    expect((await aegis(["keys", "rotate", file], empty)).text).toContain("somebody is rotating this ring");
    expect(existsSync(`${file}.new`)).toBe(true);
    expect((await aegis(["keys", "rotate", "nothing.json"], empty)).text).toContain("There is no file");
  });
});

describe("aegis keys secret and rotate", () => {
  it("make a key for its owner alone, and never write over one", async () => {
    const file = join(empty, "SECRET_KEY");
    const made = await aegis(["keys", "secret", "--out", file], empty);
    const key = readFileSync(file, "utf8").trim();
    expect([made.status, statSync(file).mode & 0o777, key.length]).toEqual([0, 0o600, 43]);
    expect(made.text).not.toContain(key);
    const again = await aegis(["keys", "secret", "--out", file], empty);
    expect([again.status, readFileSync(file, "utf8").trim()]).toEqual([2, key]);
    expect(again.text).toMatch(/error: There is a file[^]*hint: .*aegis keys rotate/);
    const ring = join(empty, "out-ring.json");
    expect((await aegis(["keys", "ring", "--out", ring], empty)).status).toBe(0);
    expect([statSync(ring).mode & 0o777, JSON.parse(readFileSync(ring, "utf8")).keys.length]).toEqual([
      0o600, 1,
    ]);
  });

  it("replace a key in a file of its own, the one before beside it, and show neither", async () => {
    const file = join(empty, "mounted-key");
    await aegis(["keys", "secret", "--out", file], empty);
    const keys = [readFileSync(file, "utf8").trim()];
    for (let round = 0; round < 3; round++) {
      const rotated = await aegis(["keys", "rotate", file], empty);
      expect(rotated.status).toBe(0);
      keys.unshift(readFileSync(file, "utf8").trim());
      for (const key of keys) expect(rotated.text).not.toContain(key);
    }
    expect(new Set(keys).size).toBe(4);
    expect(readFileSync(`${file}_PREVIOUS`, "utf8").trim()).toBe(keys.slice(1, 3).join(","));
    expect(statSync(`${file}_PREVIOUS`).mode & 0o777).toBe(0o600);
  });

  it("replace a key in a .env, and leave its other lines alone", async () => {
    const file = join(empty, "app.env");
    const key = "q3JxTnP8Zk2vLw9sRb4YdHc7MgXe1UaF5oNiV6tKj0Q";
    writeFileSync(file, `# mine\nSECRET_KEY=${key}\nRING={"a":1}\n`, { mode: 0o600 });
    expect((await aegis(["keys", "rotate", "--keep", "1", file], empty)).status).toBe(0);
    expect(readFileSync(file, "utf8")).toMatch(
      new RegExp(`^# mine\nSECRET_KEY=[\\w-]{43}\nSECRET_KEY_PREVIOUS=${key}\nRING=\\{"a":1\\}\n$`),
    );
    writeFileSync(file, "PORT=3000\n");
    expect((await aegis(["keys", "rotate", file], empty)).text).toContain("sets no SECRET_KEY");
    expect((await aegis(["keys", "rotate", "--keep", "0", file], empty)).text).toContain("from 1 to 16");
  });
});

describe("aegis render env", () => {
  it("prints the hub's as it lies in deploy/, the same each time", async () => {
    const out = join(empty, "rendered");
    expect((await aegis(["render", "env", "--out", out])).status).toBe(0);
    for (const file of [".env.example", ".env.production.example"])
      expect(readFileSync(join(out, file), "utf8")).toBe(
        readFileSync(join(repository, "deploy", file), "utf8"),
      );
    const shown = await aegis(["render", "env"]);
    expect(shown.text).toBe(readFileSync(join(out, ".env.production.example"), "utf8"));
  });

  it("names what every application needs where a project lists nothing, under its policy's fingerprint", async () => {
    const [one, other] = await Promise.all(
      ["modern", "saas"].map((preset) => aegis(["render", "env", "--preset", preset], empty)),
    );
    expect(one?.text).toMatch(/policy [0-9a-f]{16}\.[^]*\nSECRET_KEY=\n/);
    expect(one?.text).not.toBe(other?.text);
  });
});

describe("aegis routes", () => {
  it("lists the application's routes with their rules", async () => {
    const { status, text } = await aegis(["routes"]);
    expect(status).toBe(0);
    expect(text).toMatch(/POST +\/api\/profile +authenticated +- +token/);
    expect(text).toMatch(/GET +\/api\/content +group:content +- +-/);
    expect(text).toMatch(/POST +\/api\/courses +authenticated +author +token/);
    expect(text).toMatch(/GET +\/api\/courses +authenticated +learner +-/);
  });

  it("lists them as JSON, with the tenant role that each declares", async () => {
    const { status, text } = await aegis(["routes", "--json"]);
    expect(status).toBe(0);
    const rows: unknown = JSON.parse(text);
    expect(rows).toContainEqual({
      method: "DELETE",
      url: "/api/courses/:id",
      access: "authenticated",
      csrf: "token",
      tenant: "author",
    });
    expect(rows).toContainEqual({
      method: "POST",
      url: "/api/profile",
      access: "authenticated",
      csrf: "token",
    });
  });

  it("says what is missing where there is no application", async () => {
    expect(await aegis(["routes"], empty)).toMatchObject({
      status: 2,
      text: expect.stringContaining("aegis.config.ts"),
    });
  });
});

describe("aegis verify", () => {
  it("ends with 2 where nothing answers, and says so", async () => {
    const { status, text } = await aegis(["verify", "http://127.0.0.1:1"], empty);
    expect(status).toBe(2);
    expect(text).toContain("The target could not be reached.");
  });

  it("ends with 1 where something fails, writes the findings, and names fixes", async () => {
    const { start } = await import("../../../examples/express-plain/server.ts");
    const { origin, server } = await start(0);
    const target = join(repository, "examples/express-plain/target.json");
    const { status, text } = await aegis(
      [
        "verify",
        origin,
        "--only",
        "session",
        "--preset",
        "modern",
        "--target",
        target,
        "--save",
        "findings.json",
      ],
      empty,
    );
    server.close();
    server.closeAllConnections();
    expect(status).toBe(1);
    expect(text).toMatch(
      /✗ FAIL +Sign-out ends the session on the server[\s\S]*fix +End the session in the store/,
    );
    expect(text).toMatch(/\d+ pass, \d+ fail, \d+ unknown, 0 error/);
    const saved = JSON.parse(readFileSync(join(empty, "findings.json"), "utf8"));
    expect(saved).toMatchObject({
      reachable: true,
      environment: "development",
      target: "Plain Express application",
    });
  });
});
