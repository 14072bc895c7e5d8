import { closeSync, openSync, writeFileSync } from "node:fs";
import { extname } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { fingerprint } from "aegis";
import { preflightDefaults } from "aegis/preflight";
import { catalogue } from "aegis/verify";
import {
  begun,
  durationText,
  goneOn,
  heldAgainst,
  lineOf,
  lockWatch,
  readWatch,
  WatchError,
  type WatchPlan,
  type WatchReport,
  watchHtml,
  watchJson,
  watchMarkdown,
  watchReport,
  type WatchState,
  watchStatus,
} from "aegis/watch";
import { wholeDays } from "../certs/certs.ts";
import { loadConfig } from "../config.ts";
import { print, tell, UsageError } from "../talk.ts";
import { aimAt, aiming, type AimOptions } from "../verify/verify.ts";
import { Deliverer } from "./deliver.ts";
import { Keeper } from "./keeper.ts";
import { scopeOf } from "./looks.ts";
import { watch } from "./loop.ts";
import { openSenders, type SenderFlags } from "./senders.ts";
import { watchTerminal } from "./terminal.ts";

interface Flags extends AimOptions, SenderFlags {
  readonly for?: number;
  readonly every: number;
  readonly beat: number;
  readonly state: string;
  readonly report: readonly string[];
  readonly slow: number;
  readonly clock: number;
  readonly days: number;
  readonly only?: string;
  readonly healthPath?: string;
  readonly readyPath?: string;
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** "30s", "24h", within bounds; in milliseconds. */
const time =
  (least: string, most: string) =>
  (text: string): number => {
    const milliseconds = inMs(text);
    if (!(milliseconds >= inMs(least) && milliseconds <= inMs(most)))
      throw new InvalidArgumentError(`It must be from ${least} to ${most}, e.g. 90s, 15m, 24h.`);
    return milliseconds;
  };

function inMs(text: string): number {
  const [, amount = "", unit = ""] = /^(\d{1,6})(ms|s|m|h|d)$/.exec(text) ?? [];
  return amount === "" ? Number.NaN : Number(amount) * (UNITS[unit] ?? Number.NaN);
}

const DAY_MS = 86_400_000;
const many = (one: string, all: readonly string[]): readonly string[] => [...all, one];

/** `aegis watch URL`: exit status 0 nothing failed, 1 something did, 2 it could not be watched. */
export function registerWatch(program: Command): void {
  aiming(program.command("watch"))
    .description("watch a live deployment, and tell what changes: health, controls, certificate, clock")
    .option("--for <time>", "how long; default: 24h", time("5s", "90d"))
    .addOption(
      new Option("--every <time>", "look at the controls and the certificate so often")
        .argParser(time("5s", "24h"))
        .default(900_000, "15m"),
    )
    .addOption(
      new Option("--beat <time>", "ask after its health so often")
        .argParser(time("1s", "1h"))
        .default(30_000, "30s"),
    )
    .option("--state <file>", "what the watch knows: a second run goes on with it", "aegis-watch.json")
    .addOption(
      new Option("--report <file>", "write the report there: .md, .html or .json; repeatable")
        .argParser(many)
        .default([], "none"),
    )
    .option("--only <room>", "only the controls of one room")
    .addOption(
      new Option("--slow <time>", "an answer about health is late after it")
        .argParser(time("1ms", "10s"))
        .default(1000, "1s"),
    )
    .addOption(
      new Option("--clock <time>", "so far apart clocks may be")
        .argParser(time("1s", "1h"))
        .default(2000, "2s"),
    )
    .option("--days <number>", "so many days a certificate has to have left", wholeDays, 30)
    .option("--health-path <path>", "default: /health, or what aegis.config says (preflight.live)")
    .option("--ready-path <path>", "default: /ready, or what aegis.config says")
    .option("--webhook <url>", "tell it there (or WATCH_WEBHOOK_URL); signed with WATCH_WEBHOOK_SECRET")
    .addOption(
      new Option("--mail-to <address>", "tell it there, by SMTP_URL; repeatable")
        .argParser(many)
        .default([], "nobody"),
    )
    .option("--mail-from <address>", "whom the mail is from")
    .option("--mail-ca <file>", "trust this authority of the mail server (PEM)")
    .action(async (url: string, flags: Flags) => {
      for (const file of flags.report) writable(file);
      refuseUnknownRoom(flags.only);
      const aim = await aimAt(url, flags);
      const senders = await openSenders(flags, aim.origin);
      const live = (await loadConfig(process.cwd()))?.preflight?.live ?? {};
      const scope = scopeOf(aim, flags.only);
      const plan: WatchPlan = {
        origin: aim.origin,
        policyName: aim.policyName,
        fingerprint: fingerprint(aim.policy),
        scope: scope.words,
        forMs: flags.for ?? DAY_MS,
        beatMs: flags.beat,
        slowMs: flags.slow,
        clockMs: flags.clock,
      };
      const giveBack = await lockWatch(flags.state, Date.now());
      try {
        const channels = senders.map(({ channel }) => channel);
        const keeper = new Keeper(await opened(flags, plan), {
          file: flags.state,
          channels,
          onChange: (change) => print(lineOf(change)),
          onUnwritten: (error) =>
            tell(`${flags.state} cannot be written: ${error instanceof Error ? error.message : "no reason"}`),
        });
        keeper.take(heldAgainst(keeper.state, plan, Date.now()));
        const deliverer = new Deliverer(keeper, senders, Math.min(flags.beat, 30_000));
        tell(
          `watching ${aim.origin} until ${new Date(keeper.state.until).toISOString()}; ${scope.words}; state in ${flags.state}`,
        );
        await watch({
          aim,
          plan,
          scope,
          everyMs: flags.every,
          minDays: flags.days,
          healthPath: flags.healthPath ?? live.healthPath ?? preflightDefaults.healthPath,
          readyPath: flags.readyPath ?? live.readyPath ?? preflightDefaults.readyPath,
          keeper,
          deliverer,
          signal: toldToEnd(),
        });
        keeper.change((state) => ({ ...state, finished: Date.now() >= state.until }));
        await deliverer.flush();
        await keeper.save();
        conclude(watchReport(keeper.state), flags.report);
      } finally {
        await giveBack();
      }
      process.exit(); // a mail server's kept connection is no reason to stay
    });
}

/** A watch from now on, or the one that the state is of. */
async function opened({ state: file, for: forMs }: Flags, plan: WatchPlan): Promise<WatchState> {
  const [before, now] = [await readWatch(file), Date.now()];
  if (before === undefined) return begun(plan, now);
  if (before.origin !== plan.origin)
    throw new WatchError(`${file} is of a watch of ${before.origin}.`, "Give another file with --state.");
  if (before.finished) return begun(plan, now, before);
  const state = goneOn(before, now);
  tell(
    `goes on with the watch begun at ${new Date(before.startedAt).toISOString()}; not watched for ${durationText(state.lastAt - before.lastAt)}`,
  );
  if (forMs !== undefined && before.startedAt + forMs !== before.until)
    tell("its end is as it was; --for is of a new watch");
  return state;
}

/** SIGTERM and SIGINT end it with a report; a second one ends it without. */
function toldToEnd(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => controller.abort());
  return controller.signal;
}

