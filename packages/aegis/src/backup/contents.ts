/** The part that says what the others hold: encrypted, because names and numbers of rows tell of people, too. */
import Type from "typebox";
import { Value } from "typebox/value";
import { BackupError } from "./errors.ts";

const closed = { additionalProperties: false } as const;
const name = Type.String({ minLength: 1, maxLength: 256 });

export const contentsSchema = Type.Object(
  {
    versions: Type.Record(name, Type.String({ maxLength: 256 }), { maxProperties: 32 }),
    /** Names alone: a backup that held the values would be the key to itself. */
    environment: Type.Array(name, { maxItems: 2000 }),
    policy: Type.Unknown(),
    policy_fingerprint: Type.String({ pattern: "^[0-9a-f]{16}$" }),
    database: Type.Optional(
      Type.Object(
        {
          kind: Type.Enum(["postgresql", "embedded"]),
          /** Its name; null for the embedded one. */
          database: Type.Union([Type.Null(), name]),
          /** Roles that own something or are granted something: they belong to the server, and a dump has none of them. */
          roles: Type.Array(name, { maxItems: 10_000 }),
          /** Who may look into a base when it was restored; null where the server told none. */
          superuser: Type.Union([Type.Null(), name]),
          preload_libraries: Type.Array(name, { maxItems: 64 }),
          /** Rows of each table, quoted with its schema, in the very snapshot that was dumped. */
          tables: Type.Record(Type.String({ maxLength: 1024 }), Type.Integer({ minimum: 0 })),
          audit: Type.Union([
            Type.Null(),
            Type.Object({ seq: Type.Integer({ minimum: 1 }), hash: Type.String({ maxLength: 64 }) }, closed),
          ]),
        },
        closed,
      ),
    ),
    uploads: Type.Optional(Type.Object({ files: Type.Integer({ minimum: 0 }) }, closed)),
  },
  closed,
);

export type BackupContents = Type.Static<typeof contentsSchema>;
export type DatabaseContents = NonNullable<BackupContents["database"]>;

/** 10,000 tables with long names. */
export const MAX_CONTENTS_BYTES = 16 * 1024 * 1024;

/** @throws BackupError AEGIS_BACKUP_DAMAGED */
export function parseContents(text: string): BackupContents {
  let data: unknown;
  try {
    data = text.length > MAX_CONTENTS_BYTES ? undefined : JSON.parse(text);
  } catch {
    data = undefined;
  }
  if (!Value.Check(contentsSchema, data))
    throw new BackupError(
      "AEGIS_BACKUP_DAMAGED",
      "what it says of its contents has a form that is not known",
    );
  return data;
}
