/** `aegis report`: a saved run as a report, and as a signed bundle of evidence. */
import { type Command, Option } from "commander";
import { checklistKeys } from "aegis/checklist";
import {
  evidenceBundle,
  evidenceSigner,
  htmlReport,
  jsonReport,
  junitReport,
  markdownReport,
  MAX_BUNDLE_BYTES,
  oscalReport,
  reportOf,
  runText,
  sarifReport,
  type SecurityReport,
  verifyBundle,
} from "aegis/report";
import { keysFrom, ringFrom } from "../checklist/file.ts";
import { choosePolicy, environmentFrom, loadConfig, type PolicyChoice } from "../config.ts";
import { print, tell, UsageError } from "../talk.ts";
import { assessmentsOf, attestationsIn, FRAMEWORK_HELP, frameworksFrom, type Wanted } from "./assessments.ts";
import { readBounded, readRun, readRunText, writeOut } from "./files.ts";
import { pdfOf } from "./pdf.ts";

const TEXTS: Readonly<Record<string, (report: SecurityReport) => string>> = {
  html: htmlReport,
  markdown: markdownReport,
  json: jsonReport,
  sarif: sarifReport,
  oscal: oscalReport,
  junit: junitReport,
};

const many = (one: string, all: readonly string[]): readonly string[] => [...all, one];

interface ReportFlags extends Wanted {
  readonly from?: string;
  readonly key: readonly string[];
  readonly format: string;
  readonly out?: string;
}
interface BundleFlags extends PolicyChoice, Wanted {
  readonly from: string;
  readonly attestationKey: readonly string[];
  readonly out: string;
  readonly key?: string;
}
interface VerifyFlags {
  readonly key: readonly string[];
  readonly json?: boolean;
}

export function registerReport(program: Command): void {
  const report = program
    .command("report")
    .description("a saved run for people and for other programs")
    // Options behind the name of a subcommand are its own.
    .enablePositionalOptions()
    .option("--from <file>", "what `aegis verify URL --save FILE` wrote")
    .addOption(
      new Option("--format <name>", "which").choices([...Object.keys(TEXTS), "pdf"]).default("markdown"),
    )
    .option("--out <file>", "where to; default: standard output")
    .option("--framework <id>", FRAMEWORK_HELP, frameworksFrom, [])
    .option("--attestations <file>", "what people signed: `aegis compliance attest`, `waive`")
    .option(
      "--key <file>",
      "whose signatures count (JWK or key ring); repeatable. Default: AUDIT_KEYS_FILE",
      many,
      [],
    )
    .action(async (flags: ReportFlags) => {
      const { from, format, out } = flags;
      if (from === undefined)
        throw new UsageError("It is not said what to report.", "Give a saved run: --from FILE");
      if (format === "pdf" && out === undefined)
        throw new UsageError("A PDF is nothing for a terminal.", "Say where to: --out FILE");
      const now = Date.now();
      const read = readRunText(from);
      const attestations = attestationsIn(flags);
      const keys = attestations === undefined ? new Map() : await keysFrom(flags.key);
      const assessments = assessmentsOf(flags, read, { attestations, keys }, now);
      const made = reportOf(read.run, { now, assessments });
      const content = format === "pdf" ? await pdfOf(htmlReport(made)) : TEXTS[format]?.(made);
      if (content === undefined) throw new UsageError(`There is no format "${format}".`);
      if (out === undefined) process.stdout.write(content);
      else {
        writeOut(out, content);
        tell(`wrote ${out}`);
      }
    });
  registerBundle(report);
  registerVerify(report);
}

function registerBundle(report: Command): void {
  report
    .command("bundle")
    .description("all of it in one file: run, exchanges, policy, versions, reports, and a signed manifest")
    .requiredOption("--from <file>", "what `aegis verify URL --save FILE` wrote")
    .requiredOption("--out <file>", "where to (tar)")
    .option("--policy <file>", "what the run was held against; default: the project's")
    .option("--preset <name>", "what the run was held against")
    .option("--environment <name>", "default: that of the run")
    .option("--key <ring>", "the key ring that signs it; default: AUDIT_KEYS_FILE")
    .option("--framework <id>", FRAMEWORK_HELP, frameworksFrom, [])
    .option("--attestations <file>", "what people signed: `aegis compliance attest`, `waive`")
    .option(
      "--attestation-key <file>",
      "whose signatures of statements count (JWK or key ring); repeatable. Default: the ring that signs it",
      many,
      [],
    )
    .action(async (flags: BundleFlags) => {
      const run = readRun(flags.from);
      const policy = await choosePolicy(
        flags,
        await loadConfig(process.cwd()),
        environmentFrom(run.environment),
      );
      const ring = await ringFrom(flags.key);
      const signer = evidenceSigner(ring);
      const now = Date.now();
      const attestations = attestationsIn(flags);
      const keys =
        flags.attestationKey.length > 0
          ? await keysFrom(flags.attestationKey)
          : checklistKeys(ring.keys.map(({ jwk }) => jwk));
      // Of the run as it goes into the bundle, so that their digest names the file in it.
      const assessments = assessmentsOf(flags, { run, text: runText(run) }, { attestations, keys }, now);
      const bundle = await evidenceBundle(
        reportOf(run, { now, assessments }),
        policy,
        signer,
        attestations === undefined ? {} : { attestations },
      );
      writeOut(flags.out, bundle);
      tell(`wrote ${flags.out}, signed by ${signer.kid}`);
    });
}

function registerVerify(report: Command): void {
  report
    .command("verify")
    .description(
      "whether a bundle is what was signed. Status 0: it is, 1: it was touched, 2: could not be said",
    )
    .argument("<bundle>", "what `aegis report bundle` wrote")
    .option(
      "--key <file>",
      "the public key (JWK), or a key ring; repeatable. Default: AUDIT_KEYS_FILE",
      many,
      [],
    )
    .option("--json", "print what was found as JSON")
    .action(async (file: string, flags: VerifyFlags) => {
      const found = await verifyBundle(readBounded(file, MAX_BUNDLE_BYTES), await keysFrom(flags.key));
      const { ok } = found;
      if (flags.json === true)
        print(
          JSON.stringify(
            ok
              ? { ok, ...found.manifest, assessments: found.assessments }
              : { ok, kind: found.kind, detail: found.detail },
            undefined,
            2,
          ),
        );
      else if (ok)
        print(
          [
            `${found.manifest.files.length} files, as they were signed: the run of ${found.manifest.origin}, policy ${found.manifest.policy}, ${found.manifest.made_at}`,
            ...found.assessments.map(
              ({ framework, version, statements }) =>
                `${framework} ${version}: of the run in it; ${statements} ${statements === 1 ? "row rests" : "rows rest"} on a signed statement in it`,
            ),
          ].join("\n"),
        );
      else print(`${found.kind.padEnd(9)}${found.detail}\nnot proven`);
      process.exitCode = ok ? 0 : found.kind === "foreign" ? 2 : 1;
      if (!ok && found.kind === "foreign")
        tell("hint: Give the key: --key FILE (a ring, or its public part), or AUDIT_KEYS_FILE.");
    });
}
