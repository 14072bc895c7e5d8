/**
 * What an operator says once about a deployment: `release.config.json` in its folder. Commands are lists of arguments,
 * never a line for a shell: nothing that a release names itself can become a command.
 */
import Type from "typebox";
import Value from "typebox/value";

/** What cannot work, or did not; the message says what to do where that is known. */
export class ReleaseError extends Error {
  override readonly name = "ReleaseError";
}

const argument = Type.String({ maxLength: 4096 });
const command = Type.Array(argument, { minItems: 1, maxItems: 64 });
const orNone = Type.Union([command, Type.Literal(false)]);
const name = Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$" });
const address = Type.String({ pattern: "^https?://[^/?#@]+$", maxLength: 256 });
const closed = { additionalProperties: false } as const;

const settingsSchema = Type.Object(
  {
    /** Where visitors reach it: what `verify` is run against. */
    address,
    instances: Type.Array(
      Type.Object(
        {
          name,
          /** Where this one answers by itself, e.g. "http://127.0.0.1:3001". */
          address,
          /** The Host header for it, where it answers to its public name alone. */
          host: Type.Optional(Type.String({ pattern: "^[A-Za-z0-9.:\\[\\]-]+$", maxLength: 256 })),
          /** Ends the old process and starts one from `current`; returns when the old one is gone. */
          restart: command,
          /** For a proxy that does not look at `out/NAME`. */
          takeOut: Type.Optional(command),
          takeIn: Type.Optional(command),
        },
        closed,
      ),
      { minItems: 1, maxItems: 32 },
    ),
    preflight: Type.Optional(orNone),
    backup: Type.Optional(orNone),
    /** `status` prints the applied ids as a JSON list; `down` is given the ids to stay at, as arguments in place of "{heads}". */
    migrate: Type.Optional(
      Type.Union([Type.Object({ status: command, up: command, down: command }, closed), Type.Literal(false)]),
    ),
    verify: Type.Optional(orNone),
    fingerprint: Type.Optional(orNone),
    /** Files of NAME=value lines for all commands but those of the instances, later ones above earlier ones. */
    environmentFiles: Type.Optional(
      Type.Array(Type.String({ pattern: "^/", maxLength: 1024 }), { maxItems: 16 }),
    ),
    commandSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400 })),
    healthSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 3600 })),
    settleMilliseconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 60_000 })),
    keepCount: Type.Optional(Type.Integer({ minimum: 2, maximum: 100 })),
  },
  closed,
);

export type Command = readonly string[];

export interface Instance {
  readonly name: string;
  readonly address: string;
  readonly host: string | undefined;
  readonly restart: Command;
  readonly takeOut: Command | undefined;
  readonly takeIn: Command | undefined;
}

export interface ReleaseSettings {
  readonly address: string;
  readonly instances: readonly Instance[];
  readonly preflight: Command | undefined;
  readonly backup: Command | undefined;
  readonly migrate: { readonly status: Command; readonly up: Command; readonly down: Command } | undefined;
  readonly verify: Command | undefined;
  readonly fingerprint: Command | undefined;
  readonly environmentFiles: readonly string[];
  /** What is in them: secrets. It goes to commands, and is never told. */
  readonly environment: Readonly<Record<string, string>>;
  /** No command may take longer. Default 1800. */
  readonly commandSeconds: number;
  /** How long an instance may take until it answers /health and /ready with 200. Default 60. */
  readonly healthSeconds: number;
  /** Between taking an instance out and ending it: what a proxy had chosen before is on its way. Default 1000. */
  readonly settleMilliseconds: number;
  /** Releases whose folders are kept, the live one and the one before always among them. Default 5. */
  readonly keepCount: number;
}

/**
 * "aegis" as the first word is the program that runs the release. Nothing is left out silently: a step that shall not
 * be taken is `false` in the settings.
 */
const usual = {
  preflight: ["aegis", "check", "--release", "{directory}"],
  backup: ["aegis", "backup", "create"],
  verify: ["aegis", "verify", "{address}", "--fast"],
  fingerprint: ["aegis", "policy", "show", "--environment", "production"],
} as const;

const chosen = (given: Command | false | undefined, otherwise: Command): Command | undefined =>
  given === false ? undefined : (given ?? otherwise);

/** @throws ReleaseError naming what is wrong */
export function parseReleaseSettings(data: unknown): ReleaseSettings {
  if (!Value.Check(settingsSchema, data)) {
    const [first] = Value.Errors(settingsSchema, data);
    throw new ReleaseError(
      `release.config.json: ${first?.instancePath === undefined || first.instancePath === "" ? "it" : first.instancePath} ${first?.message ?? "is not as it must be"}.`,
    );
  }
  const names = data.instances.map((one) => one.name);
  if (new Set(names).size !== names.length)
    throw new ReleaseError("release.config.json: two instances have one name.");
  if (data.migrate === undefined)
    throw new ReleaseError("release.config.json: say how to migrate (status, up, down), or `false`.");
  return {
    address: data.address,
    instances: data.instances.map((one) => ({
      name: one.name,
      address: one.address,
      host: one.host,
      restart: one.restart,
      takeOut: one.takeOut,
      takeIn: one.takeIn,
    })),
    preflight: chosen(data.preflight, usual.preflight),
    backup: chosen(data.backup, usual.backup),
    migrate: data.migrate === false ? undefined : data.migrate,
    verify: chosen(data.verify, usual.verify),
    fingerprint: chosen(data.fingerprint, usual.fingerprint),
    environmentFiles: data.environmentFiles ?? [],
    environment: {},
    commandSeconds: data.commandSeconds ?? 1800,
    healthSeconds: data.healthSeconds ?? 60,
    settleMilliseconds: data.settleMilliseconds ?? 1000,
    keepCount: data.keepCount ?? 5,
  };
}
