import { type Command, InvalidArgumentError } from "commander";
import { print, table, tell, UsageError } from "../talk.ts";
import { type Digest, digester } from "./digest.ts";
import { entryReader } from "./entry.ts";
import { linesOf, openLog } from "./input.ts";

interface LogsFlags {
  readonly since?: number;
  readonly until?: number;
  readonly top: number;
  readonly json?: boolean;
}

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const MOST_TOP = 1000;

/** A day, perhaps with a time, perhaps with a zone. */
const MOMENT = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:\d{2})?)?$/;

/** Milliseconds since the Unix epoch; NaN for what there is not. Without a zone it is UTC, as everything that is printed. */
function momentIn(text: string): number {
  const [, day = "", time = "00:00", zone = "Z"] = MOMENT.exec(text) ?? [];
  const midnight = Date.parse(`${day}T00:00:00Z`);
  // Of the 31st of February some parsers make the 3rd of March.
  if (Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(day)) return Number.NaN;
  return Date.parse(`${day}T${time}${zone}`);
}

/** "2h" ago, or a moment as ISO 8601. */
function moment(text: string): number {
  const [, amount = "", unit = ""] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  const ago = UNITS[unit];
  if (ago !== undefined) return Date.now() - Number(amount) * ago;
  const at = momentIn(text);
  if (Number.isNaN(at))
    throw new InvalidArgumentError("It must be a time ago (30m, 2h, 7d) or a moment (2026-03-01T08:00:00Z).");
  return at;
}

function rows(text: string): number {
  const count = Number(text);
  if (!/^\d{1,4}$/.test(text) || count < 1 || count > MOST_TOP)
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${MOST_TOP}.`);
  return count;
}

/** `aegis logs`: what went wrong, where, and who it came from, out of logs of any size in little memory. */
export function registerLogs(program: Command): void {
  program
    .command("logs")
    .description(
      "answer what a log knows: errors by route, refusals, failed sign-ins, time-outs, slow routes",
    )
    .argument("[file...]", "log files, .gz too; without them standard input (journalctl -o json works)")
    .option("--since <time>", "30m, 2h, 7d ago, or an ISO 8601 moment (UTC without a zone)", moment)
    .option("--until <time>", "the same", moment)
    .option("--top <n>", "rows of each table", rows, 10)
    .option("--json", "print it as JSON")
    .action(async (files: readonly string[], flags: LogsFlags) => {
      if (files.length === 0 && process.stdin.isTTY)
        throw new UsageError(
          "There is no log.",
          "Name files, or: journalctl -u 'hub@*' -o json --since -1d | aegis logs",
        );
      const range = {
        since: flags.since ?? Number.NEGATIVE_INFINITY,
        until: flags.until ?? Number.POSITIVE_INFINITY,
      };
      if (range.since > range.until)
        throw new UsageError(
          "No time is after --since and before --until.",
          "Give the earlier one as --since.",
        );
      const gathered = digester(range);
      const read = entryReader();
      const sources = files.length === 0 ? [undefined] : files;
      let unread = 0;
      for (const file of sources) {
        const stream = file === undefined ? process.stdin : openLog(file);
        try {
          for await (const line of linesOf(stream)) {
            if (line === "") continue;
            const entry = line === undefined ? undefined : read(line);
            if (entry === undefined) gathered.damagedLine();
            else gathered.take(entry);
          }
        } catch (error) {
          unread += 1;
          const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
          tell(
            code === "ENOENT"
              ? `error: There is no file ${file}.`
              : `error: ${file ?? "standard input"} could not be read to its end (${code})`,
          );
        }
      }
      const digest = gathered.digest(flags.top);
      process.exitCode = statusOf(digest, unread);
      if (digest.lines === 0 && unread === sources.length) return;
      if (flags.json === true) print(JSON.stringify(digest, undefined, 2));
      else show(digest);
    });
}

/** Nothing that could be read says nothing of what went wrong: that is no pass. */
function statusOf({ lines, damaged, from }: Digest, unread: number): 0 | 2 {
  if (lines > 0 && lines === damaged)
    tell(
      "error: No line of it is of a log.\nhint: It reads lines of JSON, as servers write them in production; what they print in development is for people.",
    );
  else if (lines > 0 && from === null)
    tell("error: No line of it is of that time.\nhint: Does the log end before it, or is it another log?");
  return from === null || unread > 0 ? 2 : 0;
}

function show({ lines, damaged, from, until, answers, tables, slowest }: Digest): void {
  print(`${lines} lines, ${from ?? "-"} to ${until ?? "-"}`);
  if (damaged > 0) print(`${damaged} of them damaged or no line of a log: not counted`);
  print(
    `answers: ${Object.entries(answers)
      .map(([group, count]) => `${group} ${count}`)
      .join(", ")}`,
  );
  for (const { title, total, rows: found, others, missed } of tables) {
    if (total === 0) continue;
    print(`\n${title} (${total})`);
    print(
      table([
        ...found.map(({ name, count }) => [String(count).padStart(9), name]),
        ...(others > 0 ? [[String(others).padStart(9), "(others)"]] : []),
      ]),
    );
    if (missed > 0) print(`  more names came by than are kept: each row may be ${missed} too low`);
  }
  if (slowest.length === 0) return;
  print("\nSlowest routes (milliseconds)");
  print(
    table([
      ["ANSWERS", "P50", "P95", "SLOWEST", "ROUTE"].map((cell, place) =>
        place < 4 ? cell.padStart(9) : cell,
      ),
      ...slowest.map((row) => [
        ...[row.answers, row.p50_ms, row.p95_ms, row.slowest_ms].map((cell) => String(cell).padStart(9)),
        row.route,
      ]),
    ]),
  );
}
