/** docs/troubleshooting.md: what checks, controls and errors say of themselves, ordered by what people notice. */
import { errorTable } from "aegis/fastify";
import { knownCases, type PreflightFinding, topics } from "aegis/preflight";
import { catalogue } from "aegis/verify";
import { plantedFindings } from "./preflight-faults.ts";

/** A cell of a table: one line, and nothing that Markdown or HTML would take for its own. */
const cell = (text: string): string =>
  text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith("`") ? part : part.replaceAll("<", "&lt;").replaceAll("*", "\\*")))
    .join("")
    .replaceAll("|", "\\|");
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows.map((row) => row.map(cell))]
    .map((row) => `| ${row.join(" | ")} |`)
    .join("\n");

function grouped<T>(all: readonly T[], keyOf: (one: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
  return groups;
}

const causes = (findings: readonly PreflightFinding[]): string =>
  table(
    ["found by", "cause", "fix"],
    findings.map(({ id, advice }) => [`\`${id}\``, advice?.cause ?? "", advice?.fix ?? ""]),
  );

function bySymptom(findings: readonly PreflightFinding[], titled: (symptom: string) => string): string[] {
  return [...grouped(findings, ({ advice }) => advice?.symptom ?? "")].flatMap(([symptom, all]) => [
    `\n${titled(symptom)}\n`,
    causes(all),
  ]);
}

function controls(): string[] {
  return catalogue.flatMap(({ room, controls: all }) => [
    `\n### ${room}\n`,
    table(
      ["what people notice", "cause", "fix", "controls"],
      [...grouped(all, ({ advice }) => JSON.stringify(advice)).values()].flatMap((same) => {
        const advice = same[0]?.advice;
        return advice === undefined
          ? []
          : [[advice.symptom, advice.cause, advice.fix, same.map(({ id }) => `\`${id}\``).join(", ")]];
      }),
    ),
  ]);
}

function errors(): string {
  const byTitle = grouped(Object.entries(errorTable), ([, { title }]) => title);
  return table(
    ["people read", "status", "code"],
    [...byTitle]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([title, all]) => [
        title,
        [...new Set(all.map(([, { status }]) => String(status)))].join(", "),
        all.map(([code]) => `\`${code}\``).join(", "),
      ]),
  );
}

export function troubleshootingPage(note: string): string {
  const findings = plantedFindings();
  const failures = findings.filter(({ outcome }) => outcome === "fail");
  const others = failures.filter((one) => one.case === undefined);
  const unseen = findings.filter(({ outcome }) => outcome === "unknown");
  return [
    "# Troubleshooting",
    note,
    "Search this page for what people notice, for a code that an answer has, or for the id that a command printed. The texts are those of the checks themselves; files, addresses and names of units in them are examples. Ask the machine first:\n",
    "```sh",
    "npx aegis check --env /etc/hub/environment            # on the server: configuration, secrets, database, room",
    "npx aegis check live --live https://hub.example       # what people meet",
    "npx aegis verify https://hub.example                  # the whole policy, from outside",
    "```\n",
    "A failing check prints symptom, cause and fix with your own values. What is found is explained in [preflight.md](preflight.md), what is proven in [controls.md](controls.md).",
    "\n## The seven known failures",
    ...knownCases.flatMap((name) => [
      `\n### \`${name}\``,
      ...bySymptom(
        failures.filter((one) => one.case === name),
        (symptom) => `**${symptom}**`,
      ),
    ]),
    "\n## On the server",
    ...topics.flatMap((topic) => {
      const here = others.filter((one) => one.topic === topic);
      return here.length === 0 ? [] : [`\n### ${topic}`, ...bySymptom(here, (symptom) => `#### ${symptom}`)];
    }),
    "\n## What could not be looked at\n",
    "`unknown` is no pass: nobody knows yet.\n",
    table(
      ["check", "because", "what to do"],
      unseen.map(({ id, advice }) => [`\`${id}\``, advice?.cause ?? "", advice?.fix ?? ""]),
    ),
    "\n## What a verifier finds",
    ...controls(),
    "\n## What an answer says\n",
    "Answers are problem+json: `title` is what people read, `code` what programs and logs have. What each means, and a hint for the operator: [errors.md](errors.md).\n",
    errors(),
    "",
  ].join("\n");
}
