import {
  type Denial,
  type FamilyRef,
  FAMILIES_PER_ACCOUNT,
  type RefreshStore,
  type Rotation,
  type RotationChange,
  type TokenDenylist,
  type TokenFacts,
  type TokenFamily,
  UNSETTLED_KEPT_MS,
  USED_TOKENS_KEPT,
} from "./store.ts";

interface Kept {
  readonly family: TokenFamily;
  readonly currentHash: string;
  readonly previousHash: string | undefined;
  readonly rotatedAt: number;
  readonly ended: "reused" | "revoked" | "settled" | undefined;
  readonly endedAt: number;
  /** Oldest first, the present one last. */
  readonly hashes: readonly string[];
}

/** The executable specification of a refresh store; forgets everything when the process ends. */
export class MemoryRefreshStore implements RefreshStore {
  readonly #kept = new Map<string, Kept>();
  readonly #familyOf = new Map<string, string>();

  async open(family: TokenFamily, tokenHash: string): Promise<readonly FamilyRef[]> {
    const ended = this.#liveOf(family.accountId, family.createdAt).slice(FAMILIES_PER_ACCOUNT - 1);
    for (const { id } of ended) this.#end(id, "revoked", family.createdAt);
    this.#kept.set(family.id, {
      family,
      currentHash: tokenHash,
      previousHash: undefined,
      rotatedAt: family.createdAt,
      ended: undefined,
      endedAt: 0,
      hashes: [tokenHash],
    });
    this.#familyOf.set(tokenHash, family.id);
    return ended.map(refOf);
  }

  async find(tokenHash: string, now: number): Promise<TokenFamily | undefined> {
    const kept = this.#byToken(tokenHash);
    return kept?.currentHash === tokenHash && isLive(kept, now) ? kept.family : undefined;
  }

  async rotate(fromHash: string, change: RotationChange): Promise<Rotation> {
    const { toHash, now, graceSeconds, ip, userAgent } = change;
    const kept = this.#byToken(fromHash);
    if (kept === undefined || kept.ended === "settled") return { outcome: "unknown" };
    if (kept.ended !== undefined)
      return { outcome: kept.ended === "reused" ? "reused" : "ended", family: kept.family };
    if (!isLive(kept, now)) return { outcome: "expired" };
    if (kept.currentHash !== fromHash) {
      if (graceSeconds > 0 && kept.previousHash === fromHash && kept.rotatedAt + graceSeconds * 1000 > now)
        return { outcome: "overtaken", family: kept.family };
      this.#end(kept.family.id, "reused", now);
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
      ended: undefined,
      endedAt: 0,
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
    return this.#endWhere((family) => family.id === kept?.family.id, now)[0];
  }

  async revoke(accountId: string, id: string, now: number): Promise<boolean> {
    return this.#endWhere((family) => family.id === id && family.accountId === accountId, now).length === 1;
  }

  async revokeBySession(sessionId: string, now: number): Promise<readonly FamilyRef[]> {
    return this.#endWhere((family) => family.sessionId === sessionId, now).map(refOf);
  }

  async revokeAll(accountId: string, now: number): Promise<readonly FamilyRef[]> {
    return this.#endWhere((family) => family.accountId === accountId, now).map(refOf);
  }

  async settle({ id, accountId }: FamilyRef): Promise<boolean> {
    const kept = this.#kept.get(id);
    if (kept?.family.accountId !== accountId || !isUnsettled(kept)) return false;
    this.#kept.set(id, { ...kept, ended: "settled" });
    return true;
  }

  async removeExpired(now: number): Promise<number> {
    const past = [...this.#kept.values()].filter((kept) =>
      isUnsettled(kept) ? kept.endedAt + UNSETTLED_KEPT_MS <= now : !isLive(kept, now),
    );
    for (const { family, hashes } of past) {
      this.#kept.delete(family.id);
      for (const hash of hashes) this.#familyOf.delete(hash);
    }
    return past.length;
  }

  #byToken(tokenHash: string): Kept | undefined {
    return this.#kept.get(this.#familyOf.get(tokenHash) ?? "");
  }

  #end(id: string, ended: "reused" | "revoked", endedAt: number): void {
    const kept = this.#kept.get(id);
    if (kept?.ended === undefined && kept !== undefined) this.#kept.set(id, { ...kept, ended, endedAt });
  }

  #endWhere(matches: (family: TokenFamily) => boolean, now: number): readonly TokenFamily[] {
    const found = [...this.#kept.values()].filter(
      (kept) => matches(kept.family) && (isLive(kept, now) || isUnsettled(kept)),
    );
    for (const { family } of found) this.#end(family.id, "revoked", now);
    return found.map(({ family }) => family);
  }
}

const refOf = ({ id, accountId }: TokenFamily): FamilyRef => ({ id, accountId });
const isUnsettled = ({ ended }: Kept): boolean => ended === "reused" || ended === "revoked";
const isLive = ({ family, ended }: Kept, now: number): boolean =>
  ended === undefined && family.refreshUntil > now && family.expiresAt > now;

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

  async list(now: number): Promise<readonly Denial[]> {
    return [...this.#denials.values()].filter(({ expiresAt }) => expiresAt > now);
  }

  async removeExpired(now: number): Promise<number> {
    const past = [...this.#denials].filter(([, { expiresAt }]) => expiresAt <= now);
    for (const [key] of past) this.#denials.delete(key);
    return past.length;
  }
}

const keyOf = ({ kind, id }: Pick<Denial, "kind" | "id">): string => `${kind} ${id}`;
