/** npm's registry, asked for the advisories of what is installed. It learns the names and versions, and nothing else. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Installed } from "./lock.ts";

const ENDPOINT = "-/npm/v1/security/advisories/bulk";
const WITHIN_MS = 20_000;
const MAX_ANSWER_BYTES = 33_554_432;
const ask = promisify(execFile);

export class RegistryError extends Error {
  override readonly name = "RegistryError";
}

/** As npm is configured where the command runs, not in the folder that is scanned: that could name a registry of its own. */
export async function registryOf(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const named = env["npm_config_registry"] ?? env["NPM_CONFIG_REGISTRY"];
  if (named !== undefined && named !== "") return named;
  try {
    const { stdout } = await ask("npm", ["config", "get", "registry"], {
      timeout: WITHIN_MS,
      maxBuffer: 65_536,
    });
    return stdout.trim();
  } catch {
    throw new RegistryError("npm does not say which registry it uses");
  }
}

export async function askRegistry(registry: string, packages: readonly Installed[]): Promise<unknown> {
  const url = URL.parse(ENDPOINT, registry.endsWith("/") ? registry : `${registry}/`);
  if (url === null || !/^https?:$/.test(url.protocol)) throw new RegistryError("the registry has no address");
  const versions: Record<string, string[]> = Object.create(null);
  for (const { name, version } of packages) {
    const known = (versions[name] ??= []);
    if (!known.includes(version)) known.push(version);
  }
  let answer: Response;
  try {
    answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(versions),
      // A registry that sends us elsewhere is another one.
      redirect: "error",
      signal: AbortSignal.timeout(WITHIN_MS),
    });
  } catch (error) {
    const isSlow = error instanceof Error && error.name === "TimeoutError";
    throw new RegistryError(
      isSlow ? "the registry does not answer in time" : "the registry cannot be reached",
    );
  }
  if (!answer.ok) {
    await answer.body?.cancel();
    throw new RegistryError(`the registry answers ${answer.status}`);
  }
  return JSON.parse(await limited(answer));
}

async function limited(answer: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of answer.body ?? []) {
    size += piece.length;
    if (size > MAX_ANSWER_BYTES) throw new RegistryError("the registry's answer does not end");
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}
