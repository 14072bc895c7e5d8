/**
 * What a watch knows, as plain data that survives it. Threat: a watcher that forgets what it has told tells it again, and
 * is no longer read; one that grows with what a target does falls over in the night. Rule: everything is in one state
 * that is written whole, every list in it is bounded, and every text of the target is short. References: requirement
 * OPS-4; ASVS 5.0 16.4.1; CWE-770.
 */
import Type from "typebox";
import { Value } from "typebox/value";

const closed = { additionalProperties: false } as const;
const text = (longest: number) => Type.String({ maxLength: longest });
/** Milliseconds since the Unix epoch. */
const moment = Type.Integer({ minimum: 0, maximum: 8_640_000_000_000 });
const number = Type.Integer({ minimum: 0 });

export const LIMITS = {
  claim: 300,
  observed: 300,
  advice: 700,
  changes: 500,
  gaps: 200,
  outbox: 100,
  buckets: 288,
  bins: 72,
  subjects: 600,
  values: 8,
  told: 20,
} as const;

/** good: as it should be. bad: not. unseen: nobody could tell, which is neither. */
export type Status = "good" | "bad" | "unseen";
const status = Type.Enum(["good", "bad", "unseen"]);
const statusOrNone = Type.Enum(["good", "bad", "unseen", "none"]);

const adviceSchema = Type.Object(
  { symptom: text(LIMITS.advice), cause: text(LIMITS.advice), fix: text(LIMITS.advice) },
  closed,
);
export type Advice = Readonly<Type.Static<typeof adviceSchema>>;

/** One look at one thing. */
export interface Observation {
  /** "health", "control:session.cookie-secure". */
  readonly subject: string;
  readonly claim: string;
  readonly status: Status;
  readonly observed: string;
  readonly advice?: Advice;
}

const subjectSchema = Type.Object(
  {
    claim: text(LIMITS.claim),
    /** What holds: what two looks in a row have said. */
    held: statusOrNone,
    heldSince: moment,
    /** What was told of it last. */
    told: statusOrNone,
    /** What the last looks have said, how often in a row, and since when. */
    seen: status,
    inARow: number,
    seenSince: moment,
    /** Bad looks that outweigh the good ones between them, and since when; absent: there are none. */
    stumbles: Type.Optional(Type.Object({ weight: number, since: moment }, closed)),
  },
  closed,
);
export type SubjectState = Readonly<Type.Static<typeof subjectSchema>>;

const changeSchema = Type.Object(
  {
    at: moment,
    /** When it was first seen so. */
    since: moment,
    subject: text(160),
    claim: text(LIMITS.claim),
    from: statusOrNone,
    to: Type.Enum(["good", "bad", "unseen", "other"]),
    observed: text(LIMITS.observed),
    advice: Type.Optional(adviceSchema),
    /** How long what ends here has lasted, in milliseconds. */
    lasted: Type.Optional(number),
  },
  closed,
);
/** What has become of a subject; "other": it is another than it was (a certificate, the policy), neither better nor worse. */
export type Change = Readonly<Type.Static<typeof changeSchema>>;

const noticeSchema = Type.Object(
  {
    id: Type.String({ pattern: "^[0-9a-f-]{36}$" }),
    at: moment,
    changes: Type.Array(changeSchema, { maxItems: LIMITS.told }),
    /** Changes of the same look that are in the report alone. */
    more: number,
  },
  closed,
);
/** What one look has changed: one message, however many controls a release broke. */
export type Notice = Readonly<Type.Static<typeof noticeSchema>>;

const parcelSchema = Type.Object(
  {
    /** "webhook", or "mail:" and the mark of an address. */
    channel: Type.String({ pattern: "^(webhook|mail:[\\w-]{22})$" }),
    notice: noticeSchema,
    attempts: number,
    nextAt: moment,
  },
  closed,
);
export type Parcel = Readonly<Type.Static<typeof parcelSchema>>;

const bucketSchema = Type.Object(
  {
    at: moment,
    good: number,
    bad: number,
    unseen: number,
    /** Latencies as [step, count]; see beats.ts. */
    bins: Type.Array(Type.Tuple([number, number]), { maxItems: LIMITS.bins }),
  },
  closed,
);
export type Bucket = Readonly<Type.Static<typeof bucketSchema>>;

const beatsSchema = Type.Object(
  {
    widthMs: Type.Integer({ minimum: 1000 }),
    buckets: Type.Array(bucketSchema, { maxItems: LIMITS.buckets }),
  },
  closed,
);
export type Beats = Readonly<Type.Static<typeof beatsSchema>>;

const gapSchema = Type.Object({ from: moment, to: moment }, closed);
export type Gap = Readonly<Type.Static<typeof gapSchema>>;

const stateSchema = Type.Object(
  {
    format: Type.Literal(1),
    origin: text(300),
    policyName: text(300),
    fingerprint: text(64),
    /** Which controls are looked at. */
    scope: text(120),
    startedAt: moment,
    until: moment,
    /** Up to here it was watched, but for the gaps. */
    lastAt: moment,
    finished: Type.Boolean(),
    subjects: Type.Record(text(160), subjectSchema, { maxProperties: LIMITS.subjects }),
    /** Keys and issuers that the target has shown. */
    identities: Type.Array(text(200), { maxItems: LIMITS.values }),
    /** One that was seen once. */
    newIdentity: text(200),
    /** Latencies of the window that is not full yet, in milliseconds. */
    window: Type.Array(number, { maxItems: 20 }),
    beats: beatsSchema,
    looks: Type.Object({ done: number, void: number }, closed),
    accountsMade: number,
    gaps: Type.Array(gapSchema, { maxItems: LIMITS.gaps }),
    notWatchedMs: number,
    changes: Type.Array(changeSchema, { maxItems: LIMITS.changes }),
    changesLost: number,
    outbox: Type.Array(parcelSchema, { maxItems: LIMITS.outbox }),
    parcels: Type.Object({ sent: number, lost: number }, closed),
  },
  closed,
);
export type WatchState = Readonly<Type.Static<typeof stateSchema>>;

export const isWatchState = (data: unknown): data is WatchState => Value.Check(stateSchema, data);
