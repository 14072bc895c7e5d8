/** `aegis checklist`: a deployment as a signed record: what was looked at, who did what, who approved. */
import { type Command, Option } from "commander";
import {
  approved,
  type ChecklistRecord,
  defaultList,
  findingsFrom,
  htmlOf,
  judged,
  markdownOf,
  marked,
  parseList,
  started,
  stateOf,
  stepsOf,
  verifyRecord,
  withEntries,
} from "aegis/checklist";
import { changeRecord, createRecord, keysFrom, readRecordText } from "./file.ts";
import { readJson } from "../config.ts";
import { preflight, withSceneOptions } from "../preflight/preflight.ts";
import { type PreflightFlags, preflightScene } from "../preflight/scene.ts";
import { print, table, tell, UsageError } from "../talk.ts";

interface KeyFlags {
  readonly key?: string;
}

const now = (): string => new Date().toISOString();
const MAX_FINDINGS_BYTES = 64_000_000;

export function registerChecklist(program: Command): void {
  const checklist = program
    .command("checklist")
    .description("a deployment as a signed record: done by the machine, done by people, approved");
  const record = (name: string, description: string): Command =>
    checklist.command(name).description(description).argument("<file>", "the record");
  const signing = (command: Command): Command =>
    command.option("--key <ring>", "the key ring that signs it; default: AUDIT_KEYS_FILE");
  const named = (command: Command): Command =>
    command
      .requiredOption("--by <name>", "who says so")
      .option("--note <text>", "what is to be known of it", "");

  withSceneOptions(signing(record("start", "begin a record")))
    .requiredOption("--application <name>", "what is deployed")
    .option("--list <file>", "other steps than those of the default list (JSON)")
    .action(async (file: string, flags: StartFlags) => {
      const scene = await preflightScene(flags);
      const list = flags.list === undefined ? defaultList : parseList(readJson(flags.list));
      const at = now();
      const begun = await createRecord(file, flags.key, (signer) =>
        withEntries(
          undefined,
          [
            started({
              application: flags.application,
              origin: flags.live ?? scene.env.get("PUBLIC_ORIGIN") ?? "",
              policy: "problem" in scene.policy ? "not valid" : scene.policy.fingerprint,
              list,
              at,
            }),
          ],
          signer,
          at,
        ),
      );
      show(begun);
    });

  withSceneOptions(signing(record("run", "have the machine look at its steps, and write down what it finds")))
    .option("--preflight <findings>", "what `aegis check --json` printed; default: it is looked at now")
    .option("--verify <findings>", "what `aegis verify --json` printed")
    .action(async (file: string, flags: RunFlags) => {
      const checked =
        flags.preflight === undefined
          ? findingsFrom({ findings: await preflight([], flags) }, "preflight")
          : findingsFrom(readJson(flags.preflight, MAX_FINDINGS_BYTES), "preflight");
      const verified =
        flags.verify === undefined ? [] : findingsFrom(readJson(flags.verify, MAX_FINDINGS_BYTES), "verify");
      const after = await changeRecord(file, flags.key, (before, signer) => {
        const at = now();
        const steps = stepsOf(stateOf(before).started.list).filter(({ by }) => by === "machine");
        return withEntries(
          before,
          steps.map((step) => judged(step, [...checked, ...verified], at)),
          signer,
          at,
        );
      });
      show(after);
      process.exitCode = statusOf(after);
    });

  named(signing(record("mark", "put a name to a step that a person has done")))
    .argument("<step>", "which")
    .addOption(
      new Option("--outcome <word>", "how it went")
        .choices(["pass", "fail", "not-applicable"])
        .default("pass"),
    )
    .action(async (file: string, step: string, flags: MarkFlags) => {
      const after = await changeRecord(file, flags.key, (before, signer) => {
        const at = now();
        const { outcome, by, note } = flags;
        return withEntries(before, [marked(before, { step, outcome, by, note, at })], signer, at);
      });
      show(after);
    });

  named(signing(record("approve", "say yes or no, in a role")))
    .requiredOption("--role <role>", "as whom")
    .option("--yes", "it may go on")
    .option("--no", "it may not")
    .action(async (file: string, flags: ApproveFlags, command: Command) => {
      const isNo = command.getOptionValueSource("no") === "cli";
      if ((flags.yes === true) === isNo) throw new UsageError("Say --yes or --no.");
      const after = await changeRecord(file, flags.key, (before, signer) => {
        const at = now();
        const { role, by, note } = flags;
        const answer = isNo ? "no" : "yes";
        return withEntries(before, [approved(before, { role, answer, by, note, at })], signer, at);
      });
      show(after);
    });

  record("export", "print the record for people, or as JSON")
    .addOption(new Option("--format <name>", "which").choices(["md", "html", "json"]).default("md"))
    .option("--key <file>", "hold it against this key; repeatable. Default: AUDIT_KEYS_FILE", many, [])
    .action(async (file: string, flags: { readonly format: string; readonly key: readonly string[] }) => {
      const { record: found, problems } = verifyRecord(await readRecordText(file), {
        keys: await keysFrom(flags.key),
      });
      const touched = problems.filter(({ kind }) => kind !== "key-unknown");
      const [first] = touched;
      if (found === undefined || first !== undefined)
        throw new UsageError(
          `${file} is not what was signed: ${first?.detail ?? ""}.`,
          "See: aegis checklist verify",
        );
      const signature =
        problems.length === 0
          ? `Signed by ${found.seal.kid} at ${found.seal.at}; ${found.entries.length} entries, the last ${found.seal.hash}.`
          : `Nobody has looked whether the signature (of ${found.seal.kid}) is genuine.`;
      const state = stateOf(found);
      if (flags.format === "json") print(JSON.stringify({ signature, ...state }, undefined, 2));
      else print((flags.format === "html" ? htmlOf : markdownOf)(state, { signature }).trimEnd());
    });

  record("verify", "whether it is what was signed. Status 0: it is, 1: it was touched, 2: could not be said")
    .option(
      "--key <file>",
      "the public key (JWK), or a key ring; repeatable. Default: AUDIT_KEYS_FILE",
      many,
      [],
    )
    .option("--holds <hash>", "an entry that it must have: what was printed when it was last written")
    .option("--json", "print what was found as JSON")
    .action(async (file: string, flags: VerifyFlags) => {
      const { record: found, problems } = verifyRecord(await readRecordText(file), {
        keys: await keysFrom(flags.key),
        ...(flags.holds === undefined ? {} : { holds: flags.holds }),
      });
      const count = found?.entries.length ?? 0;
      if (flags.json === true)
        print(JSON.stringify({ ok: problems.length === 0, entries: count, problems }, undefined, 2));
      else {
        for (const { kind, detail } of problems) print(`${kind.padEnd(12)} ${detail}`);
        print(
          `${count} entries: ${problems.length === 0 ? `whole, signed by ${found?.seal.kid ?? ""}` : "not proven"}`,
        );
      }
      const isTouched = problems.some(({ kind }) => kind !== "key-unknown");
      process.exitCode = isTouched ? 1 : problems.length > 0 ? 2 : 0;
      if (problems.length > 0 && !isTouched)
        tell("hint: Give the key: --key FILE (a ring, or its public part), or AUDIT_KEYS_FILE.");
    });
}

