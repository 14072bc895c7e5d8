/**
 * Threat: a key that an attacker can guess forges every token. Rule: development makes its own and keeps it; anything
 * else must be given one, and a missing, short, repeated or example value stops the start (SEC-2; ASVS 5.0 13.3.1).
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "../lib/random.ts";
import { systemRandom } from "../lib/random.ts";
import type { Environment } from "../lib/schema.ts";
import { SecretError } from "./errors.ts";
import { secretBytes, weaknessOf } from "./strength.ts";

export interface SecretSource {
  readonly environment: Environment;
  /** Where SECRET_KEY is looked up; default process.env. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where development keeps the key it made; default ".aegis" in the working directory. */
  readonly directory?: string;
  readonly random?: Random;
}

/**
 * The secret key, as bytes.
 * @throws SecretError AEGIS_SECRET_MISSING | AEGIS_SECRET_WEAK
 */
export function loadSecretKey(source: SecretSource): Uint8Array {
  const { environment, env = process.env, directory = ".aegis", random = systemRandom } = source;
  const given = env["SECRET_KEY"];
  if (given !== undefined && given !== "") {
    const weakness = weaknessOf(given);
    if (weakness !== undefined)
      throw new SecretError(
        "AEGIS_SECRET_WEAK",
        `SECRET_KEY (from the environment) cannot be used: ${weakness}.`,
      );
    return secretBytes(given);
  }
  if (environment === "production")
    throw new SecretError(
      "AEGIS_SECRET_MISSING",
      "SECRET_KEY is missing: production needs one, and it was not found in the environment.",
    );
  return secretBytes(keptKey(directory, random));
}

/** Secrets that have a history: the first is used, the others are kept until nothing needs them. */
export interface SecretRing {
  /** Earlier values of SECRET_KEY, from SECRET_KEY_PREVIOUS. */
  readonly previousSecretKeys: readonly Uint8Array[];
  /** From PASSWORD_PEPPER, newest first; none where it is not set. */
  readonly passwordPeppers: readonly Uint8Array[];
}

/**
 * SECRET_KEY_PREVIOUS and PASSWORD_PEPPER: lists, separated by commas.
 * @throws SecretError AEGIS_SECRET_WEAK
 */
export function loadSecretRing(env: Readonly<Record<string, string | undefined>> = process.env): SecretRing {
  const list = (name: string): Uint8Array[] =>
    (env[name] ?? "")
      .split(",")
      .map((one) => one.trim())
      .filter((one) => one !== "")
      .map((one) => {
        const weakness = weaknessOf(one);
        if (weakness !== undefined)
          throw new SecretError(
            "AEGIS_SECRET_WEAK",
            `${name} (from the environment) cannot be used: ${weakness}.`,
          );
        return secretBytes(one);
      });
  return { previousSecretKeys: list("SECRET_KEY_PREVIOUS"), passwordPeppers: list("PASSWORD_PEPPER") };
}

/**
 * SECRET_KEY and SECRET_KEY_PREVIOUS of an environment, newest first; none where SECRET_KEY is not set. For commands that
 * open what a server sealed: they make no key of their own.
 * @throws SecretError AEGIS_SECRET_WEAK
 */
export function secretKeysOf(env: Readonly<Record<string, string | undefined>>): readonly Uint8Array[] {
  const given = env["SECRET_KEY"];
  if (given === undefined || given === "") return [];
  return [loadSecretKey({ environment: "production", env }), ...loadSecretRing(env).previousSecretKeys];
}

function keptKey(directory: string, random: Random): string {
  const file = join(directory, "secret-key");
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  try {
    // Made by whoever comes first; "wx" fails where it exists already, so that two starts agree on one key.
    writeFileSync(file, random.token(32), { mode: 0o600, flag: "wx" });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
  const key = readFileSync(file, "utf8").trim();
  const weakness = weaknessOf(key);
  if (weakness !== undefined)
    throw new SecretError(
      "AEGIS_SECRET_WEAK",
      `The key in ${file} cannot be used: ${weakness}. Delete the file to have a new one made.`,
    );
  return key;
}
