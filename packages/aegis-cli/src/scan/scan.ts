import { type Command, Option } from "commander";
import { UsageError } from "../talk.ts";
import type { ScanOptions } from "./run.ts";

/** `aegis scan DIR`: known weaknesses in sources, vulnerable packages, secrets in the repository (CHK-6). */
export function registerScan(program: Command): void {
  program
    .command("scan")
    .description(
      "look for known weaknesses in sources (JavaScript, TypeScript, JSX, Vue, templates), in installed packages and in the repository; runs nothing of what it reads",
    )
    .argument("<folder>", "the folder of the application")
    .addOption(
      new Option("--format <format>", "how the findings are printed")
        .choices(["text", "json", "sarif"])
        .default("text"),
    )
    .option(
      "--advisories <file>",
      "advisories from a file (OSV, or an answer of npm) instead of the registry",
    )
    .option("--no-advisories", "do not look at installed packages")
    .option("--no-git", "do not look at the repository and its history")
    .option("--tests", "read tests too")
    .option("--baseline <file>", "findings that are accepted")
    .option("--write-baseline", "accept what is found now: write it into the file of --baseline")
    .addHelpText(
      "after",
      "\nEnds with 0 where nothing is open, 1 where something is, 2 where something could not be looked at.",
    )
    .action(async (folder: string, options: ScanOptions) => {
      const { scanFolder } = await loaded();
      await scanFolder(folder, options, program.version() ?? "0");
    });
}

/** Only here: where there is no parser for a machine, the other commands work all the same. */
async function loaded(): Promise<typeof import("./run.ts")> {
  try {
    return await import("./run.ts");
  } catch (error) {
    throw new UsageError(
      `The parser cannot be loaded: ${error instanceof Error ? error.message.slice(0, 200) : "unknown"}`,
      "oxc-parser has a binding for each platform among its optional dependencies: install with them.",
    );
  }
}
