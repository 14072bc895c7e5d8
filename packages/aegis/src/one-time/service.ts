/**
 * Threat: a code or link that is guessed, used twice, used for something else, or read out of a stolen database.
 * Rule: kept only as a keyed hash, bound to purpose and subject, short-lived, few tries, redeemed in one atomic
 * step. References: ASVS 5.0 6.5, 6.6; NIST SP 800-63B-4 3.1.3; requirements ACC-4, ACC-5.
 */
import { hmac } from "../lib/bytes.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { AtLeastOne, PurposeKeys } from "../lib/secret-keys.ts";
import type { IssueLimits, OneTimePurpose, OneTimeStore } from "./store.ts";

export interface OneTimeOrder extends IssueLimits {
  readonly purpose: OneTimePurpose;
  readonly subject: string;
  readonly lifetimeSeconds: number;
  readonly data?: Readonly<Record<string, string>>;
}

export interface OneTimeSecrets {
  /** Six digits to type; undefined where the limits say no. */
  issueCode(order: OneTimeOrder & { readonly attemptLimit: number }): Promise<string | undefined>;
  redeemCode(
    purpose: OneTimePurpose,
    subject: string,
    code: string,
  ): Promise<Readonly<Record<string, string>> | undefined>;
  /** 256 bits for a link; undefined where the limits say no. */
  issueToken(order: OneTimeOrder & { readonly attemptLimit: number }): Promise<string | undefined>;
  /** Whether the link may be tried once more with something that may be refused: so often in all, however parallel. */
  mayTry(purpose: OneTimePurpose, token: string): Promise<boolean>;
  /** Whom a live token is for, without redeeming it. */
  ownerOf(purpose: OneTimePurpose, token: string): Promise<string | undefined>;
  redeemToken(purpose: OneTimePurpose, subject: string, token: string): Promise<boolean>;
  /** Counts a letter about the subject; false where the limits say no. */
  mayWrite(subject: string, limits: IssueLimits): Promise<boolean>;
}

const TOKEN_BYTES = 32;

export function oneTimeSecrets(
  store: OneTimeStore,
  keys: PurposeKeys,
  clock: Clock,
  random: Random,
): OneTimeSecrets {
  const hashes = (purpose: OneTimePurpose, subject: string, secret: string): AtLeastOne<string> => {
    const text = JSON.stringify([purpose, subject, secret]);
    const [newest, ...earlier] = keys();
    return [hmac(newest, text), ...earlier.map((key) => hmac(key, text))];
  };
  const hashOf = (purpose: OneTimePurpose, subject: string, secret: string): string =>
    hashes(purpose, subject, secret)[0];
  /** Under the key that it was made with. A wrong secret is hashed under the newest, and so costs one attempt, not one a key. */
  const knownHash = async (purpose: OneTimePurpose, subject: string, secret: string): Promise<string> => {
    const [newest, ...earlier] = hashes(purpose, subject, secret);
    for (const hash of earlier) if ((await store.find(purpose, hash, clock.now())) !== undefined) return hash;
    return newest;
  };
  const keep = (order: OneTimeOrder, secretHash: string, attemptsLeft: number): Promise<boolean> => {
    const now = clock.now();
    const { purpose, subject, lifetimeSeconds, data = {} } = order;
    const expiresAt = now + lifetimeSeconds * 1000;
    return store.issue(
      { purpose, subject, secretHash, data, createdAt: now, expiresAt, attemptsLeft },
      order,
    );
  };

  return {
    async issueCode(order) {
      const code = random.digits(6);
      const kept = await keep(order, hashOf(order.purpose, order.subject, code), order.attemptLimit);
      return kept ? code : undefined;
    },
    redeemCode: async (purpose, subject, code) =>
      store.consume(purpose, subject, await knownHash(purpose, subject, code.trim()), clock.now()),
    async issueToken(order) {
      const token = random.token(TOKEN_BYTES);
      return (await keep(order, hashOf(order.purpose, "", token), order.attemptLimit + 1)) // one to redeem it with
        ? token
        : undefined;
    },
    mayTry: async (purpose, token) =>
      store.attempt(purpose, await knownHash(purpose, "", token), clock.now()),
    ownerOf: async (purpose, token) =>
      (await store.find(purpose, await knownHash(purpose, "", token), clock.now()))?.subject,
    redeemToken: async (purpose, subject, token) =>
      (await store.consume(purpose, subject, await knownHash(purpose, "", token), clock.now())) !== undefined,
    mayWrite: (subject, limits) => countUse(store, "letter", subject, limits, clock.now()),
  };
}

/** Counts one use of something; false where the limits say no. Of parallel uses one after the other is counted. */
export function countUse(
  store: OneTimeStore,
  purpose: OneTimePurpose,
  subject: string,
  limits: IssueLimits,
  now: number,
): Promise<boolean> {
  // A record that nothing redeems: it is past at once, has no attempt, and its hash is the hash of nothing.
  const record = { purpose, subject, secretHash: subject, data: {}, createdAt: now, expiresAt: now };
  return store.issue({ ...record, attemptsLeft: 0 }, limits);
}
