/**
 * The chain. Threat: whoever can write to the database removes the trace of what they did. Rule: each entry has the hash
 * of the one before, so that a changed, moved, put-in or removed one breaks the chain at its number; and the end of the
 * chain is signed from time to time and told elsewhere, so that a cut or wholly rewritten one is found too.
 * References: RFC 8785; FIPS 180-4; ASVS 5.0 16.4.2, 16.4.3; NIST SP 800-92 5.3; requirement DAT-4.
 */
import Type from "typebox";
import { Value } from "typebox/value";
import { sha256 } from "../lib/bytes.ts";
import { canonical } from "../lib/canonical.ts";

const short = (longest: number) => Type.String({ maxLength: longest });
const recordSchema = Type.Object(
  {
    id: Type.String({ pattern: "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$" }),
    /** ISO 8601, UTC, in milliseconds. */
    at: Type.String({ pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$" }),
    event: short(64),
    outcome: Type.Enum(["success", "failure"]),
    request_id: short(64),
    /** A keyed hash of the address: who has the address and the key can ask for it, nobody can read it here. */
    source: short(64),
    user_id: Type.Optional(short(64)),
    session_id: Type.Optional(short(64)),
    bearer_id: Type.Optional(short(64)),
    code: Type.Optional(short(64)),
    facts: Type.Optional(Type.Record(Type.String(), Type.Union([short(500), Type.Number(), Type.Boolean()]))),
  },
  { additionalProperties: false },
);

/**
 * What is kept of an event for good. Nobody's name, address or words: an account that is erased leaves an id here that
 * belongs to nobody any more, and the chain whole.
 */
export type AuditRecord = Readonly<Type.Static<typeof recordSchema>>;
export const isAuditRecord = (value: unknown): value is AuditRecord => Value.Check(recordSchema, value);

export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}

export interface ChainEntry extends ChainHead {
  /** Hash of the entry before. */
  readonly previous: string;
  readonly record: AuditRecord;
}

/** An entry as it was found: nobody has looked yet whether it is one. */
export interface FoundEntry extends Omit<ChainEntry, "record"> {
  readonly record: unknown;
}

/** What the first entry stands behind. */
export const GENESIS: ChainHead = { seq: 0, hash: sha256("aegis audit chain 1") };

export const hashOf = (entry: {
  readonly seq: unknown;
  readonly previous: unknown;
  readonly record: unknown;
}): string => sha256(canonical({ previous: entry.previous, record: entry.record, seq: entry.seq }));

/** The records as entries behind `head`. */
export function linked(head: ChainHead, records: readonly AuditRecord[]): ChainEntry[] {
  let last = head;
  return records.map((record) => {
    const link = { seq: last.seq + 1, previous: last.hash, record };
    const entry = { ...link, hash: hashOf(link) };
    last = entry;
    return entry;
  });
}

/** Whether an entry is what its own hash says; where it stands is another question. */
export function isIntact(entry: FoundEntry): entry is ChainEntry {
  if (!isAuditRecord(entry.record)) return false;
  try {
    return hashOf(entry) === entry.hash;
  } catch {
    return false;
  }
}

/** An entry as a line of an export; `record` as the text that is kept. */
export const lineOf = ({ seq, previous, hash }: Omit<FoundEntry, "record">, record: string): string =>
  `{"hash":${JSON.stringify(hash)},"previous":${JSON.stringify(previous)},"record":${record},"seq":${seq}}`;
