/** What is revoked, as every instance must know it. Data only: it travels, is written down, and is read as data from outside. */
import Type from "typebox";
import Value from "typebox/value";

const field = Type.String({ maxLength: 128 });
const time = Type.Number();
/** Milliseconds since the epoch: by then nothing of it can be alive anywhere. */
const keptUntil = time;

export const revocationSchema = Type.Union([
  /** One session of one user; a session of that id of somebody else is not meant. */
  Type.Object({ kind: Type.Literal("session"), userId: field, sessionId: field, keptUntil }),
  /** Every session of the user that was opened before, but one. */
  Type.Object({
    kind: Type.Literal("user"),
    userId: field,
    before: time,
    exceptId: Type.Union([field, Type.Null()]),
    keptUntil,
  }),
  /** A token that was replaced without grace, while its session lives on. */
  Type.Object({ kind: Type.Literal("token"), tokenHash: field, keptUntil }),
  /** Access tokens: one by its id, those of a family, or those that a user was given before a time. */
  Type.Object({
    kind: Type.Literal("access"),
    of: Type.Enum(["token", "family", "user"]),
    id: field,
    before: time,
    keptUntil,
  }),
]);

export type Revocation = Readonly<Type.Static<typeof revocationSchema>>;

export const isRevocation = (value: unknown): value is Revocation => Value.Check(revocationSchema, value);

/** As much of a session as decides. */
export interface Revocable {
  readonly userId: string;
  readonly sessionId: string;
  readonly createdAt: number;
  /** The hash that the request came with. */
  readonly tokenHash: string;
}

/** As much of an access token as decides. */
export interface RevocableAccess {
  readonly jti: string;
  readonly family: string;
  readonly userId: string;
  readonly issuedAt: number;
}
