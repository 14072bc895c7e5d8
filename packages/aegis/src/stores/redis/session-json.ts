/** A session as Redis keeps it. What does not have the form is no session: nobody is signed in by it. */
import Type from "typebox";
import Value from "typebox/value";
import type { SessionRecord } from "../../session/record.ts";

const time = Type.Integer({ minimum: 0 });
const text = Type.String({ maxLength: 512 });

const sessionSchema = Type.Object({
  id: text,
  tokenHash: text,
  previousTokenHash: Type.Union([text, Type.Null()]),
  graceUntil: Type.Union([time, Type.Null()]),
  subject: Type.Object({
    userId: text,
    username: text,
    roles: Type.Array(text),
    /** Sessions from before there were tenants work in none. */
    tenantId: Type.Optional(Type.Union([text, Type.Null()])),
  }),
  stage: Type.Union([
    Type.Literal("complete"),
    Type.Literal("second-factor"),
    Type.Literal("password-change"),
    Type.Literal("enrolment"),
  ]),
  aal: Type.Union([Type.Literal(1), Type.Literal(2)]),
  methods: Type.Array(text),
  provenAt: time,
  rememberMe: Type.Boolean(),
  createdAt: time,
  lastSeenAt: time,
  rotatedAt: time,
  idleExpiresAt: time,
  absoluteExpiresAt: time,
  ip: text,
  userAgent: text,
});

export function parseSession(json: string): SessionRecord | undefined {
  try {
    const value: unknown = JSON.parse(json);
    if (!Value.Check(sessionSchema, value)) return undefined;
    return { ...value, subject: { ...value.subject, tenantId: value.subject.tenantId ?? null } };
  } catch {
    return undefined;
  }
}
