/** `preflight` of aegis.config.ts: data from outside, so every key is checked and a misspelt one is named. */
import Type from "typebox";
import { Value } from "typebox/value";

const closed = { additionalProperties: false } as const;
const path = Type.String({ minLength: 1, maxLength: 1024 });
const word = Type.String({ minLength: 1, maxLength: 256 });
const list = <T extends Type.TSchema>(of: T) => Type.Optional(Type.Array(of, { maxItems: 64 }));

export const preflightSchema = Type.Object(
  {
    /** Files that nobody but the server may read, beside those that variables name. */
    files: list(path),
    certificates: list(
      Type.Object(
        { file: path, key: Type.Optional(path), ca: Type.Optional(path), names: list(word) },
        closed,
      ),
    ),
    /** The application's own; the library's are known. */
    migrations: list(Type.Object({ name: word, directory: path }, closed)),
    /** Where package.json, package-lock.json and node_modules are. Default: the folder of the configuration. */
    packages: Type.Optional(path),
    disks: list(Type.Object({ path, minBytes: Type.Integer({ minimum: 0 }) }, closed)),
    ports: list(
      Type.Object({ port: Type.Integer({ minimum: 1, maximum: 65_535 }), by: Type.Optional(word) }, closed),
    ),
    /** Addresses that the public host name must have, and no others. */
    addresses: list(word),
    clock: Type.Optional(
      Type.Object(
        {
          toleranceSeconds: Type.Optional(Type.Number({ minimum: 0.1, maximum: 300 })),
          url: Type.Optional(word),
        },
        closed,
      ),
    ),
    git: Type.Optional(
      Type.Object(
        {
          /** Marks of findings that somebody has looked at, and that are no secrets. */
          reviewed: Type.Optional(
            Type.Array(Type.String({ pattern: "^[A-Za-z0-9_-]{12}$" }), { maxItems: 1000 }),
          ),
          maxBytes: Type.Optional(Type.Integer({ minimum: 1024, maximum: 2 ** 32 })),
          seconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 3600 })),
        },
        closed,
      ),
    ),
    backups: Type.Optional(
      Type.Object(
        { directory: Type.Optional(path), maxAgeSeconds: Type.Optional(Type.Integer({ minimum: 60 })) },
        closed,
      ),
    ),
    /** The folder of releases/ and current. */
    releases: Type.Optional(path),
    live: Type.Optional(
      Type.Object(
        {
          healthPath: Type.Optional(Type.String({ pattern: "^/\\S{0,1023}$" })),
          readyPath: Type.Optional(Type.String({ pattern: "^/\\S{0,1023}$" })),
        },
        closed,
      ),
    ),
    /** How things are started here, for the fixes. */
    commands: Type.Optional(
      Type.Object(
        { restart: Type.Optional(word), startDatabase: Type.Optional(word), startRedis: Type.Optional(word) },
        closed,
      ),
    ),
  },
  closed,
);

export type PreflightSettings = Type.Static<typeof preflightSchema>;

export class PreflightError extends Error {
  override readonly name = "PreflightError";
}

/** @throws PreflightError naming the key that is wrong */
export function parsePreflightSettings(data: unknown): PreflightSettings {
  if (Value.Check(preflightSchema, data)) return data;
  const [first] = Value.Errors(preflightSchema, data);
  throw new PreflightError(
    `preflight${first?.instancePath.replaceAll("/", ".") ?? ""}: ${first?.message ?? "it is no object"}`,
  );
}

export const preflightDefaults = {
  /** CHK-1. */
  minBytes: 10_000_000_000,
  /** A day, and two hours for the backup itself and a timer that is late. */
  maxAgeSeconds: 26 * 3600,
  /** Authenticator codes live for 30 s, and one step of tolerance is all that there is. */
  toleranceSeconds: 2,
  historyBytes: 256_000_000,
  historySeconds: 120,
  healthPath: "/health",
  readyPath: "/ready",
  restart: "systemctl restart hub",
  startDatabase: "systemctl start postgresql",
  startRedis: "systemctl start redis-server",
} as const;
