/**
 * A checklist as a record. Threat: a list that is ticked afterwards, or made to say something else. Rule: entries are only
 * added; each has the hash of the one before; the last is signed, so that a change, a removal, another order and a cut end
 * are found without asking anybody. References: requirement CHK-8; RFC 8032, RFC 8785; ASVS 5.0 16.4.2.
 */
import Type from "typebox";
import { Value } from "typebox/value";
import { sha256 } from "../lib/bytes.ts";
import { canonical } from "../lib/canonical.ts";
import { listSchema } from "./steps.ts";

const closed = { additionalProperties: false } as const;
const text = (longest: number) => Type.String({ maxLength: longest });
const hash = Type.String({ pattern: "^[A-Za-z0-9_-]{43}$" });
const at = Type.String({ pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$" });
const name = Type.String({ pattern: "\\S", minLength: 1, maxLength: 120 });
const step = Type.String({ pattern: "^[a-z][a-z0-9-]{0,31}$" });
const outcome = Type.Enum(["pass", "fail", "not-applicable", "unknown", "error"]);

export const MAX_FINDINGS = 300;

const findingSchema = Type.Object(
  {
    from: Type.Enum(["preflight", "verify"]),
    id: text(120),
    subject: Type.Optional(text(700)),
    claim: text(400),
    outcome,
    observed: text(700),
    symptom: Type.Optional(text(1000)),
    cause: Type.Optional(text(1000)),
    fix: Type.Optional(text(2000)),
  },
  closed,
);

const startedSchema = Type.Object(
  {
    kind: Type.Literal("started"),
    at,
    application: name,
    /** Where it will answer. */
    origin: text(300),
    /** Fingerprint of the policy. */
    policy: text(64),
    list: listSchema,
  },
  closed,
);
const lookedSchema = Type.Object(
  {
    kind: Type.Literal("looked"),
    at,
    step,
    outcome,
    observed: text(700),
    findings: Type.Array(findingSchema, { maxItems: MAX_FINDINGS }),
    /** Findings for which there was no room: never those that are no pass, while there are others. */
    left_out: Type.Integer({ minimum: 0 }),
  },
  closed,
);
const markedSchema = Type.Object(
  {
    kind: Type.Literal("marked"),
    at,
    step,
    outcome: Type.Enum(["pass", "fail", "not-applicable"]),
    by: name,
    note: text(2000),
  },
  closed,
);
const approvedSchema = Type.Object(
  {
    kind: Type.Literal("approved"),
    at,
    by: name,
    role: step,
    answer: Type.Enum(["yes", "no"]),
    note: text(2000),
    /** Steps that were not done when it was given. */
    open: Type.Array(step, { maxItems: 1024 }),
  },
  closed,
);
const entrySchema = Type.Object(
  {
    seq: Type.Integer({ minimum: 1 }),
    previous: hash,
    record: Type.Union([startedSchema, lookedSchema, markedSchema, approvedSchema]),
    hash,
  },
  closed,
);
export const sealSchema = Type.Object(
  {
    seq: Type.Integer({ minimum: 1 }),
    hash,
    at,
    kid: hash,
    signature: Type.String({ pattern: "^[A-Za-z0-9_-]{86}$" }),
  },
  closed,
);
const recordSchema = Type.Object(
  {
    format: Type.Literal(1),
    entries: Type.Array(entrySchema, { minItems: 1, maxItems: 10_000 }),
    seal: sealSchema,
  },
  closed,
);

export type Finding = Readonly<Type.Static<typeof findingSchema>>;
export type Started = Readonly<Type.Static<typeof startedSchema>>;
export type Looked = Readonly<Type.Static<typeof lookedSchema>>;
export type Marked = Readonly<Type.Static<typeof markedSchema>>;
export type Approved = Readonly<Type.Static<typeof approvedSchema>>;
export type Entry = Readonly<Type.Static<typeof entrySchema>>;
export type Seal = Readonly<Type.Static<typeof sealSchema>>;
export type ChecklistRecord = Readonly<Type.Static<typeof recordSchema>>;

export const isRecordOfList = (data: unknown): data is ChecklistRecord => Value.Check(recordSchema, data);

/** What the first entry stands behind. */
export const GENESIS = sha256("aegis checklist 1");

export const hashOf = ({ seq, previous, record }: Omit<Entry, "hash">): string =>
  sha256(canonical({ previous, record, seq }));

export function appended(entries: readonly Entry[], record: Entry["record"]): readonly Entry[] {
  const last = entries.at(-1);
  const link = { seq: (last?.seq ?? 0) + 1, previous: last?.hash ?? GENESIS, record };
  return [...entries, { ...link, hash: hashOf(link) }];
}

/** As it stands in its file: one spelling, so that every byte counts; a line per entry, so that people can read it. */
export const textOf = ({ format, entries, seal }: ChecklistRecord): string =>
  `{"format":${format},"entries":[\n${entries.map(canonical).join(",\n")}\n],"seal":${canonical(seal)}}\n`;
