/** A scan as a person likes to read it: rule by rule, with what to do. */
import { counted, paint, table } from "../talk.ts";
import { oneLine } from "./one-line.ts";
import { KNOWN_RULES, type ScanResult } from "./result.ts";
import type { ScanFinding, Severity } from "./rule.ts";

const STYLE: Readonly<Record<Severity, Parameters<typeof paint>[0]>> = {
  high: ["bold", "red"],
  medium: "yellow",
  low: "dim",
};

export function textOf({ findings, unread, unchecked }: ScanResult): string {
  const open = findings.filter(({ state }) => state === "open");
  return [
    ...KNOWN_RULES.flatMap(({ id, claim, cwe, asvs, severity, advice }) => {
      const own = open.filter(({ rule }) => rule === id);
      if (own.length === 0) return [];
      return [
        `${paint(STYLE[severity], severity.toUpperCase())} ${paint("bold", id)}  ${claim} ${paint("dim", `CWE-${cwe}, ASVS ${asvs}`)}`,
        indented(table(own.map(rowOf))),
        `  ${paint("dim", "symptom")}  ${advice.symptom}`,
        `  ${paint("dim", "cause")}    ${advice.cause}`,
        `  ${paint("dim", "fix")}      ${advice.fix}`,
        "",
      ];
    }),
    ...unread.map(
      ({ path, why }) => `${paint("magenta", "could not read")}  ${oneLine(path)}: ${oneLine(why)}`,
    ),
    ...unchecked.map(
      ({ what, why }) => `${paint("magenta", "could not check")} ${what}: ${oneLine(why, 600)}`,
    ),
  ].join("\n");
}

const rowOf = ({ file, line, observed }: ScanFinding): readonly string[] => [
  `${oneLine(file)}:${line}`,
  observed,
];
const indented = (text: string): string => text.replaceAll(/^/gm, "  ");

export function summaryOf({
  findings,
  unread,
  unchecked,
  files,
  lines,
  packages,
  leftOut,
}: ScanResult): string {
  const count = (state: ScanFinding["state"]): number => findings.filter((one) => one.state === state).length;
  const parts = [
    `${count("open")} open, ${count("suppressed")} suppressed, ${count("accepted")} accepted`,
    `${counted(files, "file")} (${counted(lines, "line")}) and ${counted(packages, "package")} looked at`,
  ];
  if (leftOut.tests + leftOut.built > 0)
    parts.push(`left out: ${leftOut.tests} of tests, ${leftOut.built} built`);
  if (unread.length + unchecked.length > 0)
    parts.push(
      `${counted(unread.length, "file")} could not be read, ${counted(unchecked.length, "check")} could not be made`,
    );
  return parts.join("; ");
}
