/**
 * Sessions in memory before another store. What is in memory is used only while the revocation lease holds; what has
 * been revoked is refused whatever memory, or a store that lost its last writes, says. Without the lease everything is
 * asked of the store, and where the store itself may have lost writes, nobody is signed in.
 */
import type { Revocation } from "../../revocation/entry.ts";
import type { Revocations } from "../../revocation/service.ts";
import type { SessionRecord } from "../../session/record.ts";
import type { RevocationReason, SessionRef, SessionStore, TenantChange } from "../../session/store.ts";

export interface SessionCacheWiring {
  readonly revocations: Pick<Revocations, "isFresh" | "refresh" | "refuses" | "revoke">;
  readonly now: () => number;
  /** The longest that any session lives, in milliseconds. */
  readonly longestMs: number;
  /** Forgets what else is past, too; how many. */
  readonly removeExpired: (now: number) => Promise<number>;
}

interface Cached {
  readonly record: SessionRecord;
  readonly until: number;
}

/** Sessions held at most: about 1 KB each. Beyond it the oldest copy goes: it would be looked up again within seconds. */
const MOST_ENTRIES = 20_000;
/** How long a copy serves: bounds what a changed session (rotation, roles) is late by, on other instances. */
const SERVES_MS = 10_000;
/** A store that keeps its word needs the ledger only while answers from before may be on their way. */
const ON_ITS_WAY_MS = 60_000;

export class CachedSessionStore implements SessionStore {
  readonly isDurable = true;
  readonly #store: SessionStore;
  readonly #wiring: SessionCacheWiring;
  /** By token hash, the oldest copy first. */
  readonly #cache = new Map<string, Cached>();
  readonly #hashes = new Map<string, Set<string>>();

  constructor(store: SessionStore, wiring: SessionCacheWiring) {
    this.#store = store;
    this.#wiring = wiring;
  }

