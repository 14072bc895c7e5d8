/**
 * What a stored hash is, for whoever brings people over from another system: only what is verified here may be taken
 * in, with bounds, because a row of a foreign file must not be able to exhaust memory or time at every sign-in.
 */
import type { DeepReadonly } from "../lib/freeze.ts";
import type { Random } from "../lib/random.ts";
import type { PasswordPolicy } from "../password/policy.ts";
import { readForeign } from "./foreign.ts";

export const hashKinds = ["argon2id", "bcrypt", "scrypt", "pbkdf2"] as const;
export type HashKind = (typeof hashKinds)[number];

const ARGON2ID =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,3})\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}$/;
const MAX_ARGON2_KIB = 262_144;
const MAX_ARGON2_ITERATIONS = 32;
const MAX_ARGON2_PARALLELISM = 16;

/** Undefined for what no password would ever fit, or what costs more than a sign-in may. */
export function hashKindOf(stored: string): HashKind | undefined {
  const [, memory, iterations, parallelism] = ARGON2ID.exec(stored)?.map(Number) ?? [];
  if (memory === undefined || iterations === undefined || parallelism === undefined)
    return readForeign(stored)?.kind;
  const isBounded =
    memory >= 8 * parallelism &&
    memory <= MAX_ARGON2_KIB &&
    iterations >= 1 &&
    iterations <= MAX_ARGON2_ITERATIONS &&
    parallelism >= 1 &&
    parallelism <= MAX_ARGON2_PARALLELISM;
  return isBounded ? "argon2id" : undefined;
}

/**
 * A hash of nothing that anybody knows, for an account without a password: 256 random bits where a result would stand,
 * so that no password fits, and a sign-in is refused after the same work as every other.
 */
export function hashOfNothing(policy: DeepReadonly<PasswordPolicy["argon2"]>, random: Random): string {
  const { memoryKib, iterations, parallelism } = policy;
  const bits = (size: number): string =>
    Buffer.from(random.token(size), "base64url").toString("base64").replace(/=+$/, "");
  return `$argon2id$v=19$m=${memoryKib},t=${iterations},p=${parallelism}$${bits(16)}$${bits(32)}`;
}
