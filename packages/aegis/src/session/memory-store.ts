import type { Aal } from "../request.ts";
import { inTenant, type SessionRecord } from "./record.ts";
import type { RevocationReason, SessionRef, SessionStore, TenantChange } from "./store.ts";

/** The executable specification of a session store; forgets everything when the process ends. */
export class MemorySessionStore implements SessionStore {
  readonly isDurable = true;
  readonly #sessions = new Map<string, SessionRecord>();

  async create(record: SessionRecord, limit: number): Promise<readonly SessionRecord[]> {
    for (const other of this.#sessions.values()) {
      if (other.tokenHash === record.tokenHash) throw new Error("this token hash is in use");
    }
    const isComplete = record.stage === "complete";
    const ended = this.#liveOf(record.subject.userId, record.createdAt)
      .filter(({ stage }) => (stage === "complete") === isComplete)
      .slice(limit - 1);
    for (const { id } of ended) this.#sessions.delete(id);
    this.#sessions.set(record.id, record);
    return ended;
  }

  async findByTokenHash(tokenHash: string, now: number): Promise<SessionRecord | undefined> {
    for (const record of this.#sessions.values()) {
      if (!isLive(record, now)) continue;
      if (record.tokenHash === tokenHash) return record;
      if (record.previousTokenHash === tokenHash && record.graceUntil !== null && record.graceUntil > now)
        return record;
    }
    return undefined;
  }

  async touch(
    { id, userId }: SessionRef,
    times: { readonly lastSeenAt: number; readonly idleExpiresAt: number },
  ): Promise<boolean> {
    const record = this.#of(id, userId);
    if (record === undefined || !isLive(record, times.lastSeenAt)) return false;
    this.#sessions.set(id, {
      ...record,
      lastSeenAt: Math.max(record.lastSeenAt, times.lastSeenAt),
      idleExpiresAt: Math.max(record.idleExpiresAt, times.idleExpiresAt),
    });
    return true;
  }

  async rotate(
    { id, userId }: SessionRef,
    change: {
      readonly fromHash: string;
      readonly toHash: string;
      readonly rotatedAt: number;
      readonly graceUntil: number;
    },
  ): Promise<boolean> {
    const record = this.#of(id, userId);
    if (record === undefined || record.tokenHash !== change.fromHash || !isLive(record, change.rotatedAt))
      return false;
    this.#sessions.set(id, {
      ...record,
      tokenHash: change.toHash,
      previousTokenHash: change.fromHash,
      graceUntil: change.graceUntil,
      rotatedAt: change.rotatedAt,
    });
    return true;
  }

  async prove(
    { id, userId }: SessionRef,
    change: {
      readonly fromHash: string;
      readonly toHash: string;
      readonly provenAt: number;
      readonly aal: Aal;
      readonly methods: readonly string[];
    },
  ): Promise<boolean> {
    const record = this.#of(id, userId);
    if (record === undefined || record.tokenHash !== change.fromHash || !isLive(record, change.provenAt))
      return false;
    this.#sessions.set(id, {
      ...record,
      tokenHash: change.toHash,
      previousTokenHash: null,
      graceUntil: null,
      rotatedAt: change.provenAt,
      provenAt: change.provenAt,
      aal: change.aal,
      methods: change.methods,
    });
    return true;
  }

  async enterTenant({ id, userId }: SessionRef, change: TenantChange): Promise<boolean> {
    const record = this.#of(id, userId);
    if (record === undefined || record.tokenHash !== change.fromHash || !isLive(record, change.at))
      return false;
    this.#sessions.set(id, inTenant(record, change));
    return true;
  }

  async listByUser(userId: string, now: number): Promise<readonly SessionRecord[]> {
    return this.#liveOf(userId, now);
  }

  #liveOf(userId: string, now: number): readonly SessionRecord[] {
    return [...this.#sessions.values()]
      .filter((record) => record.subject.userId === userId && isLive(record, now))
      .toReversed() // of the same millisecond, the later one first
      .toSorted((a, b) => b.createdAt - a.createdAt);
  }

  async revoke(userId: string, id: string, _reason: RevocationReason): Promise<boolean> {
    return this.#sessions.get(id)?.subject.userId === userId && this.#sessions.delete(id);
  }

  async revokeAll(userId: string, _reason: RevocationReason, exceptId?: string): Promise<number> {
    return this.#removeWhere((record) => record.subject.userId === userId && record.id !== exceptId);
  }

  async countLive(now: number): Promise<number> {
    return [...this.#sessions.values()].filter((record) => isLive(record, now)).length;
  }

  async removeExpired(now: number): Promise<number> {
    return this.#removeWhere((record) => !isLive(record, now));
  }

  #of(id: string, userId: string): SessionRecord | undefined {
    const record = this.#sessions.get(id);
    return record?.subject.userId === userId ? record : undefined;
  }

  #removeWhere(matches: (record: SessionRecord) => boolean): number {
    const doomed = [...this.#sessions.values()].filter(matches);
    for (const record of doomed) this.#sessions.delete(record.id);
    return doomed.length;
  }
}

const isLive = (record: SessionRecord, now: number): boolean =>
  record.idleExpiresAt > now && record.absoluteExpiresAt > now;