  async findByTokenHash(tokenHash: string, now: number): Promise<SessionRecord | undefined> {
    const { revocations } = this.#wiring;
    const isFresh = revocations.isFresh() || (await revocations.refresh());
    if (!isFresh && !this.#store.isDurable)
      throw Object.assign(new Error("nobody can say what was revoked: the ledger is away"), {
        code: "ECONNREFUSED",
      });
    const record =
      (isFresh ? this.#fromCache(tokenHash, now) : undefined) ??
      (await this.#store.findByTokenHash(tokenHash, now));
    if (record === undefined || this.#isRefused(record, tokenHash)) return undefined;
    if (isFresh) this.#keep(tokenHash, record, now);
    return record;
  }

  peek(tokenHash: string, now: number): SessionRecord | undefined {
    const record = this.#wiring.revocations.isFresh() ? this.#fromCache(tokenHash, now) : undefined;
    return record === undefined || this.#isRefused(record, tokenHash) ? undefined : record;
  }

  async create(record: SessionRecord, limit: number): Promise<readonly SessionRecord[]> {
    const ended = await this.#store.create(record, limit);
    await this.#wiring.revocations.revoke(ended.map((one) => this.#ending(one)));
    return ended;
  }

  async touch(session: SessionRef, times: Parameters<SessionStore["touch"]>[1]): Promise<boolean> {
    const isLive = await this.#store.touch(session, times);
    if (!isLive) this.#drop(session.id);
    for (const hash of isLive ? (this.#hashes.get(session.id) ?? []) : []) {
      const cached = this.#cache.get(hash);
      if (cached !== undefined) this.#cache.set(hash, { ...cached, record: { ...cached.record, ...times } });
    }
    return isLive;
  }

  async rotate(session: SessionRef, change: Parameters<SessionStore["rotate"]>[1]): Promise<boolean> {
    const won = await this.#store.rotate(session, change);
    this.#drop(session.id);
    return won;
  }

  /** The replaced token has no grace: it must be dead everywhere before the new one is given out. */
  async prove(session: SessionRef, change: Parameters<SessionStore["prove"]>[1]): Promise<boolean> {
    const won = await this.#store.prove(session, change);
    await this.#replaced(session, won, change.fromHash, change.provenAt);
    return won;
  }

  /** Likewise: what is done with the token before would be done in the tenant before. */
  async enterTenant(session: SessionRef, change: TenantChange): Promise<boolean> {
    const won = await this.#store.enterTenant(session, change);
    await this.#replaced(session, won, change.fromHash, change.at);
    return won;
  }

  async #replaced({ id }: SessionRef, won: boolean, tokenHash: string, at: number): Promise<void> {
    this.#drop(id);
    const keptUntil = at + this.#keptMs();
    if (won) await this.#wiring.revocations.revoke([{ kind: "token", tokenHash, keptUntil }]);
  }

  listByUser(userId: string, now: number): Promise<readonly SessionRecord[]> {
    return this.#store.listByUser(userId, now);
  }

  async revoke(userId: string, id: string, reason: RevocationReason): Promise<boolean> {
    this.#drop(id);
    const keptUntil = this.#wiring.now() + this.#keptMs();
    // Both, always: a second try must not find the store done and the others never told.
    const [ended] = await Promise.all([
      this.#store.revoke(userId, id, reason),
      this.#wiring.revocations.revoke([{ kind: "session", userId, sessionId: id, keptUntil }]),
    ]);
    return ended;
  }

  async revokeAll(userId: string, reason: RevocationReason, exceptId?: string): Promise<number> {
    const now = this.#wiring.now();
    const known = (await this.#store.listByUser(userId, now)).filter(({ id }) => id !== exceptId);
    for (const { id } of known) this.#drop(id);
    const everything: Revocation = {
      kind: "user",
      userId,
      before: now,
      exceptId: exceptId ?? null,
      keptUntil: now + this.#keptMs(),
    };
    const [count] = await Promise.all([
      this.#store.revokeAll(userId, reason, exceptId),
      this.#wiring.revocations.revoke([everything, ...known.map((one) => this.#ending(one))]),
    ]);
    return count;
  }

  async removeExpired(now: number): Promise<number> {
    for (const [hash, { record, until }] of this.#cache) if (until <= now) this.#forget(hash, record.id);
    await this.#wiring.removeExpired(now);
    return this.#store.removeExpired(now);
  }

  #ending({ id, subject, absoluteExpiresAt }: SessionRecord): Revocation {
    const keptUntil = this.#store.isDurable ? this.#wiring.now() + this.#keptMs() : absoluteExpiresAt;
    return { kind: "session", userId: subject.userId, sessionId: id, keptUntil };
  }

  #keptMs(): number {
    return this.#store.isDurable ? ON_ITS_WAY_MS : this.#wiring.longestMs;
  }

  #isRefused({ id, subject, createdAt }: SessionRecord, tokenHash: string): boolean {
    return this.#wiring.revocations.refuses({ userId: subject.userId, sessionId: id, createdAt, tokenHash });
  }

  #fromCache(tokenHash: string, now: number): SessionRecord | undefined {
    const cached = this.#cache.get(tokenHash);
    if (cached === undefined) return undefined;
    const { record, until } = cached;
    const isCurrent = record.tokenHash === tokenHash || (record.graceUntil ?? 0) > now;
    if (until > now && isCurrent && record.idleExpiresAt > now && record.absoluteExpiresAt > now)
      return record;
    this.#forget(tokenHash, record.id); // perhaps moved on by another instance: the store knows
    return undefined;
  }

  #keep(tokenHash: string, record: SessionRecord, now: number): void {
    if (this.#cache.has(tokenHash)) return; // it serves no longer by being used
    this.#cache.set(tokenHash, { record, until: now + SERVES_MS });
    const hashes = this.#hashes.get(record.id) ?? new Set();
    this.#hashes.set(record.id, hashes.add(tokenHash));
    const [oldest] = this.#cache;
    if (this.#cache.size > MOST_ENTRIES && oldest !== undefined) this.#forget(oldest[0], oldest[1].record.id);
  }

  #forget(tokenHash: string, id: string): void {
    this.#cache.delete(tokenHash);
    const hashes = this.#hashes.get(id);
    hashes?.delete(tokenHash);
    if (hashes?.size === 0) this.#hashes.delete(id);
  }

  #drop(id: string): void {
    for (const hash of this.#hashes.get(id) ?? []) this.#cache.delete(hash);
    this.#hashes.delete(id);
  }
}
