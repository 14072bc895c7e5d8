/** What a preflight looks at: options, configuration, the environment of the server, its policy. Read once. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseEnv } from "node:util";
import { environmentOf, fingerprint, type Policy, PolicyError } from "aegis";
import { type Deployment, preflightDefaults, type PreflightSettings } from "aegis/preflight";
import { type EnvSetting, openSecrets, SecretError, type Secrets, secretSources } from "aegis/secrets";
import { layeredPolicy, loadConfig, type ProjectConfig } from "../config.ts";
import { UsageError } from "../talk.ts";
import { type ReleaseStep, releaseStepOf, settingsOfPlace } from "./place.ts";

export interface PreflightFlags {
  readonly env?: string;
  readonly policy?: string;
  readonly live?: string;
  readonly account?: string;
  readonly probeKeyFile?: string;
  readonly ca?: string;
  readonly clock?: string;
  readonly diskBytes?: string;
  readonly release?: string;
}

export interface Scene {
  readonly flags: PreflightFlags;
  readonly config: ProjectConfig | undefined;
  readonly settings: PreflightSettings;
  /** The folder that names in the configuration are relative to. */
  readonly folder: string;
  /** The environment of the server, with the secrets that come from elsewhere; empty texts are none. */
  readonly env: ReadonlyMap<string, string>;
  /** Without those. */
  readonly plain: ReadonlyMap<string, string>;
  /** Where the policy says that secrets come from; or why nothing can be read there. */
  readonly secrets: Pick<Secrets, "get" | "whereOf"> | { readonly problem: string };
  readonly policy: { readonly policy: Policy; readonly fingerprint: string } | { readonly problem: string };
  readonly variables: readonly EnvSetting[];
  readonly deployment: Deployment;
  /** Where this is a step of a release. */
  readonly release: ReleaseStep | undefined;
  /** A path of the configuration. */
  at(path: string): string;
}

/** As the server finds them: in the policy's sources, in its order. */
async function secretsOf(
  policy: Scene["policy"],
  variables: readonly EnvSetting[],
  plain: ReadonlyMap<string, string>,
): Promise<Scene["secrets"]> {
  if ("problem" in policy) return { problem: "the policy, which names the sources of secrets, is not valid" };
  try {
    return await openSecrets({
      policy: policy.policy,
      needs: variables.flatMap(({ name, secret }) => (secret === undefined ? [] : [{ name, ...secret }])),
      sources: secretSources({
        env: Object.fromEntries(plain),
        timeoutSeconds: policy.policy.secret.timeoutSeconds,
      }),
      onProblem: () => undefined, // each is judged by itself
    });
  } catch (error) {
    if (error instanceof SecretError) return { problem: error.message };
    throw error;
  }
}

const MAX_ENV_BYTES = 262_144;

export async function preflightScene(flags: PreflightFlags): Promise<Scene> {
  if (flags.diskBytes !== undefined && !/^\d{1,15}$/.test(flags.diskBytes))
    throw new UsageError("--disk-bytes takes a whole number.");
  const config = await loadConfig(process.cwd());
  const folder = config === undefined ? process.cwd() : dirname(config.file);
  const plain = environmentFrom(flags.env);
  const policyFile = flags.policy ?? plain.get("AEGIS_POLICY");
  const policy = await policyOf(config, policyFile, plain.get("NODE_ENV"));
  const release = await releaseStepOf(flags.release);
  // The description is of where it runs for people: on a desk it says nothing.
  const isProduction = !("problem" in policy) && policy.policy.environment === "production";
  const settings: PreflightSettings = {
    ...(isProduction ? settingsOfPlace(config) : {}),
    ...(release === undefined ? {} : { releases: release.directory }),
    ...config?.preflight,
  };
  const variables = config?.settings ?? [];
  const secrets = await secretsOf(policy, variables, plain);
  const env = new Map(plain);
  if (!("problem" in secrets))
    for (const { name } of variables) {
      const value = secrets.get(name);
      if (value !== undefined) env.set(name, value);
    }
  return {
    flags,
    config,
    settings,
    folder,
    env,
    plain,
    release,
    secrets,
    policy,
    variables,
    deployment: {
      envFile: flags.env,
      policyFile,
      restart: settings.commands?.restart ?? preflightDefaults.restart,
      startDatabase: settings.commands?.startDatabase ?? preflightDefaults.startDatabase,
      startRedis: settings.commands?.startRedis ?? preflightDefaults.startRedis,
    },
    at: (path) => resolve(folder, path),
  };
}

function environmentFrom(file: string | undefined): ReadonlyMap<string, string> {
  let entries: Readonly<Record<string, string | undefined>> = process.env;
  if (file !== undefined) {
    if (!existsSync(file))
      throw new UsageError(`There is no file ${file}.`, "Name the environment of the server.");
    if (statSync(file).size > MAX_ENV_BYTES) throw new UsageError(`${file} is no environment file.`);
    try {
      entries = parseEnv(readFileSync(file, "utf8"));
    } catch (error) {
      // Its words are about the file, never of what is in it.
      const code = error instanceof Error && "code" in error ? String(error.code) : "";
      throw new UsageError(
        `${file} cannot be read${code === "" ? "" : ` (${code})`}.`,
        "Run this as who may read it.",
      );
    }
  }
  return new Map(
    Object.entries(entries).flatMap(([name, value]) =>
      value === undefined || value === "" ? [] : [[name, value] as const],
    ),
  );
}

async function policyOf(
  config: ProjectConfig | undefined,
  file: string | undefined,
  nodeEnv: string | undefined,
): Promise<Scene["policy"]> {
  try {
    const environment = nodeEnv === undefined ? "production" : environmentOf(nodeEnv);
    const policy = await layeredPolicy(config, file, environment);
    return { policy, fingerprint: fingerprint(policy) };
  } catch (error) {
    if (error instanceof PolicyError || error instanceof UsageError) return { problem: error.message };
    throw error;
  }
}
