/**
 * Argon2id by policy; hashes that came from elsewhere are verified once and replaced (PWD-5).
 * Verification never throws on a strange stored hash: it is simply not the right password.
 */
import { hash as argon2Hash, verify as argon2Verify } from "@node-rs/argon2";
import type { DeepReadonly } from "../lib/freeze.ts";
import type { Random } from "../lib/random.ts";
import { verifyForeign } from "./foreign.ts";
import { normalizePassword } from "./normalize.ts";
import type { PasswordPolicy } from "./policy.ts";
import { hashingQueue } from "./queue.ts";

export interface PasswordHasher {
  /** A PHC string. @throws AEGIS_PASSWORD_BUSY */
  hash(password: string): Promise<string>;
  /** `needsRehash`: right, but made with less than the policy asks for. @throws AEGIS_PASSWORD_BUSY */
  verify(password: string, stored: string): Promise<{ readonly ok: boolean; readonly needsRehash: boolean }>;
  /** As much work as a verification, for a user that does not exist. @throws AEGIS_PASSWORD_BUSY */
  verifyNothing(password: string): Promise<void>;
}

const ARGON2 = /^\$argon2id\$v=(\d+)\$m=(\d+),t=(\d+),p=(\d+)\$/;

export function passwordHasher(policy: DeepReadonly<PasswordPolicy>, random: Random): PasswordHasher {
  const { memoryKib, iterations, parallelism } = policy.argon2;
  // The library's default algorithm is Argon2id; a test holds it to that.
  const options = { memoryCost: memoryKib, timeCost: iterations, parallelism };
  const inTurn = hashingQueue(policy.hashing);
  // Made at start, so that the first unknown user costs no more than the next; what it is the hash of, nobody knows.
  const decoy = argon2Hash(random.token(32), options);
  decoy.catch(() => undefined); // whoever awaits it is told

  const isWeaker = (stored: string): boolean => {
    const [, version, memory, time] = ARGON2.exec(stored) ?? [];
    return Number(version) < 19 || Number(memory) < memoryKib || Number(time) < iterations;
  };
  const verifyArgon2 = (password: string, stored: string): Promise<boolean> =>
    argon2Verify(stored, normalizePassword(password)).catch(() => false);

  return {
    hash: (password) => inTurn(() => argon2Hash(normalizePassword(password), options)),
    async verify(password, stored) {
      const ok = await inTurn(() =>
        ARGON2.test(stored) ? verifyArgon2(password, stored) : verifyForeign(password, stored),
      );
      return { ok, needsRehash: ok && (!ARGON2.test(stored) || isWeaker(stored)) };
    },
    async verifyNothing(password) {
      const stored = await decoy;
      await inTurn(() => verifyArgon2(password, stored));
    },
  };
}
