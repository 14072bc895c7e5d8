/**
 * What a person says of a requirement, signed. Threat: a word that nobody gave, of long ago, or for something else. Rule:
 * a statement names framework, version and requirement, who says it and until when it holds, at most a year; all of it
 * is under an Ed25519 signature of a key that was handed in; whatever is not right with it, it does not count, and the
 * result says so. References: requirement CHK-5; RFC 8032, RFC 8785.
 */
import Type from "typebox";
import { Value } from "typebox/value";
import { sealSchema } from "../../checklist/record.ts";
import { type ChecklistKeys, type ChecklistSigner, isGenuine, sealed } from "../../checklist/seal.ts";
import { sha256 } from "../../lib/bytes.ts";
import { canonical } from "../../lib/canonical.ts";
import { oneLine } from "../../lib/one-line.ts";
import { printable } from "../../verify/wire/text.ts";
import { ComplianceError } from "./errors.ts";
import { framework, frameworkIds } from "./framework.ts";

const closed = { additionalProperties: false } as const;
const at = Type.String({ pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$" });
const words = (longest: number) => Type.String({ pattern: "\\S", minLength: 1, maxLength: longest });

const bodySchema = Type.Object(
  {
    /** `attested`: it is met, by my word; `waived`: it is not, and we live with that. */
    kind: Type.Enum(["attested", "waived"]),
    framework: Type.String({ maxLength: 40 }),
    version: Type.String({ maxLength: 80 }),
    requirement: Type.String({ maxLength: 40 }),
    by: words(120),
    statement: words(2000),
    at,
    expires: at,
  },
  closed,
);
const attestationSchema = Type.Object({ body: bodySchema, seal: sealSchema }, closed);
const fileSchema = Type.Object(
  { format: Type.Literal(1), statements: Type.Array(Type.Unknown(), { maxItems: 2000 }) },
  closed,
);

type Body = Readonly<Type.Static<typeof bodySchema>>;
export type Attestation = Readonly<Type.Static<typeof attestationSchema>>;

/** A word does not hold longer: who gave it may be gone, and what it was about another thing. */
const LONGEST_DAYS = 366;
const DAY_MS = 86_400_000;
/** Clocks of two machines differ. */
const AHEAD_MS = 300_000;
export const MAX_ATTESTATIONS_BYTES = 8_000_000;

export interface AttestOptions {
  readonly kind: Body["kind"];
  readonly framework: string;
  readonly requirement: string;
  /** Who says so: 1 to 120 characters. */
  readonly by: string;
  /** What they say: 1 to 2000 characters. */
  readonly statement: string;
  /** When, and until when it holds: milliseconds since the Unix epoch. */
  readonly now: number;
  readonly expires: number;
}

/** @throws ComplianceError where there is no such requirement, no name, no words, or it would hold for too long */
export function attest(options: AttestOptions, signer: ChecklistSigner): Attestation {
  const { kind, requirement, now, expires } = options;
  const { id, version, requirements } = framework(options.framework);
  if (!requirements.some((one) => one.id === requirement))
    throw new ComplianceError(`${id} ${version} has no requirement ${requirement}.`);
  if (!(expires > now) || expires - now > LONGEST_DAYS * DAY_MS)
    throw new ComplianceError(`A statement holds from 1 to ${LONGEST_DAYS} days.`);
  const body: Body = {
    kind,
    framework: id,
    version,
    requirement,
    by: oneLine(options.by.toWellFormed()).trim(),
    statement: oneLine(options.statement.toWellFormed()).trim(),
    at: new Date(now).toISOString(),
    expires: new Date(expires).toISOString(),
  };
  if (!Value.Check(bodySchema, body))
    throw new ComplianceError("A name has 1 to 120 characters, a statement 1 to 2000.");
  return {
    body,
    seal: sealed({ seq: 1, hash: sha256(canonical(body)) }, body.at, signer, "aegis-attestation"),
  };
}

/** Why a statement does not count. */
export type Objection =
  | "no statement"
  | "of another framework or version"
  | "of no requirement"
  | "signed by a key that was not given"
  | "not what was signed"
  | "made later than now"
  | "holds for more than a year"
  | "expired";

export interface Judged {
  /** Undefined where it cannot even be read. */
  readonly body: Body | undefined;
  /** Undefined: it counts. */
  readonly objection: Objection | undefined;
}

/** As it stands in its file: one statement a line. */
export const attestationsText = (statements: readonly unknown[]): string =>
  `{"format":1,"statements":[\n${statements.map(canonical).join(",\n")}\n]}\n`;

/** @throws ComplianceError where the text is no file of statements; what is wrong with one of them is said of that one */
export function readAttestations(text: string): readonly unknown[] {
  if (text.length > MAX_ATTESTATIONS_BYTES) throw new ComplianceError("It is too large for statements.");
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw new ComplianceError("The statements are no JSON.");
  }
  if (!Value.Check(fileSchema, data))
    throw new ComplianceError("There are no statements in it: aegis compliance attest FILE writes them.");
  return data.statements;
}

export function judge(statement: unknown, keys: ChecklistKeys, now: number): Judged {
  if (!Value.Check(attestationSchema, statement)) return { body: undefined, objection: "no statement" };
  return { body: statement.body, objection: objectionTo(statement, keys, now) };
}

/** Undefined where the key was not given. */
function isSigned({ body, seal }: Attestation, keys: ChecklistKeys): boolean | undefined {
  const genuine = isGenuine(seal, keys, "aegis-attestation");
  return genuine === true ? seal.hash === hashOf(body) && seal.at === body.at && seal.seq === 1 : genuine;
}

/** Whether a body stands among statements as one that a given key signed; "missing" where it does not stand there. */
export function signatureOf(
  body: unknown,
  statements: readonly unknown[],
  keys: ChecklistKeys,
): "genuine" | "foreign" | "not what was signed" | "missing" {
  const wanted = hashOf(body);
  const signed = statements.flatMap((one) =>
    Value.Check(attestationSchema, one) && wanted !== undefined && hashOf(one.body) === wanted
      ? [isSigned(one, keys)]
      : [],
  );
  if (signed.length === 0) return "missing";
  return signed.includes(true) ? "genuine" : signed.includes(false) ? "not what was signed" : "foreign";
}

/**
 * Whether a body is the word that a row needs: for this requirement, of this kind, and good when the row was made. A
 * signature alone says none of it: a waiver shown as a yes, or a word for something else, has a genuine one too.
 */
export const isWordFor = (
  body: unknown,
  row: Pick<Body, "framework" | "version" | "requirement"> & {
    /** The row's status. */
    readonly status: string;
    /** Milliseconds since the Unix epoch. */
    readonly assessedAt: number;
  },
): boolean =>
  Value.Check(bodySchema, body) &&
  body.framework === row.framework &&
  body.version === row.version &&
  body.requirement === row.requirement &&
  body.kind === row.status &&
  Date.parse(body.at) <= row.assessedAt + AHEAD_MS &&
  Date.parse(body.expires) > row.assessedAt;

/** A statement that does not count, for people: requirement, who said it, and why. Nothing of it was believed. */
export const refusedText = ({ body, objection }: Judged): readonly [string, string, string] => [
  printable((body?.requirement ?? "?").toWellFormed(), 40),
  printable((body?.by ?? "?").toWellFormed(), 120),
  objection ?? "",
];

/** The signature comes first: of what nobody signed, no word is believed. */
function objectionTo({ body, seal }: Attestation, keys: ChecklistKeys, now: number): Objection | undefined {
  const signed = isSigned({ body, seal }, keys);
  if (signed === undefined) return "signed by a key that was not given";
  if (!signed) return "not what was signed";
  const known = frameworkIds.some((id) => id === body.framework) ? framework(body.framework) : undefined;
  if (known?.version !== body.version) return "of another framework or version";
  if (!known.requirements.some(({ id }) => id === body.requirement)) return "of no requirement";
  const [made, ends] = [Date.parse(body.at), Date.parse(body.expires)];
  if (!(made <= now + AHEAD_MS)) return "made later than now";
  if (!(ends - made <= LONGEST_DAYS * DAY_MS)) return "holds for more than a year";
  return ends > now ? undefined : "expired";
}

function hashOf(body: unknown): string | undefined {
  try {
    return sha256(canonical(body));
  } catch {
    return undefined; // half a character has no canonical form
  }
}
