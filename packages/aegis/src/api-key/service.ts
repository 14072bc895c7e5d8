/** Keys, in the words of the domain: made, told apart, renewed. */
import { equalInConstantTime, sha256 } from "../lib/bytes.ts";
import type { Clock } from "../lib/clock.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import type { Random } from "../lib/random.ts";
import { apiKeyError } from "./errors.ts";
import { formatKey, ID_LENGTH, type KeyMode, parseKey, randomText, SECRET_LENGTH } from "./format.ts";
import type { ApiKeyPolicy } from "./policy.ts";
import { daysBefore } from "./quota.ts";
import type { ApiKey, ApiKeyStore } from "./store.ts";

export interface ApiKeyParts {
  readonly store: ApiKeyStore;
  readonly mode: KeyMode;
  readonly clock: Clock;
  readonly random: Random;
}

export interface WantedKey {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly tenantId: string | null;
  /** At most the policy's; default: the policy's. */
  readonly lifetimeSeconds?: number;
}

/** The one moment at which the whole key is known. */
export interface IssuedKey {
  readonly key: ApiKey;
  readonly text: string;
}

/** What was presented: a good key, or why it is none. `key` where it is known whose it would be. */
export type Presented =
  | { readonly ok: true; readonly key: ApiKey }
  | {
      readonly ok: false;
      readonly because: "form" | "unknown" | "replaced" | "expired";
      readonly key?: ApiKey;
    };

export type ApiKeyService = ReturnType<typeof apiKeyService>;

/** Long enough for its owner to see why a program stopped. */
const EXPIRED_KEPT_MS = 30 * 86_400_000;
export const USAGE_KEPT_DAYS = 90;
const TRIES = 3;

export function apiKeyService(
  policy: DeepReadonly<ApiKeyPolicy>,
  { store, mode, clock, random }: ApiKeyParts,
) {
  const ended = ({ expiresAt }: ApiKey): boolean => expiresAt !== null && expiresAt <= clock.now();

  const found = async (accountId: string, id: string): Promise<ApiKey> => {
    const key = await store.find(id);
    if (key?.accountId !== accountId) throw apiKeyError("AEGIS_APIKEY_NOT_FOUND");
    return key;
  };

  return {
    store,
    mode,
    found,
    ended,

    /** By form and checksum alone: costs no look-up. */
    hasForm: (text: string): boolean => parseKey(text)?.mode === mode,

    /** @throws AEGIS_APIKEY_LIMIT_REACHED */
    async create(
      accountId: string,
      { name, scopes, tenantId, lifetimeSeconds }: WantedKey,
    ): Promise<IssuedKey> {
      const now = clock.now();
      const longest = policy.longestLifetimeSeconds;
      const seconds = lifetimeSeconds ?? (longest === 0 ? undefined : longest);
      for (let tries = 0; tries < TRIES; tries++) {
        const id = randomText(random, ID_LENGTH);
        const secret = randomText(random, SECRET_LENGTH);
        const made = await store.create(
          {
            id,
            accountId,
            tenantId,
            name,
            scopes,
            tier: policy.defaultTier,
            createdAt: now,
            expiresAt: seconds === undefined ? null : now + seconds * 1000,
            secretHash: sha256(secret),
          },
          policy.perAccountLimit,
        );
        if (made === "full") throw apiKeyError("AEGIS_APIKEY_LIMIT_REACHED");
        if (made === "created")
          return { key: await found(accountId, id), text: formatKey({ mode, id, secret }) };
      }
      throw new Error(`no free id for a key in ${TRIES} tries`);
    },

    /** The hash is looked up, and so nothing is compared that a stranger's timing could learn from. */
    async present(text: string): Promise<Presented> {
      const parts = parseKey(text);
      if (parts === undefined || parts.mode !== mode) return { ok: false, because: "form" };
      const hash = sha256(parts.secret);
      const key = await store.findByHash(hash);
      if (key === undefined || key.id !== parts.id) return { ok: false, because: "unknown" };
      if (ended(key)) return { ok: false, because: "expired", key };
      const isPresent = equalInConstantTime(key.secretHash, hash);
      const serves = isPresent || (key.previous !== null && key.previous.until > clock.now());
      return serves ? { ok: true, key } : { ok: false, because: "replaced", key };
    },

    /** A new secret for as long as the key was made for; the old one serves for the overlap, or ends at once. */
    async rotate(accountId: string, id: string, immediately: boolean): Promise<IssuedKey> {
      const key = await found(accountId, id);
      if (ended(key)) throw apiKeyError("AEGIS_APIKEY_EXPIRED");
      const now = clock.now();
      const secret = randomText(random, SECRET_LENGTH);
      const longest = policy.longestLifetimeSeconds;
      const length = key.expiresAt === null ? Infinity : key.expiresAt - (key.rotatedAt ?? key.createdAt);
      const lives = Math.min(length, longest === 0 ? Infinity : longest * 1000); // the policy may be stricter by now
      const overlapEnds = immediately ? now : now + policy.rotationOverlapSeconds * 1000;
      const rotated = await store.rotate(accountId, id, {
        from: key.secretHash,
        to: sha256(secret),
        now,
        previousUntil: Math.min(overlapEnds, key.expiresAt ?? overlapEnds),
        expiresAt: Number.isFinite(lives) ? now + lives : null,
        evenInOverlap: immediately,
      });
      if (!rotated) throw apiKeyError("AEGIS_APIKEY_ROTATING");
      return { key: await found(accountId, id), text: formatKey({ mode, id, secret }) };
    },

    removeExpired: (): Promise<number> =>
      store.removeExpired(clock.now() - EXPIRED_KEPT_MS, daysBefore(clock.now(), USAGE_KEPT_DAYS)),
  };
}
