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

const MAX_SCRYPT_BYTES = 128 * 1024 * 1024;
const MAX_PBKDF2_ITERATIONS = 2_000_000;
const MAX_BCRYPT_COST = 16; // four seconds; what a system of today could have chosen
const MAX_LENGTH = 512;

const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;

/** True when `stored` is a hash that this file knows, and of this password. */
export async function verifyForeign(password: string, stored: string): Promise<boolean> {
  if (stored.length > MAX_LENGTH) return false;
  const cost = BCRYPT.exec(stored)?.[1];
  if (cost !== undefined)
    return Number(cost) <= MAX_BCRYPT_COST && bcryptVerify(password, stored).catch(() => false);
  const [method = "", salt, hex] = stored.split("$");
  if (salt === undefined || hex === undefined || !/^([0-9a-f]{2}){16,64}$/.test(hex)) return false;
  try {
    const key = await deriveAs(method.split(":"), password, salt, hex.length / 2);
    return key !== undefined && equalInConstantTime(key.toString("hex"), hex);
  } catch {
    return false; // parameters that the library refuses
  }
}

async function deriveAs(method: readonly string[], password: string, salt: string, length: number) {
  const [name, ...parameters] = method;
  if (name === "scrypt") {
    const [N = 32_768, r = 8, p = 1] = parameters.map(Number);
    return 128 * N * r <= MAX_SCRYPT_BYTES && p <= 16
      ? deriveScrypt(password, salt, length, N, r, p)
      : undefined;
  }
  if (name === "pbkdf2" && (parameters[0] === "sha256" || parameters[0] === "sha512")) {
    const iterations = Number(parameters[1]);
    return iterations >= 1000 && iterations <= MAX_PBKDF2_ITERATIONS
      ? derive(password, salt, iterations, length, parameters[0])
      : undefined;
  }
  return undefined;
}
