import { existsSync, readFileSync } from "node:fs";
import { isIP } from "node:net";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Command, Option } from "commander";
import {
  type MaintenanceState,
  notice,
  noticeKinds,
  parseMaintenance,
  writeMaintenance,
} from "aegis/maintenance";
import { loadConfig } from "../config.ts";
import { print, tell, UsageError } from "../talk.ts";

interface OnFlags {
  readonly file?: string;
  readonly until?: string;
  readonly for?: string;
  readonly allow: readonly string[];
  readonly endSessions?: boolean;
}

interface NoticeFlags {
  readonly product: string;
  readonly from?: string;
  readonly until?: string;
  readonly endSessions?: boolean;
}

/** By then every instance has looked, twice. */
const ALL_KNOW_MS = 1100;

/** `aegis maintenance`: closes an application on this machine, and opens it. */
export function registerMaintenance(program: Command): void {
  const maintenance = program
    .command("maintenance")
    .description("close the application for a while: 503 with Retry-After, a page, and who gets through");
  const many = (one: string, all: readonly string[]): readonly string[] => [...all, one];
  const file = "--file <file>";
  const where = "the file that the instances watch; default: MAINTENANCE_FILE, or .aegis/maintenance.json";

  maintenance
    .command("on")
    .description("close it; every instance that sees the file knows within a second")
    .option(file, where)
    .option(
      "--until <time>",
      "when it is meant to be over, e.g. 2026-11-21T18:30Z: for people and Retry-After",
    )
    .option("--for <minutes>", "the same as minutes from now")
    .option("--allow <network>", "an address or network (CIDR) that gets through; repeatable", many, [])
    .option(
      "--end-sessions",
      "a cut-over: then end every session and token of everybody (endSessions of aegis.config)",
    )
    .action(async (flags: OnFlags) => {
      const state: MaintenanceState = {
        since: new Date().toISOString(),
        until: untilFrom(flags),
        allow: flags.allow.map(networkFrom),
      };
      const config = flags.endSessions === true ? await loadConfig(process.cwd()) : undefined;
      const end = config?.endSessions;
      if (flags.endSessions === true && end === undefined)
        throw new UsageError(
          "The configuration does not say how to end all sessions; nothing was closed.",
          "Give aegis.config.ts an `endSessions` that calls app.aegis.endAllSessions().",
        );
      const path = pathFrom(flags.file);
      await writeMaintenance(path, state);
      print(`closed: ${path}`);
      if (end === undefined) return;
      // First closed, then ended: nobody signs in between the two.
      await sleep(ALL_KNOW_MS);
      print(`ended ${await end()} sessions`);
    });

  maintenance
    .command("off")
    .description("open it")
    .option(file, where)
    .action(async (flags: { readonly file?: string }) => {
      const path = pathFrom(flags.file);
      await writeMaintenance(path, undefined);
      print(`open: there is no ${path} any more`);
    });

  maintenance
    .command("status")
    .description("say whether it is closed. Status 0: open, 1: closed")
    .option(file, where)
    .option("--json", "as JSON")
    .action((flags: { readonly file?: string; readonly json?: boolean }) => {
      const path = pathFrom(flags.file);
      const isClosed = existsSync(path);
      const state = isClosed ? parseMaintenance(readFileSync(path, "utf8")) : undefined;
      if (flags.json === true) print(JSON.stringify({ closed: isClosed, ...state }));
      else if (!isClosed) print("open");
      else if (state === undefined) print(`closed: ${path} is damaged, which closes too`);
      else
        print(
          `closed since ${state.since}, until ${state.until ?? "nobody said when"}; through: ${state.allow.join(", ") || "nobody"}`,
        );
      process.exitCode = isClosed ? 1 : 0;
    });

  maintenance
    .command("notice")
    .description("print what to tell users")
    .addOption(new Option("--when <when>", "which of the texts").choices(noticeKinds).default("before"))
    .requiredOption("--product <name>", "what users know it as")
    .option("--from <time>", "when it is closed, e.g. 2026-11-21T18:00Z; default: now")
    .option("--until <time>", "when it is meant to be over")
    .option("--end-sessions", "everybody has to sign in again")
    .action((flags: NoticeFlags & { readonly when: (typeof noticeKinds)[number] }) => {
      print(
        notice(flags.when, {
          product: flags.product,
          from: flags.from === undefined ? new Date().toISOString() : timeFrom(flags.from),
          until: flags.until === undefined ? undefined : timeFrom(flags.until),
          endsSessions: flags.endSessions === true,
        }),
      );
      if (flags.until === undefined && flags.when !== "after")
        tell("hint: --until says when you expect to be back.");
    });
}

const pathFrom = (file: string | undefined): string =>
  resolve(file ?? (process.env["MAINTENANCE_FILE"] || ".aegis/maintenance.json"));

function untilFrom({ until, for: minutes }: OnFlags): string | null {
  if (until !== undefined) return timeFrom(until);
  if (minutes === undefined) return null;
  if (!/^[1-9]\d{0,4}$/.test(minutes))
    throw new UsageError(`"${minutes}" are no minutes.`, "For example: --for 30");
  return new Date(Date.now() + Number(minutes) * 60_000).toISOString();
}

/** With its zone, or two people mean two times. */
function timeFrom(text: string): string {
  const time = Date.parse(text);
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})$/.test(text) || Number.isNaN(time))
    throw new UsageError(`"${text}" is no time with its zone.`, "For example: 2026-11-21T18:30Z");
  return new Date(time).toISOString();
}

function networkFrom(text: string): string {
  const [address = "", bits, ...more] = text.split("/");
  const family = isIP(address);
  const isSize = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
  if (family === 0 || !isSize || more.length > 0)
    throw new UsageError(`"${text}" is no address or network.`, "For example: 203.0.113.7 or 2001:db8::/32");
  return text;
}