const FORMATS: Readonly<Record<string, (report: WatchReport) => string>> = {
  ".md": watchMarkdown,
  ".html": watchHtml,
  ".json": watchJson,
};

function conclude(report: WatchReport, files: readonly string[]): void {
  print(watchTerminal(report));
  for (const file of files) writeFileSync(file, FORMATS[extname(file)]?.(report) ?? "");
  if (report.parcels.waiting > 0)
    tell(`${report.parcels.waiting} messages were not delivered; a next run with this state sends them`);
  if (report.verdict === "not-watched" && report.looks.done === 0 && report.beats.good > 0)
    tell("hint: It was over before its first look was: watch for longer (--for), or one room (--only).");
  process.exitCode = watchStatus(report);
}

/** Tried before the watch: a day must not be lost to a misspelt folder. */
function writable(file: string): void {
  if (!Object.hasOwn(FORMATS, extname(file)))
    throw new UsageError(`${file} ends in no format.`, "Give a name in .md, .html or .json.");
  try {
    closeSync(openSync(file, "a"));
  } catch {
    throw new UsageError(`${file} cannot be written.`, "Does its folder exist?");
  }
}

function refuseUnknownRoom(only: string | undefined): void {
  if (only !== undefined && !catalogue.some(({ room }) => room === only))
    throw new UsageError(
      `There is no such room: "${only}".`,
      `Known: ${catalogue.map(({ room }) => room).join(", ")}.`,
    );
}
