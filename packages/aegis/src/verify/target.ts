/** Reads a target description: data from outside, so every key is checked and a misspelt one is named. */
import Type from "typebox";
import { Value } from "typebox/value";
import type { TargetCall, TargetDescription } from "../control.ts";
import { systemRandom } from "../lib/random.ts";

const closed = { additionalProperties: false } as const;
const path = Type.String({ pattern: "^/[^\\s]*$", maxLength: 2048 });
const word = Type.String({ maxLength: 256 });
const callKeys = {
  method: Type.Optional(Type.String({ pattern: "^[A-Z]{1,16}$" })),
  path,
  encoding: Type.Optional(Type.Enum(["json", "form"])),
  body: Type.Optional(Type.Record(Type.String({ maxLength: 128 }), Type.String({ maxLength: 4096 }))),
};

export const targetSchema = Type.Object(
  {
    $schema: Type.Optional(word),
    name: Type.Optional(word),
    routes: Type.Optional(
      Type.Array(
        Type.Object(
          {
            method: Type.String({ pattern: "^[A-Z]{1,16}$" }),
            path,
            access: Type.String({ pattern: "^(public|authenticated|role:[a-z_-]+|group:[a-z0-9-]+)$" }),
            tenant: Type.Optional(Type.String({ pattern: "^[a-z][a-z_-]{0,31}$" })),
            csrf: Type.Optional(Type.Boolean()),
          },
          closed,
        ),
        { maxItems: 1000 },
      ),
    ),
    register: Type.Optional(Type.Object(callKeys, closed)),
    login: Type.Optional(Type.Object({ ...callKeys, rememberField: Type.Optional(word) }, closed)),
    logout: Type.Optional(Type.Object(callKeys, closed)),
    sessionCheck: Type.Optional(Type.Object(callKeys, closed)),
    sessionRefresh: Type.Optional(Type.Object(callKeys, closed)),
    activity: Type.Optional(Type.Object(callKeys, closed)),
    csrf: Type.Optional(
      Type.Object(
        { tokenPath: path, tokenField: word, header: Type.Optional(word), formField: Type.Optional(word) },
        closed,
      ),
    ),
    write: Type.Optional(Type.Object(callKeys, closed)),
    sessionCookie: Type.Optional(word),
    samples: Type.Optional(
      Type.Object(
        {
          html: Type.Optional(path),
          json: Type.Optional(path),
          personal: Type.Optional(path),
          static: Type.Optional(path),
        },
        closed,
      ),
    ),
    verifyEmail: Type.Optional(Type.Object(callKeys, closed)),
    resendCode: Type.Optional(Type.Object(callKeys, closed)),
    forgot: Type.Optional(Type.Object(callKeys, closed)),
    reset: Type.Optional(Type.Object(callKeys, closed)),
    changePassword: Type.Optional(Type.Object(callKeys, closed)),
    deleteAccount: Type.Optional(Type.Object(callKeys, closed)),
    limits: Type.Optional(
      Type.Record(Type.String({ pattern: "^[a-z][a-zA-Z0-9]{0,31}$" }), Type.Object(callKeys, closed), {
        maxProperties: 64,
      }),
    ),
    uploads: Type.Optional(
      Type.Object(
        {
          create: Type.Object({ ...callKeys, idField: word, nameField: word }, closed),
          contentPath: path,
          remove: Type.Object(callKeys, closed),
        },
        closed,
      ),
    ),
    richText: Type.Optional(Type.Object({ ...callKeys, htmlField: word }, closed)),
    mfa: Type.Optional(
      Type.Object(
        {
          setup: Type.Object({ ...callKeys, secretField: word }, closed),
          confirm: Type.Object({ ...callKeys, codesField: word }, closed),
          verify: Type.Object(callKeys, closed),
          verifyBackup: Type.Optional(Type.Object(callKeys, closed)),
          passkeyOptions: Type.Optional(Type.Object(callKeys, closed)),
        },
        closed,
      ),
    ),
    tokens: Type.Optional(
      Type.Object(
        {
          issue: Type.Object({ ...callKeys, accessField: word, refreshField: word }, closed),
          refresh: Type.Object(callKeys, closed),
          keysPath: path,
          use: Type.Object(callKeys, closed),
        },
        closed,
      ),
    ),
    apiKeys: Type.Optional(
      Type.Object(
        {
          create: Type.Object(
            {
              ...callKeys,
              keyField: word,
              idField: word,
              scopesField: word,
              lifetimeField: Type.Optional(word),
            },
            closed,
          ),
          list: Type.Object({ ...callKeys, scopesField: Type.Optional(word) }, closed),
          rotate: Type.Optional(Type.Object(callKeys, closed)),
          revoke: Type.Object(callKeys, closed),
          usage: Type.Optional(Type.Object(callKeys, closed)),
          routes: Type.Array(Type.Object({ path, scope: word }, closed), { minItems: 1, maxItems: 20 }),
        },
        closed,
      ),
    ),
    tenancy: Type.Optional(
      Type.Object(
        {
          open: Type.Object(callKeys, closed),
          current: Type.Object(callKeys, closed),
          tenantField: word,
          enter: Type.Object(callKeys, closed),
          invite: Type.Object(callKeys, closed),
          accept: Type.Object(callKeys, closed),
          members: Type.Object(callKeys, closed),
          remove: Type.Object(callKeys, closed),
          use: Type.Object(callKeys, closed),
        },
        closed,
      ),
    ),
    isolation: Type.Optional(
      Type.Object(
        {
          account: Type.Optional(Type.Object({ username: word, password: word }, closed)),
          otherAccount: Type.Optional(Type.Object({ username: word, password: word }, closed)),
          makes: Type.Optional(Type.Array(Type.Object(callKeys, closed), { maxItems: 100 })),
        },
        closed,
      ),
    ),
    breachedPassword: Type.Optional(word),
    administrator: Type.Optional(Type.Object({ username: word, password: word }, closed)),
    credentials: Type.Optional(Type.Object({ username: word, password: word }, closed)),
  },
  closed,
);

