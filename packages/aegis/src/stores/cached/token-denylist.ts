/**
 * What was denied, in the memory of every instance. While the revocation lease holds, memory knows of every denial that
 * was acknowledged, and nobody is asked; without it the store is. Denials go to both, so that an instance without a
 * lease, and one that shares the store and no ledger, refuse the same.
 */
import type { Revocation } from "../../revocation/entry.ts";
import type { Revocations } from "../../revocation/service.ts";
import type { Denial, TokenDenylist, TokenFacts } from "../../token/store.ts";

type DenialRevocations = Pick<Revocations, "isFresh" | "refresh" | "refusesAccess" | "learn" | "revoke">;

export class CachedTokenDenylist implements TokenDenylist {
  readonly #store: TokenDenylist;
  readonly #revocations: DenialRevocations;
  /** What the store had when this instance began, from before there was a ledger: the ledger cannot tell it. */
  #begun: Promise<void> | undefined;
  #hasBegun = false;

  constructor(store: TokenDenylist, revocations: DenialRevocations) {
    this.#store = store;
    this.#revocations = revocations;
  }

  /** Both, always: a second try must not find the store done and the others never told. */
  async deny(denials: readonly Denial[]): Promise<void> {
    await Promise.all([this.#store.deny(denials), this.#revocations.revoke(denials.map(entryOf))]);
  }

  async isRevoked(facts: TokenFacts, now: number): Promise<boolean> {
    if (!this.#hasBegun) await this.#begin(now);
    if (!this.#revocations.isFresh()) await this.#revocations.refresh();
    // Where it refuses, memory is right however old it is; the lease is looked at last, when all that it stands for was.
    if (this.#revocations.refusesAccess(facts, now)) return true;
    return this.#revocations.isFresh() ? false : this.#store.isRevoked(facts, now);
  }

  list(now: number): Promise<readonly Denial[]> {
    return this.#store.list(now);
  }

  removeExpired(now: number): Promise<number> {
    return this.#store.removeExpired(now);
  }

  /** Rejects while the store is away: until it has been read, no token is believed. */
  #begin(now: number): Promise<void> {
    this.#begun ??= this.#store.list(now).then(
      (denials) => {
        this.#revocations.learn(denials.map(entryOf));
        this.#hasBegun = true;
      },
      (error: unknown) => {
        this.#begun = undefined;
        throw error;
      },
    );
    return this.#begun;
  }
}

const entryOf = ({ kind, id, issuedBefore, expiresAt }: Denial): Revocation => ({
  kind: "access",
  of: kind,
  id,
  before: issuedBefore,
  keptUntil: expiresAt,
});
