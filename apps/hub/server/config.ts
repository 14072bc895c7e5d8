/** What the process was told: arguments and environment, with the secrets of all sources (secrets.ts) in it. */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import {
  environmentOf,
  type Environment,
  type Policy,
  type PolicyOverrides,
  presets,
  type PresetName,
} from "aegis";
import { ConfigError } from "./config-error.ts";
import { addressFrom } from "./metrics-settings.ts";
import { hubPolicy } from "./policy.ts";
import type { SecurityPlaces } from "./features/security/upkeep.ts";

export interface HubConfig {
  readonly environment: Environment;
  readonly host: string;
  readonly port: number;
  readonly policy: Policy;
  readonly publicOrigin: string | undefined;
  /** PostgreSQL; undefined: the embedded database in `directory`. */
  readonly databaseUrl: string | undefined;
  /** The same database as who owns its tables: migrates, and is let go. Undefined: the one above, which production refuses. */
  readonly databaseOwnerUrl: string | undefined;
  /** Where development keeps its database and key. */
  readonly directory: string;
  /** Where uploaded files lie; all processes share it, and nothing serves it. */
  readonly uploadsDirectory: string;
  /** There while the hub is closed for maintenance (`aegis maintenance on --file`). */
  readonly maintenanceFile: string;
  /** How long a process that is told to stop goes on answering, so that a balancer can look elsewhere. */
  readonly drainSeconds: number;
  readonly workers: number;
  readonly securityContact: string | undefined;
  /** Where mail goes out; undefined in development: into the outbox in `directory`. */
  readonly smtpUrl: string | undefined;
  readonly mailFrom: string;
  /** A file made by `aegis breach build`; looked up where the policy's breach.source is "corpus". */
  readonly breachCorpus: string | undefined;
  /** Where the security pages find what is kept beside the application. */
  readonly places: SecurityPlaces;
  /** Redis, for what all processes count together; undefined: each process counts for itself. */
  readonly redisUrl: string | undefined;
  /** Lifts limits of volume for the operator's own verifier; development makes one. */
  readonly probeKey: string | undefined;
  /** Where the certificate that people are shown can be looked at; undefined: it is not measured. */
  readonly certificateAddress: { readonly host: string; readonly port: number } | undefined;
  /** Where backups are, of which only the names are read; undefined: their age is not measured. */
  readonly backupDirectory: string | undefined;
}

type Env = Readonly<Record<string, string | undefined>>;

export function readConfig(args: readonly string[], env: Env, defaultEnvironment: Environment): HubConfig {
  const options = readArguments(args);
  const environment = env["NODE_ENV"] === undefined ? defaultEnvironment : environmentOf(env["NODE_ENV"]);
  const publicOrigin = originFrom(env["PUBLIC_ORIGIN"]);
  const policyFile = options.policy ?? env["AEGIS_POLICY"];
  const preset = presetFrom(options.preset);
  const policy = hubPolicy({
    environment,
    ...(preset === undefined ? {} : { preset }),
    ...(policyFile === undefined ? {} : { overrides: readOverrides(policyFile) }),
    ...(env["TRUSTED_PROXIES"] === undefined ? {} : { trustedProxies: listFrom(env["TRUSTED_PROXIES"]) }),
    ...(publicOrigin === undefined ? {} : { publicOrigin }),
  });
  return {
    environment,
    policy,
    publicOrigin,
    // Reachable from this machine alone unless somebody says otherwise: a proxy in front ends TLS.
    host: options.host ?? env["HOST"] ?? "127.0.0.1",
    port: numberFrom("port", options.port ?? env["PORT"] ?? "3000", 0, 65_535),
    databaseUrl: env["DATABASE_URL"] === "" ? undefined : env["DATABASE_URL"],
    databaseOwnerUrl: env["DATABASE_OWNER_URL"] === "" ? undefined : env["DATABASE_OWNER_URL"],
    directory: env["AEGIS_DIRECTORY"] ?? ".aegis",
    uploadsDirectory: env["UPLOADS_DIRECTORY"] ?? `${env["AEGIS_DIRECTORY"] ?? ".aegis"}/uploads`,
    maintenanceFile: env["MAINTENANCE_FILE"] || `${env["AEGIS_DIRECTORY"] ?? ".aegis"}/maintenance.json`,
    drainSeconds: numberFrom("DRAIN_SECONDS", env["DRAIN_SECONDS"] ?? "0", 0, 300),
    workers: numberFrom("WORKERS", env["WORKERS"] ?? "2", 1, 128),
    securityContact: env["SECURITY_CONTACT"],
    smtpUrl: env["SMTP_URL"] === "" ? undefined : env["SMTP_URL"],
    mailFrom: env["MAIL_FROM"] ?? senderOf(publicOrigin),
    breachCorpus: env["BREACH_CORPUS"],
    places: {
      proofsDirectory: env["PROOFS_DIRECTORY"] || `${env["AEGIS_DIRECTORY"] ?? ".aegis"}/proofs`,
      certificateFile: env["CERTIFICATE_FILE"] || undefined,
      backupDirectory: env["BACKUP_DIRECTORY"] || undefined,
      backupPublicKeyFile: env["BACKUP_PUBLIC_KEY_FILE"] || undefined,
      releasesDirectory: env["RELEASES_DIRECTORY"] || undefined,
      checklistFile: env["CHECKLIST_FILE"] || undefined,
      checklistPublicKeyFile: env["CHECKLIST_PUBLIC_KEY_FILE"] || undefined,
    },
    redisUrl: redisUrlFrom(env["REDIS_URL"]),
    probeKey: env["PROBE_KEY"] === "" ? undefined : env["PROBE_KEY"],
    certificateAddress: addressFrom(env["CERTIFICATE_ADDRESS"]),
    backupDirectory: env["BACKUP_DIRECTORY"] === "" ? undefined : env["BACKUP_DIRECTORY"],
  };
}

