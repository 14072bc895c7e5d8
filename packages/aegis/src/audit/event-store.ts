import type { AuditEventName } from "./events.ts";

/** What happened to one account, for its owner to see. Times are milliseconds since the Unix epoch. */
export interface AccountEvent {
  readonly accountId: string;
  readonly event: AuditEventName;
  readonly outcome: "success" | "failure";
  readonly at: number;
  readonly ip: string;
  /** In words: "Firefox on Windows". */
  readonly device: string;
}

export interface EventStore {
  append(event: AccountEvent): Promise<void>;
  /** Newest first. */
  listByAccount(accountId: string, limit: number): Promise<readonly AccountEvent[]>;
  removeBefore(time: number): Promise<number>;
}

/** The executable specification of an event store; forgets everything when the process ends. */
export class MemoryEventStore implements EventStore {
  #events: readonly AccountEvent[] = [];

  async append(event: AccountEvent): Promise<void> {
    this.#events = [event, ...this.#events];
  }

  async listByAccount(accountId: string, limit: number): Promise<readonly AccountEvent[]> {
    return this.#events
      .filter((event) => event.accountId === accountId)
      .toSorted((a, b) => b.at - a.at)
      .slice(0, limit);
  }

  async removeBefore(time: number): Promise<number> {
    const before = this.#events.length;
    this.#events = this.#events.filter(({ at }) => at >= time);
    return before - this.#events.length;
  }
}
