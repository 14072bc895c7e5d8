import {
  type IssueLimits,
  KEPT_FOR_MS,
  type OneTimePurpose,
  type OneTimeRecord,
  type OneTimeStore,
} from "./store.ts";

interface Kept {
  readonly record: OneTimeRecord;
  readonly consumed: boolean;
  readonly countedSince: number;
  readonly issued: number;
}

/** The executable specification of a one-time store; forgets everything when the process ends. */
export class MemoryOneTimeStore implements OneTimeStore {
  readonly #kept = new Map<string, Kept>();

  async issue(record: OneTimeRecord, { everySeconds, perDay }: IssueLimits): Promise<boolean> {
    const key = keyOf(record.purpose, record.subject);
    const before = this.#kept.get(key);
    const now = record.createdAt;
    const sameDay = before !== undefined && now - before.countedSince < KEPT_FOR_MS;
    if (before !== undefined && now - before.record.createdAt < everySeconds * 1000) return false;
    if (sameDay && before.issued >= perDay) return false;
    this.#kept.set(key, {
      record,
      consumed: false,
      countedSince: sameDay ? before.countedSince : now,
      issued: sameDay ? before.issued + 1 : 1,
    });
    return true;
  }

  async consume(purpose: OneTimePurpose, subject: string, secretHash: string, now: number) {
    const key = keyOf(purpose, subject);
    const kept = this.#kept.get(key);
    if (kept === undefined || !isLive(kept, now)) return undefined;
    const right = kept.record.secretHash === secretHash;
    const record = { ...kept.record, attemptsLeft: kept.record.attemptsLeft - 1 };
    this.#kept.set(key, { ...kept, record, consumed: right });
    return right ? record.data : undefined;
  }

  async attempt(purpose: OneTimePurpose, secretHash: string, now: number): Promise<boolean> {
    for (const [key, kept] of this.#kept) {
      const { record } = kept;
      if (record.purpose !== purpose || record.secretHash !== secretHash || !isLive(kept, now)) continue;
      if (record.attemptsLeft <= 1) return false;
      this.#kept.set(key, { ...kept, record: { ...record, attemptsLeft: record.attemptsLeft - 1 } });
      return true;
    }
    return false;
  }

  async find(purpose: OneTimePurpose, secretHash: string, now: number) {
    for (const kept of this.#kept.values()) {
      const { record } = kept;
      if (record.purpose === purpose && record.secretHash === secretHash && isLive(kept, now))
        return { subject: record.subject };
    }
    return undefined;
  }

  async spend(purpose: OneTimePurpose, secretHash: string, now: number, expiresAt: number): Promise<boolean> {
    const key = keyOf(purpose, secretHash);
    if (this.#kept.has(key)) return false;
    const record = {
      purpose,
      subject: secretHash,
      secretHash,
      data: {},
      createdAt: now,
      expiresAt,
      attemptsLeft: 0,
    };
    this.#kept.set(key, { record, consumed: true, countedSince: now, issued: 1 });
    return true;
  }

  async revoke(purpose: OneTimePurpose, subject: string): Promise<void> {
    const kept = this.#kept.get(keyOf(purpose, subject));
    if (kept !== undefined) this.#kept.set(keyOf(purpose, subject), { ...kept, consumed: true });
  }

  async removeExpired(now: number): Promise<number> {
    const past = [...this.#kept].filter(([, { record }]) => record.expiresAt + KEPT_FOR_MS <= now);
    for (const [key] of past) this.#kept.delete(key);
    return past.length;
  }
}

const keyOf = (purpose: OneTimePurpose, subject: string): string => `${purpose} ${subject}`;

const isLive = ({ consumed, record }: Kept, now: number): boolean =>
  !consumed && record.attemptsLeft > 0 && record.expiresAt > now;
