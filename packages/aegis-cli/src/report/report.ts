/** `aegis report`: a saved run as a report, and as a signed bundle of evidence. */
import { type Command, Option } from "commander";
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
  sarifReport,
  type SecurityReport,
  verifyBundle,
} from "aegis/report";
import { keysFrom, ringFrom } from "../checklist/file.ts";
import { choosePolicy, environmentFrom, loadConfig, type PolicyChoice } from "../config.ts";
import { print, tell, UsageError } from "../talk.ts";
import { readBounded, readRun, writeOut } from "./files.ts";
import { pdfOf } from "./pdf.ts";

const TEXTS: Readonly<Record<string, (report: SecurityReport) => string>> = {
  html: htmlReport,
  markdown: markdownReport,
  json: jsonReport,
  sarif: sarifReport,
  oscal: oscalReport,
  junit: junitReport,
};

interface ReportFlags {
  readonly from?: string;
  readonly format: string;
  readonly out?: string;
}
interface BundleFlags extends PolicyChoice {
  readonly from: string;
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
    .action(async ({ from, format, out }: ReportFlags) => {
      if (from === undefined)
        throw new UsageError("It is not said what to report.", "Give a saved run: --from FILE");
      if (format === "pdf" && out === undefined)
        throw new UsageError("A PDF is nothing for a terminal.", "Say where to: --out FILE");
      const made = reportOf(readRun(from), { now: Date.now() });
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
    .action(async (flags: BundleFlags) => {
      const run = readRun(flags.from);
      const policy = await choosePolicy(
        flags,
        await loadConfig(process.cwd()),
        environmentFrom(run.environment),
      );
      const signer = evidenceSigner(await ringFrom(flags.key));
      const bundle = await evidenceBundle(reportOf(run, { now: Date.now() }), policy, signer);
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
      (one: string, all: readonly string[]): readonly string[] => [...all, one],
      [],
    )
    .option("--json", "print what was found as JSON")
    .action(async (file: string, flags: VerifyFlags) => {
      const found = await verifyBundle(readBounded(file, MAX_BUNDLE_BYTES), await keysFrom(flags.key));
      const { ok } = found;
      if (flags.json === true)
        print(
          JSON.stringify(
            ok ? { ok, ...found.manifest } : { ok, kind: found.kind, detail: found.detail },
            undefined,
            2,
          ),
        );
      else if (ok)
        print(
          `${found.manifest.files.length} files, as they were signed: the run of ${found.manifest.origin}, policy ${found.manifest.policy}, ${found.manifest.made_at}`,
        );
      else print(`${found.kind.padEnd(9)}${found.detail}\nnot proven`);
      process.exitCode = ok ? 0 : found.kind === "foreign" ? 2 : 1;
      if (!ok && found.kind === "foreign")
        tell("hint: Give the key: --key FILE (a ring, or its public part), or AUDIT_KEYS_FILE.");
    });
}
