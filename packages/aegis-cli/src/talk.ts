/** How the command speaks: data to stdout, talk to stderr; `error:` first, then `hint:`. */
import { styleText } from "node:util";
import { printable } from "aegis/verify";

type Style = Parameters<typeof styleText>[0];

/** Styled where a person reads it: not in a pipe, not under NO_COLOR. */
export const paint = (style: Style, text: string): string =>
  styleText(style, text, { stream: process.stdout, validateStream: true });

export const print = (text: string): void => void process.stdout.write(`${text}\n`);
export const tell = (text: string): void => void process.stderr.write(`${text}\n`);

/** `1 finding`, `2 findings`. */
export const counted = (count: number, one: string, more = `${one}s`): string =>
  `${count} ${count === 1 ? one : more}`;

/** A use that cannot work; ends the command with status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

const KNOWN = new Set([
  "UsageError",
  "PolicyError",
  "TargetError",
  "SecretError",
  "ConfigError",
  "CorpusError",
  "KeyRingError",
  "DataKeyError",
  "RewrapError",
  "BackupError",
  "CertificateError",
  "DeploymentError",
  "RenderError",
  "ReleaseError",
  "PreflightError",
  "ChecklistError",
  "ImportError",
  "ReportError",
  "ComplianceError",
  "WatchError",
  "MailError",
]);

const LONGEST_ERROR = 10_000;

/** The words may be out of a file or of a foreign answer: they do not steer the terminal (CWE-150). */
export function tellError(error: unknown): void {
  const known = error instanceof Error && KNOWN.has(error.name);
  const words =
    error instanceof Error ? (known ? error.message : (error.stack ?? error.message)) : String(error);
  tell(`error: ${harmless(words)}`);
  if (known && "hint" in error && typeof error.hint === "string") tell(`hint: ${harmless(error.hint)}`);
}

const harmless = (words: string): string =>
  words
    .slice(0, LONGEST_ERROR)
    .split("\n")
    .map((line) => printable(line, LONGEST_ERROR))
    .join("\n");

/** Rows as columns of even width. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>(
    (most, row) => row.map((cell, index) => Math.max(most[index] ?? 0, cell.length)),
    [],
  );
  return rows
    .map((row) =>
      row
        .map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? 0)))
        .join("  "),
    )
    .join("\n");
}
