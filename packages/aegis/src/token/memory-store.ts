import {
  type Denial,
  FAMILIES_PER_ACCOUNT,
  type RefreshStore,
  type Rotation,
  type RotationChange,
  type TokenDenylist,
  type TokenFacts,
  type TokenFamily,
  USED_TOKENS_KEPT,
} from "./store.ts";

interface Kept {
  readonly family: TokenFamily;
  readonly currentHash: string;
  readonly previousHash: string | undefined;
  readonly rotatedAt: number;
  readonly revoked: boolean;
  /** Oldest first, the present one last. */
  readonly hashes: readonly string[];
}

/** The executable specification of a refresh store; forgets everything when the process ends. */
export class MemoryRefreshStore implements RefreshStore {
  readonly #kept = new Map<string, Kept>();
  readonly #familyOf = new Map<string, string>();

  async open(family: TokenFamily, tokenHash: string): Promise<readonly string[]> {
    const others = this.#liveOf(family.accountId, family.createdAt);
    const ended = others.slice(FAMILIES_PER_ACCOUNT - 1).map(({ id }) => id);
    for (const id of ended) this.#end(id);
    this.#kept.set(family.id, {
      family,
      currentHash: tokenHash,
      previousHash: undefined,
      rotatedAt: family.createdAt,
      revoked: false,
      hashes: [tokenHash],
    });
    this.#familyOf.set(tokenHash, family.id);
    return ended;
  }

  async find(tokenHash: string, now: number): Promise<TokenFamily | undefined> {
    const kept = this.#byToken(tokenHash);
    return kept?.currentHash === tokenHash && isLive(kept, now) ? kept.family : undefined;
  }

  async rotate(fromHash: string, change: RotationChange): Promise<Rotation> {
    const { toHash, now, graceSeconds, ip, userAgent } = change;
    const kept = this.#byToken(fromHash);
    if (kept === undefined || kept.revoked) return { outcome: "unknown" };
    if (!isLive(kept, now)) return { outcome: "expired" };
    if (kept.currentHash !== fromHash) {
      if (kept.previousHash === fromHash && kept.rotatedAt + graceSeconds * 1000 > now)
        return { outcome: "overtaken", family: kept.family };
      this.#end(kept.family.id);
      return { outcome: "reused", family: kept.family };
    }
    const family = {
      ...kept.family,
      ip,
      userAgent,
      lastUsedAt: now,
      refreshUntil: Math.min(change.refreshUntil, kept.family.expiresAt),
    };
    const hashes = [...kept.hashes, toHash];
    for (const old of hashes.slice(0, -USED_TOKENS_KEPT - 1)) this.#familyOf.delete(old);
    this.#kept.set(family.id, {
      family,
      currentHash: toHash,
      previousHash: fromHash,
      rotatedAt: now,
      revoked: false,
      hashes: hashes.slice(-USED_TOKENS_KEPT - 1),
    });
    this.#familyOf.set(toHash, family.id);
    return { outcome: "rotated", family };
  }

  async listByAccount(accountId: string, now: number): Promise<readonly TokenFamily[]> {
    return this.#liveOf(accountId, now);
  }

  #liveOf(accountId: string, now: number): readonly TokenFamily[] {
    return [...this.#kept.values()]
      .filter((kept) => kept.family.accountId === accountId && isLive(kept, now))
      .map(({ family }) => family)
      .toSorted((a, b) => b.lastUsedAt - a.lastUsedAt || b.createdAt - a.createdAt);
  }

  async revokeByToken(tokenHash: string, now: number): Promise<TokenFamily | undefined> {
    const kept = this.#byToken(tokenHash);
    return kept !== undefined && isLive(kept, now) && this.#end(kept.family.id) ? kept.family : undefined;
  }

  async revoke(accountId: string, id: string, now: number): Promise<boolean> {
    const kept = this.#kept.get(id);
    return kept?.family.accountId === accountId && isLive(kept, now) && this.#end(id);
  }

  revokeBySession(sessionId: string, now: number): Promise<readonly string[]> {
    return this.#endWhere((family) => family.sessionId === sessionId, now);
  }

  revokeAll(accountId: string, now: number): Promise<readonly string[]> {
    return this.#endWhere((family) => family.accountId === accountId, now);
  }

  async removeExpired(now: number): Promise<number> {
    const past = [...this.#kept.values()].filter((kept) => !isLive(kept, now));
    for (const { family, hashes } of past) {
      this.#kept.delete(family.id);
      for (const hash of hashes) this.#familyOf.delete(hash);
    }
    return past.length;
  }

  #byToken(tokenHash: string): Kept | undefined {
    return this.#kept.get(this.#familyOf.get(tokenHash) ?? "");
  }

  #end(id: string): boolean {
    const kept = this.#kept.get(id);
    if (kept === undefined || kept.revoked) return false;
    this.#kept.set(id, { ...kept, revoked: true });
    return true;
  }

  async #endWhere(matches: (family: TokenFamily) => boolean, now: number): Promise<readonly string[]> {
    const found = [...this.#kept.values()].filter((kept) => matches(kept.family) && isLive(kept, now));
    for (const { family } of found) this.#end(family.id);
    return found.map(({ family }) => family.id);
  }
}

const isLive = ({ family, revoked }: Kept, now: number): boolean =>
  !revoked && family.refreshUntil > now && family.expiresAt > now;

/** The executable specification of a denylist. */
export class MemoryTokenDenylist implements TokenDenylist {
  readonly #denials = new Map<string, Denial>();

  async deny(denials: readonly Denial[]): Promise<void> {
    for (const denial of denials) {
      const before = this.#denials.get(keyOf(denial));
      this.#denials.set(keyOf(denial), {
        ...denial,
        issuedBefore: Math.max(denial.issuedBefore, before?.issuedBefore ?? 0),
        expiresAt: Math.max(denial.expiresAt, before?.expiresAt ?? 0),
      });
    }
  }

  async isRevoked({ jti, family, userId, issuedAt }: TokenFacts, now: number): Promise<boolean> {
    const found = (kind: Denial["kind"], id: string): Denial | undefined => {
      const denial = this.#denials.get(keyOf({ kind, id }));
      return denial !== undefined && denial.expiresAt > now ? denial : undefined;
    };
    const user = found("user", userId);
    return (
      found("token", jti) !== undefined ||
      found("family", family) !== undefined ||
      (user !== undefined && user.issuedBefore > issuedAt)
    );
  }

  async removeExpired(now: number): Promise<number> {
    const past = [...this.#denials].filter(([, { expiresAt }]) => expiresAt <= now);
    for (const [key] of past) this.#denials.delete(key);
    return past.length;
  }
}

const keyOf = ({ kind, id }: Pick<Denial, "kind" | "id">): string => `${kind} ${id}`;
