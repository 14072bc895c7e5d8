/** docs/scan.md: the guide, every rule, and how well each does over the corpus. */
import { KNOWN_RULES } from "../packages/aegis-cli/src/scan/result.ts";
import { scan } from "../packages/aegis-cli/src/scan/engine.ts";
import {
  type CorpusPart,
  precisionOf,
  readSamples,
  recallOf,
  type Sample,
  type Score,
  scored,
} from "../test/support/scan-corpus.ts";
import { PEER_RULES, peerFinds } from "../test/support/scan-peer.ts";

const WHEN = new Date("2026-01-01T00:00:00Z");

export const scanFinds = (sample: Sample): boolean =>
  scan(sample.files, WHEN).findings.some(({ rule, state }) => rule === sample.rule && state === "open");

const percent = (value: number | undefined): string =>
  value === undefined ? "-" : `${Math.round(value * 100)} %`;
const sum = (scores: readonly Score[]): Score => {
  const total = { rule: "all", bad: 0, good: 0, found: 0, wrong: 0 };
  for (const { bad, good, found, wrong } of scores) {
    total.bad += bad;
    total.good += good;
    total.found += found;
    total.wrong += wrong;
  }
  return total;
};

export interface Measured {
  readonly ours: readonly Score[];
  readonly peer: readonly Score[];
}

const known = new Map<CorpusPart, Measured>();

/** Once for a process: the page is asked for more than once. */
export function measured(part: CorpusPart): Measured {
  const before = known.get(part);
  if (before !== undefined) return before;
  const samples = readSamples(part);
  const fresh = {
    ours: scored(samples, scanFinds),
    peer: scored(
      samples.filter(({ rule }) => Object.hasOwn(PEER_RULES, rule)),
      peerFinds,
    ),
  };
  known.set(part, fresh);
  return fresh;
}

function figures(part: CorpusPart): string {
  const { ours, peer } = measured(part);
  const row = (one: Score, other: Score | undefined): string =>
    `| ${one.rule === "all" ? "all" : `\`${one.rule}\``} | ${one.bad} | ${one.good} | ${percent(precisionOf(one))} | ${percent(recallOf(one))} | ${other === undefined ? "no rule | no rule" : `${percent(precisionOf(other))} | ${percent(recallOf(other))}`} |`;
  const shared = ours.filter(({ rule }) => Object.hasOwn(PEER_RULES, rule));
  return [
    "| rule | bad | good | precision | recall | plug-in: precision | plug-in: recall |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...ours.map((one) =>
      row(
        one,
        peer.find(({ rule }) => rule === one.rule),
      ),
    ),
    row(sum(ours), undefined),
    row({ ...sum(shared), rule: "rules of both" }, sum(peer)),
  ]
    .join("\n")
    .replace("`rules of both`", "rules of both");
}

const missed = (part: CorpusPart): string =>
  readSamples(part)
    .filter((sample) => scanFinds(sample) !== sample.bad)
    .map((sample) => `- ${sample.bad ? "missed" : "wrong"}: ${sample.name}`)
    .join("\n");

const rules = (): string =>
  [
    "| rule | claim | severity | CWE | ASVS 5.0.0 |",
    "| --- | --- | --- | --- | --- |",
    ...KNOWN_RULES.map(
      ({ id, claim, severity, cwe, asvs }) =>
        `| \`${id}\` | ${claim} | ${severity} | ${cwe} | ${asvs.replace("v5.0.0-", "")} |`,
    ),
  ].join("\n");

const advice = (): string =>
  KNOWN_RULES.map(
    ({ id, advice: { symptom, cause, fix } }) => `### ${id}\n\n${symptom} ${cause}\n\n**Fix:** ${fix}`,
  ).join("\n\n");

export const scanPage = (note: string): string => `# Scanning sources

${note}
\`aegis scan\` looks for known weaknesses in sources (JavaScript, TypeScript, JSX, Vue, EJS, Handlebars, Pug, Nunjucks), for installed packages with advisories, and for secrets in the repository. It runs nothing of what it reads.

\`\`\`sh
npx aegis scan . --no-advisories                    # sources and repository
npx aegis scan . --advisories advisories.json       # and packages, without a network
npx aegis scan . --no-advisories --format sarif     # for code hosts and editors; or json
\`\`\`

It ends with 0 where nothing is open, 1 where something is, 2 where something could not be looked at: a file that cannot be read or parsed, advisories that nobody answers. That is never told as "none found". What it finds goes to standard output, its summary to standard error.

## What is read

Files of the folder up to 1 MB, 32 MB in all; no links, no \`node_modules\`, \`dist\`, \`build\`, \`coverage\`, no folders that begin with a dot. Tests (\`--tests\` reads them) and built files are left out and counted. A file that nests so deeply that it would kill the parser is tried in a process that may die.

Values are followed lightly: through names, calls, templates and files of the folder, from a request to where they do harm. Packages are not followed, and neither is what only a running program knows.

## Packages

\`package-lock.json\` (version 2 or 3) is held against the registry that npm is configured with where the command runs (\`npm config get registry\`; it learns names and versions), or against a file: OSV records (a list, one, or an answer of OSV) or an answer of npm's bulk endpoint, a map of names to advisories. Credentials of registries are not used. Other lock files are not read, and that is said.

## Findings that stay

A comment in the line, or alone in the line before. Reason and date are required; at most a year ahead:

\`\`\`ts
// aegis-ignore weak-hash until 2027-06-30: the partner's API takes MD5 only, and it keeps no secret
\`\`\`

Without a reason, after its end, for a rule that is not known, or with nothing to leave out, it is a finding itself. A baseline accepts what is there today, so that only what is new counts. Its fingerprints are of the text of a place, so they survive moved lines; whoever renames a file looks again.

\`\`\`sh
npx aegis scan . --no-advisories --baseline scan-baseline.json --write-baseline
npx aegis scan . --no-advisories --baseline scan-baseline.json
\`\`\`

## Rules

${rules()}

\`git.env\`, \`git.ignored\` and \`git.history\` are those of [\`aegis check git\`](preflight.md). In a project that registers Aegis, \`missing-auth\` leaves Fastify routes alone: they do not start without a declaration.

## How good they are

Samples in \`packages/aegis-cli/corpus-scan\`, each good or bad for one rule. Precision: of what a rule reports, how much is bad. Recall: of what is bad, how much it reports. Both are over samples that we wrote: they say how rules compare and what they miss, not what share of the weaknesses of the world they find.

Beside them eslint-plugin-security over the same samples, with those of its rules that speak of the same; it looks at one file and at no flow of values. TypeScript is given to it without types; what it cannot parse counts as nothing found.

### Hold-out

Written before the rules were, and no rule was changed for it. Whoever wrote it knew which rules were to come, so it is kinder than the world.

${figures("hold-out")}

${missed("hold-out")}

### Tuned

What the rules were made better by: near misses, some of them of this repository, and samples (\`-missed\`) of which we know that no rule finds them.

${figures("tuned")}

${missed("tuned")}

## What to do

${advice()}
`;