export class TargetError extends Error {
  override readonly name = "TargetError";
}

const MAX_PROBLEMS = 5;

/** @throws TargetError naming what is wrong and what is known there. */
export function parseTarget(data: unknown): TargetDescription {
  if (Value.Check(targetSchema, data)) return data;
  const problems = Value.Errors(targetSchema, data)
    .filter(({ keyword }) => keyword !== "boolean")
    .slice(0, MAX_PROBLEMS)
    .map((error) => {
      const extra =
        error.keyword === "additionalProperties" ? ` (${error.params.additionalProperties.join(", ")})` : "";
      return `${error.instancePath === "" ? "the target" : error.instancePath} ${error.message}${extra}`;
    });
  throw new TargetError(
    `The target description is not valid: ${problems.join("; ")}. Known keys: ${Object.keys(targetSchema.properties).join(", ")}.`,
  );
}

/** A call's body with `{username}` and its like filled in; `{random}` is new in every call that does not give it. */
export function fill(call: TargetCall, values: Readonly<Record<string, string>>): Record<string, string> {
  const known = new Map(Object.entries({ random: systemRandom.token(9), ...values }));
  return Object.fromEntries(
    Object.entries(call.body ?? {}).map(([key, text]) => [
      key,
      text.replace(/\{(\w+)\}/g, (whole, name: string) => known.get(name) ?? whole),
    ]),
  );
}

/** The call as a request: its body as JSON or as a form. */
export function requestOf(
  call: TargetCall,
  values: Readonly<Record<string, string>> = {},
  extra: Readonly<Record<string, unknown>> = {},
) {
  const method = call.method ?? (call.body === undefined ? "GET" : "POST");
  const body = { ...fill(call, values), ...extra };
  if (Object.keys(body).length === 0) return { method, path: call.path };
  if (call.encoding === "form")
    return {
      method,
      path: call.path,
      form: Object.fromEntries(Object.entries(body).map(([key, value]) => [key, String(value)])),
    };
  return { method, path: call.path, json: body };
}
