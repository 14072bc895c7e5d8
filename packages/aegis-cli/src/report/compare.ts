/** `aegis compare BEFORE AFTER`: status 0 nothing is worse, 1 something is, 2 they cannot be compared. */
import { type Command, Option } from "commander";
import {
  type Comparison,
  compareRuns,
  comparisonJson,
  comparisonMarkdown,
  comparisonText,
} from "aegis/report";
import { readRun, writeOut } from "./files.ts";
import { tell } from "../talk.ts";

const FORMATS: Readonly<Record<string, (comparison: Comparison) => string>> = {
  text: comparisonText,
  markdown: comparisonMarkdown,
  json: comparisonJson,
};

interface CompareFlags {
  readonly format: string;
  readonly json?: boolean;
  readonly out?: string;
}

export function registerCompare(program: Command): void {
  program
    .command("compare")
    .description("what changed between two saved runs, and which controls changed it")
    .argument("<before>", "what `aegis verify URL --save FILE` wrote")
    .argument("<after>", "the same, later")
    .addOption(new Option("--format <name>", "which").choices(Object.keys(FORMATS)).default("text"))
    .option("--json", "the same as --format json")
    .option("--out <file>", "where to; default: standard output")
    .addHelpText(
      "after",
      "\nEnds with 0 where nothing is worse, 1 where something is, 2 where they cannot be compared.",
    )
    .action((before: string, after: string, { format, json, out }: CompareFlags) => {
      const comparison = compareRuns(readRun(before), readRun(after));
      const write = FORMATS[json === true ? "json" : format] ?? comparisonText;
      if (out === undefined) process.stdout.write(write(comparison));
      else {
        writeOut(out, write(comparison));
        tell(`wrote ${out}`);
      }
      process.exitCode = comparison.isWorse ? 1 : 0;
    });
}
