/** The set as a file: what `aegis verify --probe-accounts` reads. It holds passwords, and is its owner's alone. */
import Type from "typebox";
import Value from "typebox/value";

const closed = { additionalProperties: false } as const;
const word = Type.String({ minLength: 1, maxLength: 200 });

const probeAccount = Type.Object(
  {
    username: word,
    password: word,
    /** How many times faster, by setting of the policy. */
    paces: Type.Record(
      Type.String({ pattern: "^[A-Za-z.]{1,64}$" }),
      Type.Integer({ minimum: 1, maximum: 9_999_999 }),
      { maxProperties: 9 },
    ),
  },
  closed,
);
const probeAccountSet = Type.Object(
  {
    accounts: Type.Array(probeAccount, { maxItems: 50 }),
    /** When they end: an ISO date. */
    until: Type.String({ maxLength: 40 }),
  },
  closed,
);

export type ProbeAccount = Type.Static<typeof probeAccount>;
export type ProbeAccountSet = Type.Static<typeof probeAccountSet>;

/** Undefined for anything else. */
export const parseProbeAccounts = (data: unknown): ProbeAccountSet | undefined =>
  Value.Check(probeAccountSet, data) ? data : undefined;
