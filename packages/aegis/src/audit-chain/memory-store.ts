import { canonical } from "../lib/canonical.ts";
import { type AuditRecord, type ChainEntry, type ChainHead, GENESIS, linked, lineOf } from "./chain.ts";
import type { SignedHead } from "./heads.ts";
import type { AppendOptions, Appended, AuditLine, AuditLogStore, AuditQuery } from "./store.ts";

/** Beyond it the oldest entries go: a process that forgets everything at its end need not grow until then. */
const MOST_ENTRIES = 100_000;

/** The executable specification of an audit log; forgets everything when the process ends. */
export class MemoryAuditLogStore implements AuditLogStore {
  #entries: ChainEntry[] = [];
  #heads: SignedHead[] = [];

  async append(records: readonly AuditRecord[], { known, again }: AppendOptions = {}): Promise<Appended> {
    const there = again === true ? new Set(this.#entries.map(({ record }) => record.id)) : undefined;
    const knownHolds = known === undefined || known.seq === 0 || this.#at(known.seq)?.hash === known.hash;
    const last = this.#head();
    this.#entries.push(
      ...linked(
        last,
        records.filter(({ id }) => there?.has(id) !== true),
      ),
    );
    if (this.#entries.length > MOST_ENTRIES) this.#entries = this.#entries.slice(-MOST_ENTRIES / 2);
    return { head: this.#head(), knownHolds };
  }

  async head(): Promise<ChainHead> {
    return this.#head();
  }

  #head(): ChainHead {
    const last = this.#entries.at(-1);
    return last === undefined ? GENESIS : { seq: last.seq, hash: last.hash };
  }

  async page(query: AuditQuery): Promise<readonly ChainEntry[]> {
    const found: ChainEntry[] = [];
    for (const entry of this.#entries.toReversed()) {
      if (found.length >= query.limit) break;
      if (matches(entry, query)) found.push(entry);
    }
    return found;
  }

  async lines(after: number, limit: number): Promise<readonly AuditLine[]> {
    return this.#entries
      .filter(({ seq }) => seq > after)
      .slice(0, limit)
      .map((entry) => ({ seq: entry.seq, line: lineOf(entry, canonical(entry.record)) }));
  }

  async addHead(head: SignedHead): Promise<void> {
    this.#heads = [...this.#heads.slice(-MOST_ENTRIES / 100), head];
  }

  async heads(after: number, limit: number): Promise<readonly SignedHead[]> {
    return this.#heads
      .filter(({ seq }) => seq > after)
      .toSorted((a, b) => a.seq - b.seq)
      .slice(0, limit);
  }

  async lastHead(): Promise<SignedHead | undefined> {
    return this.#heads.toSorted((a, b) => a.seq - b.seq).at(-1);
  }

  #at(seq: number): ChainEntry | undefined {
    const first = this.#entries[0]?.seq ?? 1;
    return this.#entries[seq - first];
  }
}

function matches({ seq, record }: ChainEntry, query: AuditQuery): boolean {
  const { before, event, outcome, userId, source, since, until } = query;
  const named = (name: string): boolean =>
    name.endsWith(".") ? record.event.startsWith(name) : record.event === name;
  return (
    (before === undefined || seq < before) &&
    (event === undefined || named(event)) &&
    (outcome === undefined || record.outcome === outcome) &&
    (userId === undefined || record.user_id === userId) &&
    (source === undefined || record.source === source) &&
    (since === undefined || record.at >= since) &&
    (until === undefined || record.at < until)
  );
}
