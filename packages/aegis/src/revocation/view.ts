import type { Revocable, Revocation } from "./entry.ts";

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

  get size(): number {
    return this.#sessions.size + this.#tokens.size + this.#users.size;
  }

  apply(entries: readonly Revocation[]): void {
    for (const entry of entries) {
      if (entry.kind === "session") this.#sessions.set(entry.sessionId, entry);
      else if (entry.kind === "token") this.#tokens.set(entry.tokenHash, entry.keptUntil);
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

  prune(now: number): void {
    for (const [id, { keptUntil }] of this.#sessions) if (keptUntil <= now) this.#sessions.delete(id);
    for (const [hash, keptUntil] of this.#tokens) if (keptUntil <= now) this.#tokens.delete(hash);
    for (const [id, { keptUntil }] of this.#users) if (keptUntil <= now) this.#users.delete(id);
  }
}
