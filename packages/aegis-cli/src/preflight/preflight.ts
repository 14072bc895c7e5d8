/** `aegis check [topic...]`: what has to be right on this machine. Status 0 all is, 1 something is not, 2 something could not be seen. */
import type { Command } from "commander";
import { type PreflightFinding, type Topic, topics } from "aegis/preflight";
import { type PreflightFlags, preflightScene, type Scene } from "./scene.ts";
import { certificateFindings } from "./certificate.ts";
import { databaseFindings, redisFindings } from "./data.ts";
import { gitFindings } from "./git.ts";
import {
  clockFindings,
  dependencyFindings,
  diskFindings,
  nameFindings,
  portFindings,
  runtimeFindings,
} from "./host.ts";
import { liveFindings } from "./live.ts";
import {
  backupFindings,
  configurationFindings,
  fileFindings,
  rollbackFindings,
  secretFindings,
} from "./own.ts";
import { paint, print, tell, UsageError } from "../talk.ts";

const LOOKS: Readonly<Record<Topic, (scene: Scene) => Promise<readonly PreflightFinding[]>>> = {
  configuration: configurationFindings,
  secrets: secretFindings,
  files: fileFindings,
  git: gitFindings,
  certificate: certificateFindings,
  runtime: runtimeFindings,
  dependencies: dependencyFindings,
  database: databaseFindings,
  redis: redisFindings,
  disk: diskFindings,
  ports: portFindings,
  dns: nameFindings,
  clock: clockFindings,
  backup: backupFindings,
  rollback: rollbackFindings,
  live: liveFindings,
};

export function registerPreflight(check: Command): void {
  withSceneOptions(check)
    .argument("[topic...]", `which of: ${topics.join(", ")}; default: all`)
    .option("--json", "print the findings as JSON")
    .action(async (names: readonly string[], flags: PreflightFlags & { readonly json?: boolean }) => {
      const findings = await preflight(names, flags);
      const count = (outcome: string): number => findings.filter((one) => one.outcome === outcome).length;
      if (flags.json === true)
        print(JSON.stringify({ ok: statusOf(findings) === 0, findings }, undefined, 2));
      else {
        // A release shows the end of what its steps say: what keeps it from going on must be there.
        const isShown = ({ outcome }: PreflightFinding): boolean =>
          flags.release === undefined || (outcome !== "pass" && outcome !== "not-applicable");
        for (const finding of findings.filter(isShown)) show(finding);
        tell(
          `${count("pass")} pass, ${count("fail")} fail, ${count("unknown")} unknown, ${count("error")} error, ${count("not-applicable")} not applicable.`,
        );
      }
      process.exitCode = statusOf(findings);
    });
}

export const withSceneOptions = (command: Command): Command =>
  command
    // Not --env-file: Node.js takes that for itself, wherever it stands.
    .option("--env <file>", "the environment of the server; default: that of this process")
    .option(
      "--policy <file>",
      "what differs from the project's policy; default: AEGIS_POLICY of that environment",
    )
    .option("--live <address>", "where it answers people; default: PUBLIC_ORIGIN")
    .option("--account <file>", "sign in there as this account (user name, password: two lines)")
    .option(
      "--probe-key-file <file>",
      "the server's probe key, so that limits of volume do not stop the look",
    )
    .option("--ca <file>", "trust this certificate authority (PEM)")
    .option("--clock <url>", "compare the clock with the Date of an answer from there")
    .option(
      "--release <dir>",
      "as a step of `aegis release` in that folder: what the release itself brings may be missing",
    )
    .option("--disk-bytes <number>", "how many bytes must be free");

/** Topic by topic, in the order of the list; one that breaks hides none of the others. */
export async function preflight(
  names: readonly string[],
  flags: PreflightFlags,
): Promise<readonly PreflightFinding[]> {
  const chosen = names.length === 0 ? topics : topics.filter((topic) => names.includes(topic));
  const strange = names.find((name) => !topics.some((topic) => topic === name));
  if (strange !== undefined)
    throw new UsageError(
      `There is no topic "${strange}".`,
      `Known: ${topics.join(", ")}; and: aegis check db.`,
    );
  const scene = await preflightScene(flags);
  const findings: PreflightFinding[] = [];
  for (const topic of chosen)
    try {
      findings.push(...(await LOOKS[topic](scene)));
    } catch (error) {
      if (error instanceof UsageError) throw error;
      findings.push({
        id: `${topic}.look`,
        topic,
        claim: "It could be looked at.",
        outcome: "error",
        observed: error instanceof Error ? error.message.slice(0, 300) : "an error without a name",
      });
    }
  return findings;
}

export function statusOf(findings: readonly PreflightFinding[]): number {
  if (findings.some(({ outcome }) => outcome === "fail")) return 1;
  return findings.some(({ outcome }) => outcome === "unknown" || outcome === "error") ? 2 : 0;
}

const LOOK = {
  pass: ["✓ pass   ", "green"],
  fail: ["✗ FAIL   ", "red"],
  unknown: ["? unknown", "yellow"],
  error: ["! error  ", "magenta"],
  "not-applicable": ["- n/a    ", "dim"],
} as const;

function show({ id, claim, outcome, observed, subject, case: known, advice }: PreflightFinding): void {
  const [word, style] = LOOK[outcome];
  print(`${paint(style, word)} ${claim}${subject === undefined ? "" : ` (${subject})`}`);
  const row = (name: string, text: string): void =>
    print(`           ${paint("dim", name.padEnd(8))} ${text}`);
  row("seen", observed);
  if (outcome === "fail" && known !== undefined) row("case", known);
  if (outcome === "fail" && advice !== undefined) {
    row("symptom", advice.symptom);
    row("cause", advice.cause);
  }
  if ((outcome === "fail" || outcome === "unknown") && advice !== undefined) row("fix", advice.fix);
  if (outcome !== "pass" && outcome !== "not-applicable") row("id", id);
}