const many = (one: string, all: readonly string[]): readonly string[] => [...all, one];

interface StartFlags extends KeyFlags, PreflightFlags {
  readonly application: string;
  readonly list?: string;
}
interface RunFlags extends KeyFlags, PreflightFlags {
  readonly preflight?: string;
  readonly verify?: string;
}
interface MarkFlags extends KeyFlags {
  readonly by: string;
  readonly note: string;
  readonly outcome: "pass" | "fail" | "not-applicable";
}
interface ApproveFlags extends KeyFlags {
  readonly by: string;
  readonly note: string;
  readonly role: string;
  readonly yes?: boolean;
}
interface VerifyFlags {
  readonly key: readonly string[];
  readonly holds?: string;
  readonly json?: boolean;
}

function show(record: ChecklistRecord): void {
  const { sections, approvals, isComplete } = stateOf(record);
  print(
    table([
      ...sections.flatMap(({ steps }) => steps.map(({ step, outcome }) => [outcome, step.id, step.title])),
      ...approvals.map(({ role, last, stale }) => [
        last === undefined ? "open" : stale ? "void" : last.answer,
        `approval ${role}`,
        last?.by ?? "",
      ]),
    ]),
  );
  tell(`${isComplete ? "complete" : "not complete"}; entry ${record.seal.seq} ${record.seal.hash}`);
}

/** As a run: 1 something failed, 2 something could not be seen. */
function statusOf(record: ChecklistRecord): number {
  const outcomes = stateOf(record)
    .sections.flatMap(({ steps }) => steps)
    .filter(({ step }) => step.by === "machine")
    .map(({ outcome }) => outcome);
  return outcomes.includes("fail") ? 1 : outcomes.some((one) => one === "unknown" || one === "error") ? 2 : 0;
}
