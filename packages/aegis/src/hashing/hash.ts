/**
 * Argon2id by policy, with a pepper where there is one; hashes that came from elsewhere are verified once and replaced
 * (PWD-5). Verification never throws on a strange stored hash: it is simply not the right password.
 */
import { hash as argon2Hash, verify as argon2Verify } from "@node-rs/argon2";
import { sha256 } from "../lib/bytes.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import type { Random } from "../lib/random.ts";
import { verifyForeign } from "./foreign.ts";
import { normalizePassword } from "../password/normalize.ts";
import type { PasswordPolicy } from "../password/policy.ts";
import { hashingQueue } from "./queue.ts";

export interface PasswordHasher {
  /** A PHC string, behind the name of its pepper where there is one. @throws AEGIS_PASSWORD_BUSY */
  hash(password: string): Promise<string>;
  /** `needsRehash`: right, but made with less than the policy asks for. @throws AEGIS_PASSWORD_BUSY */
  verify(password: string, stored: string): Promise<{ readonly ok: boolean; readonly needsRehash: boolean }>;
  /** As much work as a verification, for a user that does not exist. @throws AEGIS_PASSWORD_BUSY */
  verifyNothing(password: string): Promise<void>;
}

export interface PepperRing {
  /** Newest first: it goes into new hashes, the others still verify. None: no pepper. */
  readonly secrets: readonly Uint8Array[];
  /** A stored hash names a pepper that is not here: its owner cannot sign in until it is given. */
  readonly onMissing: (name: string) => void;
}

const ARGON2 = /^\$argon2id\$v=(\d+)\$m=(\d+),t=(\d+),p=(\d+)\$/;
/** The most that a policy may ask for, and an import take: beyond it a row was planted, to exhaust memory or time. */
const MAX_STORED_KIB = 1_048_576;
const MAX_STORED_ITERATIONS = 32;
const PEPPERED = /^pepper:([A-Za-z0-9_-]{8}):(.*)$/s;
const noPepper: PepperRing = { secrets: [], onMissing: () => undefined };

export function passwordHasher(
  policy: DeepReadonly<PasswordPolicy>,
  random: Random,
  peppers: PepperRing = noPepper,
): PasswordHasher {
  const { memoryKib, iterations, parallelism } = policy.argon2;
  const ring = peppers.secrets.map((secret) => ({ name: sha256(secret).slice(0, 8), secret }));
  const [active] = ring;
  // The library's default algorithm is Argon2id; a test holds it to that. A pepper is Argon2's own secret value (RFC 9106 3.1).
  const options = { memoryCost: memoryKib, timeCost: iterations, parallelism };
  const inTurn = hashingQueue(policy.hashing);
  const make = async (password: string): Promise<string> => {
    if (active === undefined) return argon2Hash(password, options);
    return `pepper:${active.name}:${await argon2Hash(password, { ...options, secret: active.secret })}`;
  };
  // Made at start, so that the first unknown user costs no more than the next; what it is the hash of, nobody knows.
  const decoy = make(random.token(32));
  decoy.catch(() => undefined); // whoever awaits it is told

  const isWeaker = (stored: string): boolean => {
    const [, version, memory, time] = ARGON2.exec(stored) ?? [];
    return Number(version) < 19 || Number(memory) < memoryKib || Number(time) < iterations;
  };
  const check = async (password: string, stored: string) => {
    const [, name, inner = stored] = PEPPERED.exec(stored) ?? [];
    const pepper = ring.find((one) => one.name === name);
    if (name !== undefined && pepper === undefined) {
      peppers.onMissing(name);
      return { ok: false, needsRehash: false };
    }
    const [, , memory, time] = ARGON2.exec(inner)?.map(Number) ?? [];
    if (memory === undefined || time === undefined) {
      const ok = name === undefined && (await verifyForeign(password, inner));
      return { ok, needsRehash: ok };
    }
    if (memory > MAX_STORED_KIB || time > MAX_STORED_ITERATIONS) return { ok: false, needsRehash: false };
    const secret = pepper === undefined ? {} : { secret: pepper.secret };
    const ok = await argon2Verify(inner, normalizePassword(password), secret).catch(() => false);
    return { ok, needsRehash: ok && (isWeaker(inner) || pepper?.name !== active?.name) };
  };

  return {
    hash: (password) => inTurn(() => make(normalizePassword(password))),
    verify: (password, stored) => inTurn(() => check(password, stored)),
    async verifyNothing(password) {
      const stored = await decoy;
      await inTurn(() => check(password, stored));
    },
  };
}
