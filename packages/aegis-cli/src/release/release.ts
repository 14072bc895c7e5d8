import { randomBytes } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import {
  type Deployment,
  type Ended,
  release,
  releases,
  rollback,
  type RunResult,
  systemPorts,
} from "aegis/release";
import { paint, print, table, tell, UsageError } from "../talk.ts";

interface ReleaseFlags {
  readonly from?: string;
  readonly id?: string;
  readonly commit?: string;
  readonly json?: boolean;
}

interface Where {
  readonly in: string;
  readonly json?: boolean;
}

/**
 * `aegis release`, `rollback`, `releases`. Status 0: it is live; 1: it did not hold, and all is as before; 2: nothing
 * was begun, or it stands half way and a person is needed.
 */
export function registerRelease(program: Command): void {
  program
    .command("release")
    .description(
      "put a new release in place of the running one: preflight, backup, migrate, switch, restart one by one, verify; back by itself when a step fails. Status 0: live, 1: went back, 2: needs a person",
    )
    .argument("<dir>", "the folder of the deployment, with release.config.json (docs/releases.md)")
    .option("--from <folder>", "the built application; it is copied to DIR/releases/ID")
    .option("--id <id>", "the release's name; without --from one that is there already")
    .option("--commit <hash>", "what it was built from; default: what git says of the folder")
    .option("--json", "print what came of it as JSON")
    .action(async (directory: string, flags: ReleaseFlags) => {
      const root = folderAt(directory);
      const build = flags.from === undefined ? undefined : folderAt(flags.from);
      if (build === undefined && flags.id === undefined)
        throw new UsageError(
          "It is not said what to release.",
          "Give --from FOLDER, or --id of a release that is there.",
        );
      const id = flags.id ?? newId();
      report(await release(portsFor(root), { id, build, commit: flags.commit }), flags.json === true);
    });

  program
    .command("rollback")
    .description("back to the release before, or to an earlier one, and to its schema. Status as of release")
    .argument(
      "[release]",
      "default: the one that was live before; after an interrupted run: what that began from",
    )
    .option("--in <dir>", "the folder of the deployment", ".")
    .option("--json", "print what came of it as JSON")
    .action(async (id: string | undefined, { in: directory, json }: Where) => {
      report(await rollback(portsFor(folderAt(directory)), id), json === true);
    });

  program
    .command("releases")
    .description("list what was released, and what came of it")
    .argument("[dir]", "the folder of the deployment", ".")
    .option("--json", "print everything as JSON")
    .action(async (directory: string, { json }: { readonly json?: boolean }) => {
      const found = await releases(portsFor(folderAt(directory)));
      print(json === true ? JSON.stringify(found, undefined, 2) : written(found));
      if (found.journal !== undefined)
        tell(
          `error: the ${found.journal.kind} of ${found.journal.to} is under way, or was interrupted.\nhint: The next aegis release or rollback brings it to an end first.`,
        );
    });
}

function portsFor(root: string) {
  let stopped = false;
  // Not the end of this process: what was begun is taken back in order. The commands have groups of their own.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => {
      if (!stopped) tell("stopping: the step that runs ends first, then it goes back");
      stopped = true;
    });
  return systemPorts(root, {
    tell,
    aegis: [process.execPath, ...process.execArgv, process.argv[1] ?? "aegis"],
    isStopped: () => stopped,
  });
}

function folderAt(path: string): string {
  const folder = resolve(path);
  if (!existsSync(folder) || !statSync(folder).isDirectory())
    throw new UsageError(`There is no folder ${folder}.`);
  return folder;
}

/** Sorts by time; two in one second differ. */
const newId = (): string =>
  `${new Date()
    .toISOString()
    .replaceAll(/[-:]|\.\d+Z/g, "")
    .replace("T", "-")}-${randomBytes(2).toString("hex")}`;

function report(ended: Ended, json: boolean): void {
  const all = [ended.recovered, ended.result].filter((one) => one !== undefined);
  if (json) print(JSON.stringify(ended, undefined, 2));
  for (const one of all) {
    if (!json) print(sentence(one));
    if (one.reason !== null && one.outcome !== "live") tell(`error: ${one.reason}`);
    if (one.outcome === "failed")
      tell(
        "hint: There was no release before it to go back to: it stays current. Mend it, and release again.",
      );
    if (one.stuck !== undefined) {
      tell(`error: and going back failed too: ${one.stuck.reason}`);
      tell(
        `hint: Mend the cause and run \`aegis rollback\` again: it goes on from here. By hand, what is left, in this order:\n${one.stuck.commands.map((line) => `  ${line}`).join("\n")}\nThen take away journal.json.`,
      );
    }
  }
  const last = ended.result ?? ended.recovered;
  process.exitCode = last === undefined || last.outcome === "stuck" ? 2 : statusOf(ended, last);
}

/** A recovery that was all that was asked for did what was asked. */
const statusOf = ({ result }: Ended, last: RunResult): number =>
  result === undefined || last.outcome === "live" ? 0 : 1;

function sentence({ outcome, id, from, seconds, steps }: RunResult): string {
  const done = `${seconds} s; done: ${steps.length === 0 ? "nothing" : steps.join(", ")}`;
  if (outcome === "live") return `${paint("green", "live")}: ${id} (${done})`;
  if (outcome === "returned")
    return `${paint("yellow", "returned")}: ${from ?? "nothing"} runs, ${id} does not (${done})`;
  if (outcome === "failed") return `${paint("red", "failed")}: ${id} is current and does not hold (${done})`;
  return `${paint("red", "stuck")}: between ${from ?? "nothing"} and ${id} (${done})`;
}

function written({ current, records }: Deployment): string {
  if (records.length === 0) return "nothing was released yet";
  const [latest] = records.toReversed().filter(({ id, outcome }) => id === current && outcome === "live");
  return table([
    ["", "release", "kind", "version", "commit", "policy", "schema", "at", "took", "outcome"],
    ...records.map((one) => [
      one === latest ? "→" : "",
      one.id,
      one.kind,
      one.version ?? "-",
      one.commit?.slice(0, 10) ?? "-",
      one.policy ?? "-",
      one.migrations?.join(" ") ?? "-",
      one.startedAt,
      `${one.seconds} s`,
      one.reason === null ? one.outcome : `${one.outcome}: ${one.reason.split("\n")[0]?.slice(0, 120) ?? ""}`,
    ]),
  ]);
}
