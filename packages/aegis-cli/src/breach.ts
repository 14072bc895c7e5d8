import { type Command, Option } from "commander";
import {
  buildCorpus,
  type BuildProgress,
  type BuildResult,
  corpusSource,
  type ListFormat,
  openCorpus,
} from "aegis/breach";
import { print, tell, UsageError } from "./talk.ts";

interface BuildFlags {
  readonly format: ListFormat;
  readonly quiet?: boolean;
}

const MAX_PASSWORD_BYTES = 65_536;

/** `aegis breach`: the file of breached passwords for a machine that may not ask the network. */
export function registerBreach(program: Command): void {
  const breach = program.command("breach").description("passwords known from breaches, without a network");

  breach
    .command("build")
    .description("make a corpus from a list: SHA1, SHA1:COUNT or a password per line, in any order")
    .argument("<list>", "the list, unpacked")
    .argument("<out>", "the corpus; an older one is replaced when the new one is whole")
    .addOption(
      new Option("--format <kind>", "what the lines are")
        .choices(["auto", "hashes", "passwords"])
        .default("auto"),
    )
    .option("--quiet", "tell no progress")
    .action(async (list: string, out: string, flags: BuildFlags) => {
      const { entries, lines, skipped } = await build(list, out, flags);
      print(`${entries} hashes of ${lines} lines in ${out}`);
      if (skipped > 0 && flags.quiet !== true) tell(`${skipped} lines are longer than any password: skipped`);
    });

  breach
    .command("check")
    .description("print how often a password was seen; it is read from stdin. Status 0: never, 1: seen")
    .argument("<corpus>", "what `aegis breach build` made")
    .action(async (file: string) => {
      const corpus = await openCorpus(file); // before anybody types a password for nothing
      try {
        const answer = await corpusSource(corpus).count(await passwordFromStdin());
        if (!answer.checked) throw new UsageError(`It could not be looked up: ${answer.because}.`);
        print(String(answer.count));
        process.exitCode = answer.count === 0 ? 0 : 1;
      } finally {
        await corpus.close();
      }
    });
}

async function build(list: string, out: string, { format, quiet }: BuildFlags): Promise<BuildResult> {
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  const shown = process.stderr.isTTY && quiet !== true;
  try {
    return await buildCorpus(list, out, {
      format,
      signal: stop.signal,
      ...(shown ? { onProgress: progressLine() } : {}),
    });
  } catch (error) {
    if (stop.signal.aborted) throw new UsageError("Interrupted; nothing was written.");
    throw error;
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
    if (shown) process.stderr.write(`\r${" ".repeat(40)}\r`);
  }
}

/** A line that is rewritten where its text changes: a terminal is slower than the work. */
function progressLine(): (progress: BuildProgress) => void {
  let last = "";
  return ({ phase, bytesRead, bytesTotal }) => {
    const far =
      bytesTotal === undefined
        ? `${Math.floor(bytesRead / 2 ** 26) * 64} MiB`
        : `${Math.floor((100 * bytesRead) / Math.max(bytesTotal, 1))} %`;
    const text = `${phase} ${far}`;
    if (text !== last) process.stderr.write(`\r${text.padEnd(30)}`);
    last = text;
  };
}

/** Never from the arguments: those stand in the shell's history and in everybody's list of processes. */
async function passwordFromStdin(): Promise<string> {
  if (process.stdin.isTTY) return typedPassword();
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of process.stdin) {
    if (!Buffer.isBuffer(piece)) continue; // without an encoding it always is
    bytes += piece.length;
    if (bytes > MAX_PASSWORD_BYTES) throw new UsageError("That is longer than any password.");
    pieces.push(piece);
  }
  const password = decoded(Buffer.concat(pieces)).replace(/\r?\n$/, "");
  if (password === "" || /[\r\n]/.test(password))
    throw new UsageError("Give one password, on one line.", "It is read from stdin.");
  return password;
}

function decoded(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new UsageError("The password is no UTF-8.");
  }
}

async function typedPassword(): Promise<string> {
  const { isCancel, password } = await import("@clack/prompts");
  const typed = await password({ message: "Password", output: process.stderr });
  if (isCancel(typed) || typed === "") throw new UsageError("No password was given.");
  return typed;
}
