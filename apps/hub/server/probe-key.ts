/** The key of the operator's own verifier: from PROBE_KEY; in development one is made and kept beside the database. */
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Environment } from "aegis";

export function loadProbeKey(
  given: string | undefined,
  environment: Environment,
  directory: string,
): string | undefined {
  if (given !== undefined && given !== "") return given;
  if (environment !== "development") return undefined;
  const file = join(directory, "probe-key");
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  try {
    // "wx" fails where it exists already, so that two starts agree on one key; readable for its owner alone.
    writeFileSync(file, randomBytes(32).toString("base64url"), { mode: 0o600, flag: "wx" });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
  return readFileSync(file, "utf8").trim();
}
