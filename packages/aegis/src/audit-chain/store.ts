import type { AuditRecord, ChainHead, FoundEntry } from "./chain.ts";
import type { SignedHead } from "./heads.ts";

export interface AppendOptions {
  /** A head that the caller has seen: whether it still stands is answered. */
  readonly known?: ChainHead | undefined;
  /** An append of these was not answered: what is there already (by id) is left out. */
  readonly again?: boolean;
}

export interface Appended {
  readonly head: ChainHead;
  /** False: the entry that the caller has seen is gone, or another stands in its place. */
  readonly knownHolds: boolean;
}

export interface AuditLine {
  readonly seq: number;
  readonly line: string;
}

/** What is looked for; what is undefined is not asked. */
export interface AuditQuery {
  /** Entries before this number. */
  readonly before?: number | undefined;
  readonly limit: number;
  /** A whole name, or the beginning up to a dot: "session.". */
  readonly event?: string | undefined;
  readonly outcome?: "success" | "failure" | undefined;
  readonly userId?: string | undefined;
  readonly source?: string | undefined;
  /** ISO 8601, UTC, in milliseconds; `since` is in, `until` is not. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

/** An append-only log: nothing here changes or removes an entry. */
export interface AuditLogStore {
  /** Behind whatever is last, whole or not at all; callers take turns, in whatever process they are. */
  append(records: readonly AuditRecord[], options?: AppendOptions): Promise<Appended>;
  head(): Promise<ChainHead>;
  /** Newest first. */
  page(query: AuditQuery): Promise<readonly FoundEntry[]>;
  /** Oldest first, behind the number, as lines of an export: exactly what is there, whoever wrote it. */
  lines(after: number, limit: number): Promise<readonly AuditLine[]>;
  addHead(head: SignedHead): Promise<void>;
  /** Oldest first, of entries behind the number. */
  heads(after: number, limit: number): Promise<readonly SignedHead[]>;
  lastHead(): Promise<SignedHead | undefined>;
}
