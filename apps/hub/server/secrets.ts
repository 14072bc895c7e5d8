/** The hub's secrets, from whichever source has them, and the configuration that they complete. */
import { existsSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import {
  type DataKeys,
  derivedDataKeys,
  type Environment,
  type KeyRing,
  type LiveKeyRing,
  liveDataKeys,
  openDataKeys,
  parseDataKeyRing,
  parseKeyRing,
} from "aegis";
import {
  keysOf,
  made,
  openSecrets,
  redactor,
  secretBytes,
  type SecretError,
  type SecretEvent,
  type SecretKeys,
  type Secrets,
  secretSources,
} from "aegis/secrets";
import { type HubConfig, readConfig } from "./config.ts";
import { hubSettings } from "./settings.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Every value that this process knows to be secret, for all that it ever writes. */
export const known = redactor();

export interface HubSecretsOptions {
  /** What the process must not have: who serves requests needs to know nothing of who owns the tables. */
  readonly without?: readonly string[];
  /** Told of each secret that is missing or weak, instead of an error for the first. */
  readonly onProblem?: (error: SecretError) => void;
}

export interface HubSetUp {
  readonly config: HubConfig;
  readonly secrets: Secrets;
  /** From now on told of what happens to the secrets; until then it is kept. */
  readonly listen: (listener: (event: SecretEvent) => void) => void;
}

/** @throws ConfigError | PolicyError | SecretError */
export async function setUp(
  args: readonly string[],
  env: Env,
  defaultEnvironment: Environment,
  { without = [], onProblem }: HubSecretsOptions = {},
): Promise<HubSetUp> {
  const needs = hubSettings.flatMap(({ name, secret }) =>
    secret === undefined || without.includes(name) ? [] : [{ name, ...secret }],
  );
  const plain = (from: Env): Env =>
    Object.fromEntries(
      Object.entries(from).filter(([name]) => !hubSettings.some((one) => one.name === name && one.secret)),
    );
  const first = readConfig(args, plain(env), defaultEnvironment);
  const mayUseFile =
    first.environment !== "production" || first.policy.secret.productionSources.includes("dotenv");
  const told: Env = mayUseFile ? { ...plain(dotenv(env["DOTENV_FILE"] ?? ".env")), ...env } : env;
  const basis = readConfig(args, plain(told), first.environment);
  const policy = basis.policy.secret;

  let listener: ((event: SecretEvent) => void) | undefined;
  const waiting: SecretEvent[] = [];
  const secrets = await openSecrets({
    policy: basis.policy,
    needs,
    sources: secretSources({ env: told, timeoutSeconds: policy.timeoutSeconds }),
    redactor: known,
    onEvent: (event) => (listener === undefined ? waiting.push(event) : listener(event)),
    ...(onProblem === undefined ? {} : { onProblem }),
  });
  const values = Object.fromEntries(needs.map(({ name }) => [name, secrets.get(name)]));
  return {
    config: readConfig(args, { ...plain(told), ...values }, basis.environment),
    secrets,
    listen(to) {
      listener = to;
      for (const event of waiting.splice(0)) to(event);
    },
  };
}

function dotenv(file: string): Env {
  if (!existsSync(file)) return {};
  const { NODE_ENV: _said, ...settings } = parseEnv(readFileSync(file, "utf8")); // a file beside the code does not say where it runs
  return settings;
}

/** What the running process takes over by itself; the rest are addresses of what it is connected to. */
const TAKEN_OVER = new Set(["SECRET_KEY", "SECRET_KEY_PREVIOUS", "TOKEN_KEYS", "DATA_KEYS"]);

export const needsRestart = (names: readonly string[]): readonly string[] =>
  names.filter((name) => !TAKEN_OVER.has(name));

export const peppersOf = (secrets: Secrets): readonly Uint8Array[] =>
  keysOf(secrets.get("PASSWORD_PEPPER") ?? "").map(secretBytes);

/** What access tokens are signed with, as it changes. */
export function tokenKeysOf(secrets: Secrets): LiveKeyRing | undefined {
  if (secrets.get("TOKEN_KEYS") === undefined) return undefined;
  const { latest, settled } = secrets.live("TOKEN_KEYS");
  return { latest: whole(made(latest, ring)), settled: whole(made(settled, ring)) };
}

/** What the end of the audit log is signed with. */
export function auditKeysOf(secrets: Secrets): KeyRing | undefined {
  const text = secrets.get("AUDIT_KEYS");
  return text === undefined ? undefined : ring(text);
}

/** What columns are sealed under: a ring of the operator's, or keys derived of the secret. What was sealed before there was a ring still opens. */
export function dataKeysOf(secrets: Secrets, keys: SecretKeys): DataKeys {
  const { latest, settled } = secrets.live("DATA_KEYS");
  let last: { readonly from: readonly unknown[]; readonly keys: DataKeys } | undefined;
  const open = (text: string | undefined, before: DataKeys): DataKeys =>
    text === undefined ? before : openDataKeys(parseDataKeyRing(JSON.parse(text)), before);
  return liveDataKeys(() => {
    const from = [keys.all(), latest(), settled()];
    if (last === undefined || from.some((one, place) => one !== last?.from[place]))
      // The newest opens; what every process has had for long enough seals.
      last = { from, keys: open(settled(), open(latest(), derivedDataKeys(keys.all()))) };
    return last.keys;
  });
}

const ring = (text: string): KeyRing => parseKeyRing(JSON.parse(text));

/** Rings that were there at the start do not go: the manager refuses a change that loses them. */
const whole =
  (now: () => KeyRing | undefined): (() => KeyRing) =>
  () => {
    const found = now();
    if (found === undefined) throw new Error("TOKEN_KEYS is gone");
    return found;
  };
