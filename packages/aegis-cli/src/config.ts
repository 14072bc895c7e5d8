/** Finds and reads `aegis.config.ts` (or .js, .mjs, .json): the project's policy, target description and application. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import {
  definePolicy,
  type Environment,
  type Policy,
  type PolicyInput,
  type PresetName,
  presets,
} from "aegis";
import type { EnvSetting } from "aegis/secrets";
import { parsePreflightSettings, type PreflightSettings } from "aegis/preflight";
import { parseTarget, type TargetDescription } from "aegis/verify";
import { UsageError } from "./talk.ts";

export interface RouteRow {
  readonly method: string;
  readonly url: string;
  readonly access: string;
  readonly csrf: string;
  readonly tenant?: string;
}

export interface ProjectConfig {
  readonly file: string;
  readonly policy?: PolicyInput;
  readonly target?: TargetDescription;
  /** Where the application keeps its probe key on this machine. */
  readonly probeKeyFile?: string;
  /** Where the system runs, for `aegis render`. */
  readonly deploymentFile?: string;
  /** Ends every session of everybody, for `aegis maintenance on --end-sessions`; how many. */
  readonly endSessions?: () => Promise<number>;
  /** What `aegis check` looks at. */
  readonly preflight?: PreflightSettings;
  /** Builds the application without starting it, for `aegis routes`. */
  readonly routes?: () => Promise<readonly RouteRow[]>;
  /** What the application can be told by its environment, for `aegis render env`. */
  readonly settings?: readonly EnvSetting[];
}

const NAMES = ["aegis.config.ts", "aegis.config.mjs", "aegis.config.js", "aegis.config.json"];
const MAX_FILE_BYTES = 262_144;

/** The nearest configuration at or above the folder; undefined where there is none. */
export async function loadConfig(from: string): Promise<ProjectConfig | undefined> {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const file = NAMES.map((name) => join(folder, name)).find((path) => existsSync(path));
    if (file !== undefined) return readConfig(file);
    if (folder === dirname(folder) || existsSync(join(folder, ".git"))) return undefined;
  }
}

async function readConfig(file: string): Promise<ProjectConfig> {
  const data = await readData(file);
  const { policy, target, routes, probeKeyFile, settings, deployment, endSessions, preflight, ...unknown } =
    data;
  const [extra] = Object.keys(unknown);
  if (extra !== undefined)
    throw new UsageError(
      `${file}: there is no "${extra}" in a configuration.`,
      "Known: policy, target, routes, probeKeyFile, settings, deployment, endSessions, preflight.",
    );
  return {
    file,
    ...(isPolicyInput(policy) ? { policy } : {}),
    ...(target === undefined
      ? {}
      : {
          target:
            typeof target === "string" ? readTarget(resolve(dirname(file), target)) : parseTarget(target),
        }),
    ...(typeof probeKeyFile === "string" ? { probeKeyFile: resolve(dirname(file), probeKeyFile) } : {}),
    ...(typeof deployment === "string" ? { deploymentFile: resolve(dirname(file), deployment) } : {}),
    ...(preflight === undefined ? {} : { preflight: parsePreflightSettings(preflight) }),
    ...(isRoutes(routes) ? { routes } : {}),
    ...(isSettings(settings) ? { settings } : {}),
    ...(isEnding(endSessions) ? { endSessions } : {}),
  };
}

/** Only that it is an object; `definePolicy` then checks every key and value. */
const isPolicyInput = (value: unknown): value is PolicyInput =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Only what is read without being looked at: names and texts. */
const isSettings = (value: unknown): value is readonly EnvSetting[] =>
  Array.isArray(value) &&
  value.every(
    (one: unknown) =>
      typeof one === "object" &&
      one !== null &&
      "name" in one &&
      typeof one.name === "string" &&
      "about" in one &&
      typeof one.about === "string",
  );

const isRoutes = (value: unknown): value is () => Promise<readonly RouteRow[]> => typeof value === "function";

const isEnding = (value: unknown): value is () => Promise<number> => typeof value === "function";

/** The data of a file: JSON, or what a module has as its default. */
async function readData(file: string): Promise<Record<string, unknown>> {
  let data: unknown;
  if (extname(file) === ".json") data = readJson(file);
  else {
    const module: unknown = await import(pathToFileURL(resolve(file)).href);
    data = typeof module === "object" && module !== null && "default" in module ? module.default : undefined;
  }
  if (typeof data !== "object" || data === null || Array.isArray(data))
    throw new UsageError(
      `${file}: it must give one object.`,
      "Use `export default { ... }`, or one JSON object.",
    );
  return { ...data };
}

export function readJson(file: string, maxBytes = MAX_FILE_BYTES): unknown {
  if (!existsSync(file)) throw new UsageError(`There is no file ${file}.`);
  if (statSync(file).size > maxBytes) throw new UsageError(`${file} is larger than ${maxBytes} bytes.`);
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new UsageError(`${file} is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

export const readTarget = (file: string): TargetDescription => parseTarget(readJson(file));

export interface PolicyChoice {
  readonly preset?: string;
  readonly policy?: string;
  readonly environment?: string;
}

const ENVIRONMENTS: readonly Environment[] = ["development", "test", "production"];

export function environmentFrom(name: string): Environment {
  const known = ENVIRONMENTS.find((one) => one === name);
  if (known === undefined)
    throw new UsageError(`There is no environment "${name}".`, `Known: ${ENVIRONMENTS.join(", ")}.`);
  return known;
}

export function presetFrom(name: string): PresetName {
  const known = Object.keys(presets).find((one): one is PresetName => one === name);
  if (known === undefined)
    throw new UsageError(`There is no preset "${name}".`, `Known: ${Object.keys(presets).join(", ")}.`);
  return known;
}

/** The policy that the options name; otherwise the project's; otherwise preset "modern". */
export async function choosePolicy(
  choice: PolicyChoice,
  config: ProjectConfig | undefined,
  environment: Environment,
): Promise<Policy> {
  const given = choice.environment === undefined ? environment : environmentFrom(choice.environment);
  const fromFile = choice.policy === undefined ? undefined : await readData(choice.policy);
  const base: PolicyInput = fromFile ?? (choice.preset === undefined ? (config?.policy ?? {}) : {});
  return definePolicy({
    ...base,
    ...(choice.preset === undefined ? {} : { preset: presetFrom(choice.preset) }),
    environment: given,
  });
}

/** The project's policy with what a file says laid upon it, as a server does that has its own policy and AEGIS_POLICY. */
export async function layeredPolicy(
  config: ProjectConfig | undefined,
  file: string | undefined,
  environment: Environment,
): Promise<Policy> {
  const over = file === undefined ? {} : await readData(file);
  return definePolicy({ ...config?.policy, ...over, environment });
}
