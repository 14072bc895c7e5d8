import type { Revocable, RevocableAccess, Revocation } from "./entry.ts";

/**
 * What one instance knows of revocations, in memory. Entries go when nothing that they revoke can be alive any more,
 * so that it holds no more than what was revoked within one longest session.
 */
export class RevocationView {
  readonly #sessions = new Map<string, { readonly userId: string; readonly keptUntil: number }>();
  readonly #tokens = new Map<string, number>();
  readonly #users = new Map<
    string,
    { readonly before: number; readonly exceptId: string | null; readonly keptUntil: number }
  >();
  readonly #access = new Map<string, { readonly before: number; readonly keptUntil: number }>();

  get size(): number {
    return this.#sessions.size + this.#tokens.size + this.#users.size + this.#access.size;
  }

  apply(entries: readonly Revocation[]): void {
    for (const entry of entries) {
      if (entry.kind === "session") this.#sessions.set(entry.sessionId, entry);
      else if (entry.kind === "token") this.#tokens.set(entry.tokenHash, entry.keptUntil);
      else if (entry.kind === "access") this.#deny(entry);
      // The later one says all that the earlier did: what it excepts was alive, and so had not been revoked before.
      else if (entry.before >= (this.#users.get(entry.userId)?.before ?? 0))
        this.#users.set(entry.userId, entry);
    }
  }

  refuses({ userId, sessionId, createdAt, tokenHash }: Revocable): boolean {
    if (this.#sessions.get(sessionId)?.userId === userId || this.#tokens.has(tokenHash)) return true;
    const all = this.#users.get(userId);
    return all !== undefined && createdAt < all.before && all.exceptId !== sessionId;
  }

  refusesAccess({ jti, family, userId, issuedAt }: RevocableAccess, now: number): boolean {
    const before = (key: string): number => {
      const denial = this.#access.get(key);
      return denial !== undefined && denial.keptUntil > now ? denial.before : Number.NEGATIVE_INFINITY;
    };
    const isDenied = (key: string): boolean => Number.isFinite(before(key));
    return isDenied(`token ${jti}`) || isDenied(`family ${family}`) || before(`user ${userId}`) > issuedAt;
  }

  prune(now: number): void {
    for (const [key, { keptUntil }] of this.#access) if (keptUntil <= now) this.#access.delete(key);
    for (const [id, { keptUntil }] of this.#sessions) if (keptUntil <= now) this.#sessions.delete(id);
    for (const [hash, keptUntil] of this.#tokens) if (keptUntil <= now) this.#tokens.delete(hash);
    for (const [id, { keptUntil }] of this.#users) if (keptUntil <= now) this.#users.delete(id);
  }

  /** The later one of each: entries come in no order. */
  #deny({ of, id, before, keptUntil }: Extract<Revocation, { readonly kind: "access" }>): void {
    const earlier = this.#access.get(`${of} ${id}`);
    this.#access.set(`${of} ${id}`, {
      before: Math.max(before, earlier?.before ?? 0),
      keptUntil: Math.max(keptUntil, earlier?.keptUntil ?? 0),
    });
  }
}