function readArguments(args: readonly string[]) {
  const text = { type: "string" } as const;
  try {
    return parseArgs({ args: [...args], options: { port: text, host: text, preset: text, policy: text } })
      .values;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`${reason}\nKnown: --port N, --host ADDRESS, --preset NAME, --policy FILE.`);
  }
}

function presetFrom(name: string | undefined): PresetName | undefined {
  if (name === undefined) return undefined;
  const known = Object.keys(presets);
  if (!isPreset(name)) throw new ConfigError(`There is no preset "${name}". Known: ${known.join(", ")}.`);
  return name;
}

const isPreset = (name: string): name is PresetName => Object.hasOwn(presets, name);

function readOverrides(file: string): PolicyOverrides {
  let data: unknown;
  try {
    data = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new ConfigError(
      `The policy file ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (!isOverrides(data)) throw new ConfigError(`The policy file ${file} must hold one JSON object.`);
  return data;
}

/** Only that it is an object; `definePolicy` then checks every key and value and names what is wrong. */
const isOverrides = (data: unknown): data is PolicyOverrides =>
  typeof data === "object" && data !== null && !Array.isArray(data);

function originFrom(text: string | undefined): string | undefined {
  if (text === undefined || text === "") return undefined;
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol) || new URL(text).pathname !== "/")
    throw new ConfigError(
      `PUBLIC_ORIGIN is "${text}"; it must be scheme and host only, e.g. https://hub.example.`,
    );
  return new URL(text).origin;
}

/** The text may hold a password: it is not repeated. */
function redisUrlFrom(text: string | undefined): string | undefined {
  if (text === undefined || text === "") return undefined;
  if (!URL.canParse(text) || !/^rediss?:$/.test(new URL(text).protocol))
    throw new ConfigError(
      "REDIS_URL must be an address like redis://user:password@host:6379 (rediss: over TLS).",
    );
  return text;
}

function numberFrom(name: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < least || number > most)
    throw new ConfigError(`${name} is "${text}"; it must be a whole number from ${least} to ${most}.`);
  return number;
}

/** A host without a dot has no mail; there the sender is a name that nobody can answer. */
function senderOf(publicOrigin: string | undefined): string {
  const host = publicOrigin === undefined ? "" : new URL(publicOrigin).hostname;
  return `hub@${/[a-z]/.test(host) && host.includes(".") ? host : "hub.localhost"}`;
}

const listFrom = (text: string): string[] =>
  text
    .split(",")
    .map((entry) => entry.trim())
    .filter(Boolean);
