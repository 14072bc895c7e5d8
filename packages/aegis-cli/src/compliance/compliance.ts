/** `aegis compliance`: a saved run held against what auditors ask for; statements of people, signed and for a time. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { checklistSigner } from "aegis/checklist";
import {
  assess,
  attest,
  complianceMarkdown,
  coverageOf,
  framework,
  frameworkIds,
  seenRun,
  type Status,
  statuses,
} from "aegis/report";
import { keysFrom, ringFrom } from "../checklist/file.ts";
import { readRunText } from "../report/files.ts";
import { print, table, tell, UsageError } from "../talk.ts";
import { addStatement, statementsIn } from "./files.ts";
import { terminalCompliance } from "./terminal.ts";

const DAY_MS = 86_400_000;
const many = (one: string, all: readonly string[]): readonly string[] => [...all, one];

function statusFrom(text: string, all: readonly Status[]): readonly Status[] {
  const known = statuses.find((one) => one === text);
  if (known === undefined) throw new InvalidArgumentError(`Known: ${statuses.join(", ")}.`);
  return [...all, known];
}

function daysFrom(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new InvalidArgumentError("It must be a whole number of days.");
  return Number(text);
}

interface ShowFlags {
  readonly from?: string;
  readonly framework: string;
  readonly format: string;
  readonly attestations?: string;
  readonly key: readonly string[];
  readonly only: readonly Status[];
}
interface SignFlags {
  readonly framework: string;
  readonly by: string;
  readonly statement: string;
  readonly days: number;
  readonly key?: string;
}

/** Exit status of the assessment: 0 nothing is known to be unmet, 1 a requirement is not met, 2 it could not be assessed. */
export function registerCompliance(program: Command): void {
  const compliance = program
    .command("compliance")
    .description("what was measured and what somebody signed for, requirement by requirement");
  const which = (): Option =>
    new Option("--framework <id>", "which").choices([...frameworkIds]).default("asvs");

  compliance
    .command("show", { isDefault: true })
    .description("hold a saved run against a framework")
    .option("--from <run>", "what `aegis verify --save` wrote")
    .addOption(which())
    .addOption(
      new Option("--format <name>", "how it is printed")
        .choices(["text", "markdown", "json"])
        .default("text"),
    )
    .option("--attestations <file>", "what people signed: `aegis compliance attest`, `waive`")
    .option(
      "--key <file>",
      "whose signatures count (JWK or key ring); repeatable. Default: AUDIT_KEYS_FILE",
      many,
      [],
    )
    .option("--only <status>", "print only requirements of this status; repeatable", statusFrom, [])
    .action(async (flags: ShowFlags) => {
      if (flags.from === undefined)
        throw new UsageError(
          "It is not said which run.",
          "Make one: aegis verify URL --save run.json, then --from run.json",
        );
      const { run, text } = readRunText(flags.from);
      const statements = flags.attestations === undefined ? [] : statementsIn(flags.attestations);
      const keys = statements.length === 0 ? new Map() : await keysFrom(flags.key);
      const result = assess({
        framework: framework(flags.framework),
        run: seenRun(run, text),
        statements,
        keys,
        now: Date.now(),
      });
      const rows = result.rows.filter(({ status }) => flags.only.length === 0 || flags.only.includes(status));
      if (flags.format === "json") print(JSON.stringify({ ...result, rows }, undefined, 2));
      else if (flags.format === "markdown") print(complianceMarkdown({ ...result, rows }).trimEnd());
      else print(terminalCompliance(result, flags.only));
      process.exitCode = result.counts["not-met"] > 0 ? 1 : 0;
    });

  for (const [name, kind, description] of [
    ["attest", "attested", "sign that a requirement is met, where no control can show it"],
    ["waive", "waived", "sign that a requirement is not met, and why that is borne for a time"],
  ] as const)
    compliance
      .command(name)
      .description(description)
      .argument("<file>", "the statements; made if there is none")
      .argument("<requirement>", "which, as the framework numbers it: 2.1.1, CC6.1, 164.312(b)")
      .addOption(which())
      .requiredOption("--by <name>", "who says so")
      .requiredOption("--statement <text>", "what they say, and where it can be looked up")
      .option("--days <number>", "how long it holds, a year at most", daysFrom, 180)
      .option("--key <ring>", "the key ring that signs it; default: AUDIT_KEYS_FILE")
      .action(async (file: string, requirement: string, flags: SignFlags) => {
        const signer = checklistSigner(await ringFrom(flags.key));
        const now = Date.now();
        const { by, statement, days } = flags;
        const made = attest(
          { kind, framework: flags.framework, requirement, by, statement, now, expires: now + days * DAY_MS },
          signer,
        );
        const count = await addStatement(file, made);
        tell(
          `${kind}: ${flags.framework} ${requirement}, until ${made.body.expires}; ${count} statements in ${file}`,
        );
      });

  compliance
    .command("frameworks")
    .description("which there are, and how much of each controls can show")
    .action(() => {
      const rows = frameworkIds.map((id) => {
        const one = framework(id);
        const { requirements, whole, part, attest: people, outOfScope } = coverageOf(one);
        return [id, one.name, one.version, ...[requirements, whole, part, people, outOfScope].map(String)];
      });
      print(
        table([
          ["id", "name", "version", "rows", "by controls", "in part", "attest", "out of scope"],
          ...rows,
        ]),
      );
    });
}
