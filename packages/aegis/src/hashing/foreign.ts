/**
 * Hashes that other systems made: bcrypt, and Werkzeug's scrypt and PBKDF2. Verified as they are; the next sign-in replaces
 * them. Parameters are bounded: a planted row must not be able to exhaust memory or time.
 */
import { pbkdf2, scrypt } from "node:crypto";
import { promisify } from "node:util";
import { verify as bcryptVerify } from "@node-rs/bcrypt";
import { equalInConstantTime } from "../lib/bytes.ts";

const derive = promisify(pbkdf2);
const deriveScrypt = (
  password: string,
  salt: string,
  length: number,
  N: number,
  r: number,
  p: number,
): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    scrypt(password, salt, length, { N, r, p, maxmem: MAX_SCRYPT_BYTES }, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });

/** OWASP's first choice (N=2^17, r=8) has a table of 128 MiB; a little more is for the blocks beside it. */
const MAX_SCRYPT_BYTES = 129 * 1024 * 1024;
const MAX_SCRYPT_P = 16;
const MIN_PBKDF2_ITERATIONS = 1000;
const MAX_PBKDF2_ITERATIONS = 2_000_000;
const MIN_BCRYPT_COST = 4;
const MAX_BCRYPT_COST = 16; // four seconds; what a system of today could have chosen
const MAX_LENGTH = 512;

const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
const WERKZEUG = /^([a-z0-9:]{1,64})\$([^$]{1,256})\$((?:[0-9a-f]{2}){16,64})$/;

/** A hash of another system, with what it was made with. */
export type ForeignHash =
  | { readonly kind: "bcrypt" }
  | {
      readonly kind: "scrypt";
      readonly salt: string;
      readonly hex: string;
      readonly N: number;
      readonly r: number;
      readonly p: number;
    }
  | {
      readonly kind: "pbkdf2";
      readonly salt: string;
      readonly hex: string;
      readonly digest: "sha256" | "sha512";
      readonly iterations: number;
    };

/** Undefined for a text that `verifyForeign` takes for nobody's hash, whatever the password. */
export function readForeign(stored: string): ForeignHash | undefined {
  if (stored.length > MAX_LENGTH) return undefined;
  const cost = BCRYPT.exec(stored)?.[1];
  if (cost !== undefined)
    return Number(cost) >= MIN_BCRYPT_COST && Number(cost) <= MAX_BCRYPT_COST
      ? { kind: "bcrypt" }
      : undefined;
  const [, method = "", salt = "", hex = ""] = WERKZEUG.exec(stored) ?? [];
  const [name, ...parameters] = method.split(":");
  if (name === "scrypt") return scryptOf(parameters, salt, hex);
  if (name === "pbkdf2") return pbkdf2Of(parameters, salt, hex);
  return undefined;
}

function scryptOf(parameters: readonly string[], salt: string, hex: string): ForeignHash | undefined {
  const [N = 32_768, r = 8, p = 1] = parameters.map(Number);
  const isPower = Number.isSafeInteger(N) && N > 1 && Number.isInteger(Math.log2(N));
  // As OpenSSL counts: what is taken here and refused there would be an account that nobody can sign in to.
  const isBounded = r >= 1 && p >= 1 && 128 * r * (N + 2 + p) <= MAX_SCRYPT_BYTES && p <= MAX_SCRYPT_P;
  return isPower && isBounded && parameters.length <= 3 ? { kind: "scrypt", salt, hex, N, r, p } : undefined;
}

function pbkdf2Of(parameters: readonly string[], salt: string, hex: string): ForeignHash | undefined {
  const [digest, count] = parameters;
  if (digest !== "sha256" && digest !== "sha512") return undefined;
  const iterations = Number(count);
  return iterations >= MIN_PBKDF2_ITERATIONS && iterations <= MAX_PBKDF2_ITERATIONS
    ? { kind: "pbkdf2", salt, hex, digest, iterations }
    : undefined;
}

/** True when `stored` is a hash that this file knows, and of this password. */
export async function verifyForeign(password: string, stored: string): Promise<boolean> {
  const found = readForeign(stored);
  if (found === undefined) return false;
  if (found.kind === "bcrypt") return bcryptVerify(password, stored).catch(() => false);
  const { salt, hex } = found;
  const length = hex.length / 2;
  try {
    const key =
      found.kind === "scrypt"
        ? await deriveScrypt(password, salt, length, found.N, found.r, found.p)
        : await derive(password, salt, found.iterations, length, found.digest);
    return equalInConstantTime(key.toString("hex"), hex);
  } catch {
    return false; // parameters that the library refuses
  }
}
