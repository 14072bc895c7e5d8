/** What a backup consists of, in the clear: names, sizes and digests of what is encrypted, and nothing of what is inside. */
import Type from "typebox";

const closed = { additionalProperties: false } as const;
const digest = Type.String({ pattern: "^[A-Za-z0-9_-]{43}$" });
const bytes = Type.Integer({ minimum: 0 });
const time = Type.String({ pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$" });
const walName = Type.String({ pattern: "^[0-9A-F]{24}$" });

/** In the order in which they are made: an upload that comes after the database's snapshot has no row, and is spare. */
export const PART_NAMES = ["database", "embedded", "base", "uploads", "contents"] as const;
export type PartName = (typeof PART_NAMES)[number];

/** What a part is once it is opened, in the end of its name: for whoever has to do it by hand. */
export const partFile = (name: PartName): string =>
  `${name}.${name === "database" ? "dump" : name === "contents" ? "json" : "tar"}.age`;

const partSchema = Type.Object({ name: Type.Enum([...PART_NAMES]), bytes, sha256: digest }, closed);

export const manifestSchema = Type.Object(
  {
    format: Type.Literal(1),
    id: Type.String({ pattern: "^\\d{8}T\\d{6}Z-[a-z0-9]{8}$" }),
    created_at: time,
    parts: Type.Array(partSchema, { minItems: 1, maxItems: PART_NAMES.length }),
    /** Only with a base: the log that it needs, and how long a segment is. */
    wal: Type.Optional(
      Type.Object(
        { first: walName, last: walName, segment_bytes: Type.Integer({ minimum: 1, maximum: 2 ** 30 }) },
        closed,
      ),
    ),
  },
  closed,
);

export type BackupPart = Type.Static<typeof partSchema>;
export type BackupManifest = Type.Static<typeof manifestSchema>;

/** "20261121T154500Z-1a2b3c4d": sorts by time, and two that are made at once differ. */
export const backupId = (now: number, suffix: string): string =>
  `${new Date(now).toISOString().replaceAll(/[-:]|\.\d{3}/g, "")}-${suffix}`;

export const isBackupId = (name: string): boolean => /^\d{8}T\d{6}Z-[a-z0-9]{8}$/.test(name);

/** Longest manifest that is read: five parts take 1 KB. */
export const MAX_MANIFEST_BYTES = 16_384;
