import type { Aal } from "../request.ts";
import type { SessionRecord } from "./record.ts";
import type { RevocationReason, SessionStore } from "./store.ts";

/** The executable specification of a session store; forgets everything when the process ends. */
export class MemorySessionStore implements SessionStore {
  readonly #sessions = new Map<string, SessionRecord>();

  async create(record: SessionRecord): Promise<void> {
    for (const other of this.#sessions.values()) {
      if (other.tokenHash === record.tokenHash) throw new Error("this token hash is in use");
    }
    this.#sessions.set(record.id, record);
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
    id: string,
    times: { readonly lastSeenAt: number; readonly idleExpiresAt: number },
  ): Promise<boolean> {
    const record = this.#sessions.get(id);
    if (record === undefined || !isLive(record, times.lastSeenAt)) return false;
    this.#sessions.set(id, {
      ...record,
      lastSeenAt: Math.max(record.lastSeenAt, times.lastSeenAt),
      idleExpiresAt: Math.max(record.idleExpiresAt, times.idleExpiresAt),
    });
    return true;
  }

  async rotate(
    id: string,
    change: {
      readonly fromHash: string;
      readonly toHash: string;
      readonly rotatedAt: number;
      readonly graceUntil: number;
    },
  ): Promise<boolean> {
    const record = this.#sessions.get(id);
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
    id: string,
    change: {
      readonly fromHash: string;
      readonly toHash: string;
      readonly provenAt: number;
      readonly aal: Aal;
      readonly methods: readonly string[];
    },
  ): Promise<boolean> {
    const record = this.#sessions.get(id);
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

  async listByUser(userId: string, now: number): Promise<readonly SessionRecord[]> {
    return [...this.#sessions.values()]
      .filter((record) => record.subject.userId === userId && isLive(record, now))
      .toSorted((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1));
  }

  async revoke(userId: string, id: string, _reason: RevocationReason): Promise<boolean> {
    return this.#sessions.get(id)?.subject.userId === userId && this.#sessions.delete(id);
  }

  async revokeAll(userId: string, _reason: RevocationReason, exceptId?: string): Promise<number> {
    return this.#removeWhere((record) => record.subject.userId === userId && record.id !== exceptId);
  }

  async removeExpired(now: number): Promise<number> {
    return this.#removeWhere((record) => !isLive(record, now));
  }

  #removeWhere(matches: (record: SessionRecord) => boolean): number {
    const doomed = [...this.#sessions.values()].filter(matches);
    for (const record of doomed) this.#sessions.delete(record.id);
    return doomed.length;
  }
}

const isLive = (record: SessionRecord, now: number): boolean =>
  record.idleExpiresAt > now && record.absoluteExpiresAt > now;
