/** A token family as Redis keeps it. What does not have the form is none: nobody is given tokens by it. */
import Type from "typebox";
import Value from "typebox/value";
import type { TokenFamily } from "../../token/store.ts";

const time = Type.Integer({ minimum: 0 });
const text = Type.String({ maxLength: 512 });

const familySchema = Type.Object({
  id: text,
  accountId: text,
  tenantId: Type.Union([text, Type.Null()]),
  sessionId: text,
  client: text,
  scopes: Type.Array(text),
  aal: Type.Union([Type.Literal(1), Type.Literal(2)]),
  provenAt: time,
  binding: Type.Object({ userAgent: text, network: text }),
  ip: text,
  userAgent: text,
  createdAt: time,
  lastUsedAt: time,
  refreshUntil: time,
  expiresAt: time,
});

/** The record as it was opened, with what changes at each use beside it. */
export function familyFrom(fields: ReadonlyMap<string, string>): TokenFamily | undefined {
  try {
    const opened: unknown = JSON.parse(fields.get("json") ?? "");
    if (!Value.Check(familySchema, opened)) return undefined;
    const family: unknown = {
      ...opened,
      ip: fields.get("ip"),
      userAgent: fields.get("userAgent"),
      lastUsedAt: Number(fields.get("lastUsedAt")),
      refreshUntil: Number(fields.get("refreshUntil")),
    };
    return Value.Check(familySchema, family) ? family : undefined;
  } catch {
    return undefined;
  }
}
