/** Sources of secrets, each by its own protocol: what they give, and what they say when they give nothing. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { definePolicy, type PolicyOverrides } from "aegis";
import { awsSource, openSecrets, type SecretEvent, secretSources, vaultSource } from "aegis/secrets";
import { manualClock } from "aegis/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { signedHeaders } from "../packages/aegis/src/stores/secrets/aws.ts";
import { type AwsStandIn, startAwsStandIn } from "./support/aws-stand-in.ts";
import { startVaultStandIn, type VaultStandIn } from "./support/vault-stand-in.ts";

const KEY = "q3JxTnP8Zk2vLw9sRb4YdHc7MgXe1UaF5oNiV6tKj0Q";
const OTHER = "wzDEvdA_0Din2_kHRKbjx4uRbHBMF98Y4iL5k0HOiNQ";
const needs = [
  { name: "SECRET_KEY", kind: "key", previous: "SECRET_KEY_PREVIOUS" },
  { name: "SECRET_KEY_PREVIOUS", kind: "keys" },
  { name: "DATABASE_URL", kind: "url" },
] as const;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "aegis-sources-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const policyOf = (secret: PolicyOverrides["secret"] = {}) =>
  definePolicy({ environment: "production", secret });
const open = async (env: Record<string, string>, secret: PolicyOverrides["secret"] = {}) =>
  openSecrets({
    policy: policyOf(secret),
    needs,
    sources: secretSources({ env: { DOTENV_FILE: join(folder, "none"), ...env }, timeoutSeconds: 1 }),
  });

describe("secrets on this machine", () => {
  it("come from the first source of the policy's order that has one", async () => {
    const credentials = join(folder, "credentials");
    mkdirSync(credentials, { recursive: true });
    writeFileSync(join(credentials, "SECRET_KEY"), `${KEY}\n`, { mode: 0o400 });
    const env = { CREDENTIALS_DIRECTORY: credentials, SECRET_KEY: OTHER, DATABASE_URL: "postgres:///hub" };
    const secrets = await open(env);
    expect([secrets.get("SECRET_KEY"), secrets.whereOf("SECRET_KEY")]).toEqual([
      KEY,
      `systemd credentials (${credentials})`,
    ]);
    expect(secrets.whereOf("DATABASE_URL")).toBe("the environment");
    const turned = await open(env, { sources: ["environment", "credentials"] });
    expect(turned.get("SECRET_KEY")).toBe(OTHER);
  });

  it("come from files that are named, or lie in a folder", async () => {
    writeFileSync(join(folder, "key"), `${KEY}\r\n`);
    mkdirSync(join(folder, "mounted"), { recursive: true });
    writeFileSync(join(folder, "mounted", "DATABASE_URL"), "postgres:///hub");
    const secrets = await open({
      SECRET_KEY_FILE: join(folder, "key"),
      SECRETS_DIRECTORY: join(folder, "mounted"),
    });
    expect([secrets.get("SECRET_KEY"), secrets.get("DATABASE_URL")]).toEqual([KEY, "postgres:///hub"]);
    await expect(open({ SECRET_KEY_FILE: join(folder, "no-such-key") })).rejects.toThrow(
      /SECRET_KEY_FILE: there is no file/,
    );
    writeFileSync(join(folder, "large"), "x".repeat(70_000));
    await expect(open({ SECRET_KEY_FILE: join(folder, "large") })).rejects.toThrow(/larger than 65536 bytes/);
  });

  it("are not taken from a .env in production, unless the policy says so", async () => {
    const file = join(folder, "env");
    writeFileSync(file, `SECRET_KEY="${KEY}"\n`);
    await expect(open({ DOTENV_FILE: file })).rejects.toThrow(
      new RegExp(
        `SECRET_KEY is missing[^]*the environment[^]*secret.productionSources: ${file}[^]*aegis keys secret`,
      ),
    );
    const secrets = await open({ DOTENV_FILE: file }, { productionSources: ["dotenv"] });
    expect(secrets.get("SECRET_KEY")).toBe(KEY);
  });

  it.each([
    [
      "an example",
      { SECRET_KEY: "change-me-to-a-real-secret-key-please-now" },
      /SECRET_KEY \(from the environment\).*example/,
    ],
    [
      "a default password",
      { SECRET_KEY: KEY, DATABASE_URL: "postgres://hub:postgres@db/hub" },
      /DATABASE_URL.*default/,
    ],
    [
      "a user's name as password",
      { SECRET_KEY: KEY, DATABASE_URL: "postgres://hub_staff:hub_staff@db/hub" },
      /name of its user/,
    ],
    ["a short password", { SECRET_KEY: KEY, DATABASE_URL: "postgres://hub:k7%23q@db/hub" }, /fewer than 8/],
    ["an empty value", { SECRET_KEY: "" }, /SECRET_KEY is missing/],
    ["a weak earlier key", { SECRET_KEY: KEY, SECRET_KEY_PREVIOUS: `${OTHER},short` }, /SECRET_KEY_PREVIOUS/],
  ])("are refused in production: %s", async (_name, env, message) => {
    const error: unknown = await open(env).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).toMatch(message);
    for (const value of Object.values(env).filter((one) => one.length > 8))
      expect(String(error)).not.toContain(value);
  });

  it("come from a file that Debian's age encrypted, in either of its forms, for its identity alone", async () => {
    const identity = join(folder, "identity.txt");
    const other = join(folder, "other.txt");
    for (const file of [identity, other]) execFileSync("age-keygen", ["-o", file], { stdio: "ignore" });
    const plain = join(folder, "plain");
    writeFileSync(plain, `SECRET_KEY=${KEY}\nDATABASE_URL=postgres:///hub\n`);
    for (const form of [[], ["-a"]]) {
      const file = join(folder, `secrets${form.join("")}.age`);
      execFileSync("age", ["-e", ...form, "-i", identity, "-o", file, plain]);
      const env = { SECRETS_AGE_FILE: file, SECRETS_AGE_IDENTITY_FILE: identity };
      expect((await open(env)).get("SECRET_KEY")).toBe(KEY);
      await expect(open({ ...env, SECRETS_AGE_IDENTITY_FILE: other })).rejects.toThrow(/does not open/);
      await expect(open({ SECRETS_AGE_FILE: file })).rejects.toThrow(
        /SECRETS_AGE_IDENTITY_FILE: it is missing/,
      );
    }
    writeFileSync(plain, JSON.stringify({ SECRET_KEY: OTHER }));
    execFileSync("age", ["-e", "-i", identity, "-o", join(folder, "json.age"), plain]);
    const json = { SECRETS_AGE_FILE: join(folder, "json.age"), SECRETS_AGE_IDENTITY_FILE: identity };
    expect((await open(json)).get("SECRET_KEY")).toBe(OTHER);
    writeFileSync(join(folder, "json.age"), "not encrypted");
    await expect(open(json)).rejects.toThrow(/does not open/);
  });
});

describe("secrets in Vault (stand-in)", () => {
  let vault: VaultStandIn;
  const clock = manualClock();
  const events: SecretEvent[] = [];
  beforeAll(async () => {
    vault = await startVaultStandIn({ SECRET_KEY: KEY, DATABASE_URL: "postgres:///hub" });
    vault.now = () => clock.now();
  });
  afterEach(() => {
    Object.assign(vault, { sealed: false, silent: false, forbidding: false, leaseSeconds: 3600 });
    vault.values = { SECRET_KEY: KEY, DATABASE_URL: "postgres:///hub" };
    events.length = 0;
  });
  afterAll(() => vault?.close());

  const byRole = () => ({ role: { roleId: vault.roleId, secretId: vault.secretId } });
  const openVault = (by: { token?: string; role?: { roleId: string; secretId: string } } = byRole()) =>
    openSecrets({
      policy: policyOf({ cacheSeconds: 60, staleSeconds: 600 }),
      needs,
      sources: [vaultSource({ address: vault.address, path: "hub", timeoutSeconds: 1, clock, ...by })],
      clock,
      onEvent: (event) => events.push(event),
    });

  it("are read by AppRole and by token, and a token that ended is replaced or refused", async () => {
    expect((await openVault({ token: vault.newToken() })).get("SECRET_KEY")).toBe(KEY);
    await expect(openVault({ token: "hvs.nobodys" })).rejects.toThrow(
      /Vault .* refuses \(403\)[^]*VAULT_TOKEN/,
    );
    await expect(openVault({ role: { roleId: vault.roleId, secretId: "wrong" } })).rejects.toThrow(
      /VAULT_SECRET_ID/,
    );
    const secrets = await openVault();
    const before = vault.signIns();
    clock.advance(2 * 3600); // past the lease, without renewal
    vault.values = { ...vault.values, DATABASE_URL: "postgres:///other" };
    await secrets.refresh();
    expect([vault.signIns() - before, secrets.get("DATABASE_URL")]).toEqual([1, "postgres:///other"]);
    vault.revokeAll();
    await secrets.refresh();
    expect([vault.signIns() - before, secrets.isStale(), events.length]).toEqual([2, false, 1]);
  });

  it("keep their lease by renewal, in time and without a new sign-in", async () => {
    vault.leaseSeconds = 90;
    const secrets = await openVault();
    const before = vault.signIns();
    for (let turn = 0; turn < 5; turn++) {
      const wait = secrets.nextAt() - clock.now();
      expect(wait).toBeLessThanOrEqual(60_001);
      clock.advance(Math.ceil(wait / 1000));
      await secrets.refresh();
    }
    expect([vault.signIns() - before, secrets.isStale(), events]).toEqual([0, false, []]);
    expect(vault.requests).toContain("POST /v1/auth/token/renew-self");
  });

  it("that a static token opened serve on when it ends, for as long as the policy says", async () => {
    vault.leaseSeconds = 90;
    const secrets = await openVault({ token: vault.newToken() });
    clock.advance(120);
    await secrets.refresh();
    expect([secrets.get("SECRET_KEY"), secrets.isStale()]).toEqual([KEY, false]);
    expect(events).toMatchObject([{ event: "secret.source_away", because: expect.stringContaining("403") }]);
    clock.advance(600);
    expect(secrets.isStale()).toBe(true);
  });

  it.each([
    ["sealed", "sealed", /sealed, or in maintenance \(503\)/],
    ["silent", "silent", /no answer within 1 s/],
    ["forbidding", "forbidding", /refuses \(403\)/],
  ] as const)(
    "stop the start while it is %s, and serve on for as long as the policy says",
    async (_name, how, message) => {
      const secrets = await openVault();
      vault[how] = true;
      await expect(openVault()).rejects.toThrow(message);
      await secrets.refresh();
      await secrets.refresh();
      expect(events).toMatchObject([
        { event: "secret.source_away", because: expect.stringMatching(message) },
      ]);
      expect([secrets.get("SECRET_KEY"), secrets.isStale()]).toEqual([KEY, false]);
      clock.advance(599);
      expect(secrets.isStale()).toBe(false);
      clock.advance(1);
      expect(secrets.isStale()).toBe(true);
      vault[how] = false;
      await secrets.refresh();
      expect([secrets.isStale(), events.at(-1)?.event]).toEqual([false, "secret.source_back"]);
    },
  );

  it("that are rotated serve in two steps, and never without the key before", async () => {
    const secrets = await openVault();
    const key = secrets.live("SECRET_KEY");
    vault.values = { ...vault.values, SECRET_KEY: OTHER };
    await secrets.refresh();
    expect(events).toMatchObject([
      { event: "secret.change_refused", because: expect.stringContaining("SECRET_KEY_PREVIOUS") },
    ]);
    expect(key.latest()).toBe(KEY);
    vault.values = { ...vault.values, SECRET_KEY_PREVIOUS: KEY };
    await secrets.refresh();
    expect(events.at(-1)).toEqual({ event: "secret.changed", names: ["SECRET_KEY", "SECRET_KEY_PREVIOUS"] });
    expect([key.latest(), key.settled()]).toEqual([OTHER, KEY]);
    clock.advance(60);
    expect(key.settled()).toBe(OTHER);
    vault.values = { ...vault.values, SECRET_KEY: "changeme" };
    await secrets.refresh();
    expect([events.at(-1)?.event, key.latest()]).toEqual(["secret.change_refused", OTHER]);
  });

  it("go nowhere in clear, and to no place that an answer names", async () => {
    const to = (address: string) => () =>
      vaultSource({ address, path: "hub", token: "x", timeoutSeconds: 1, clock });
    expect(to("http://vault.example:8200")).toThrow(/https/);
    expect(to("https://hvs.x@vault.example")).toThrow(/no user/);
    expect(() =>
      vaultSource({ address: vault.address, path: "../sys", token: "x", timeoutSeconds: 1, clock }),
    ).toThrow(/VAULT_PATH/);
    let asked = 0;
    const redirecting = vaultSource({
      address: "https://vault.example",
      path: "hub",
      token: "hvs.x",
      timeoutSeconds: 1,
      clock,
      fetch: async (_url, init) => {
        asked += 1;
        expect(init?.redirect).toBe("manual");
        return new Response("", { status: 307, headers: { location: "https://elsewhere.example/" } });
      },
    });
    await expect(redirecting.read(["SECRET_KEY"])).rejects.toThrow(/answers 307/);
    expect(asked).toBe(1);
  });
});

describe("secrets in AWS Secrets Manager (stand-in)", () => {
  let aws: AwsStandIn;
  beforeAll(async () => {
    aws = await startAwsStandIn({ SECRET_KEY: KEY });
  });
  afterAll(() => aws?.close());
  const settings = () => ({
    AWS_SECRET_ID: "prod/hub",
    AWS_REGION: "eu-central-1",
    AWS_ACCESS_KEY_ID: aws.accessKeyId,
    AWS_SECRET_ACCESS_KEY: aws.secretAccessKey,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: aws.endpoint,
  });

  it("are asked for under a signature that holds, and refused without one", async () => {
    expect((await open(settings())).get("SECRET_KEY")).toBe(KEY);
    expect(aws.refusals).toEqual([]);
    await expect(open({ ...settings(), AWS_SECRET_ACCESS_KEY: "another" })).rejects.toThrow(
      /400 InvalidSignatureException/,
    );
    await expect(open({ ...settings(), AWS_SECRET_ID: "prod/none" })).rejects.toThrow(
      /SECRET_KEY is missing/,
    );
    const { AWS_SECRET_ACCESS_KEY: _left, ...without } = settings();
    await expect(open(without)).rejects.toThrow(/AWS_SECRET_ACCESS_KEY: it is missing/);
  });

  it.each([
    ["an error of its own", 500, { __type: "InternalServiceError" }, "AEGIS_SECRET_SOURCE_AWAY"],
    ["too many questions", 400, { __type: "ThrottlingException" }, "AEGIS_SECRET_SOURCE_AWAY"],
    ["a refusal", 400, { __type: "AccessDeniedException" }, "AEGIS_SECRET_SOURCE_REFUSED"],
    ["a secret that is no object", 200, { SecretString: "just a text" }, "AEGIS_SECRET_SOURCE_BROKEN"],
    ["a flood", 200, { SecretString: "x".repeat(1_100_000) }, "AEGIS_SECRET_SOURCE_AWAY"],
  ])("tell %s apart", async (_name, status, data, code) => {
    aws.misbehave = (response) => response.writeHead(status).end(JSON.stringify(data));
    await expect(open(settings())).rejects.toMatchObject({ code });
    aws.misbehave = undefined;
  });

  it.each([
    ["GET", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"],
    ["POST", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"],
  ])("are signed as AWS's own example of %s is", (method, signature) => {
    const { authorization } = signedHeaders({
      method,
      url: new URL("https://example.amazonaws.com/"),
      headers: {},
      body: "",
      region: "us-east-1",
      service: "service",
      credentials: {
        accessKeyId: "AKIDEXAMPLE",
        secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
      },
      at: new Date("2015-08-30T12:36:00Z"),
    });
    expect(authorization).toContain(`SignedHeaders=host;x-amz-date, Signature=${signature}`);
  });

  it("take the clock and the endpoint from outside", () => {
    expect(() =>
      awsSource({
        region: "eu-central-1",
        secretId: "x",
        credentials: { accessKeyId: "a", secretAccessKey: "b" },
        endpoint: "http://elsewhere.example",
        timeoutSeconds: 1,
        clock: manualClock(),
      }),
    ).toThrow(/https/);
  });
});

describe("a file that may not be read", () => {
  it("is a refusal and no missing secret", async () => {
    const file = join(folder, "closed");
    writeFileSync(file, KEY);
    chmodSync(file, 0);
    // root reads everything; there a folder in its place cannot be read as a file.
    const path = process.getuid?.() === 0 ? folder : file;
    await expect(open({ SECRET_KEY_FILE: path })).rejects.toThrow(
      /SECRET_KEY_FILE: .*cannot be read|may not be read/,
    );
  });
});
