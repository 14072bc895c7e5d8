/** Findings as a person likes to read them: room by room, what fails with its cause and its fix. */
import type { Finding, Outcome, Report } from "aegis/verify";
import { paint } from "../talk.ts";

const LOOK: Record<Outcome, { glyph: string; word: string; style: Parameters<typeof paint>[0] }> = {
  pass: { glyph: "✓", word: "pass", style: "green" },
  fail: { glyph: "✗", word: "FAIL", style: ["bold", "red"] },
  unknown: { glyph: "?", word: "unknown", style: "yellow" },
  "not-applicable": { glyph: "-", word: "n/a", style: "dim" },
  error: { glyph: "!", word: "error", style: ["bold", "magenta"] },
};

const INDENT = 13;
const WIDEST = 110;
const NARROWEST = 50;

export function terminalReport(report: Report, columns = 100): string {
  const width = Math.min(Math.max(columns, NARROWEST), WIDEST);
  const rooms = [...new Set(report.findings.map(({ room }) => room))];
  return [
    "",
    `${paint("bold", report.target)}  ${report.origin}`,
    paint(
      "dim",
      hang(
        `held against ${policyOf(report)} for ${report.environment}; ${report.seconds.toFixed(1)} s`,
        width,
        0,
      ),
    ),
    // One reason for all of them: said once, not as many times as there are controls.
    ...(report.reachable
      ? rooms.flatMap((room) =>
          roomBlock(
            room,
            report.findings.filter((finding) => finding.room === room),
            width,
          ),
        )
      : ["", hang([...new Set(report.findings.map(({ observed }) => observed))].join("; "), width, 0)]),
    "",
    ...wrong(report, width),
    summary(report),
    "",
  ].join("\n");
}

const policyOf = ({ policyName, fingerprint }: Report): string =>
  policyName === undefined ? `policy ${fingerprint}` : `${policyName} (policy ${fingerprint})`;

function roomBlock(room: string, findings: readonly Finding[], width: number): string[] {
  const good = findings.filter(({ outcome }) => outcome === "pass").length;
  const counted = findings.filter(({ outcome }) => outcome !== "not-applicable").length;
  return [
    "",
    `${paint("bold", room)} ${paint("dim", `${good} of ${counted}`)}`,
    ...findings.flatMap((finding) => lines(finding, width)),
  ];
}

function lines(finding: Finding, width: number): string[] {
  const { glyph, word, style } = LOOK[finding.outcome];
  const head = `  ${paint(style, `${glyph} ${word.padEnd(8)}`)} ${hang(finding.claim, width)}`;
  if (finding.outcome === "pass" || finding.outcome === "not-applicable")
    return [`${head}${paint("dim", `\n${pad(finding.observed, width)}`)}`];
  const rows: [string, string][] =
    finding.outcome === "fail"
      ? [
          ["observed", finding.observed],
          ["expected", finding.expected ?? "as claimed"],
          ["symptom", finding.advice.symptom],
          ["cause", finding.advice.cause],
          ["fix", finding.advice.fix],
        ]
      : [["because", finding.observed]];
  return [
    head,
    ...rows.map(
      ([name, text]) =>
        `${" ".repeat(INDENT)}${paint("dim", name.padEnd(9))} ${hang(text, width, INDENT + 10)}`,
    ),
    paint("dim", `${" ".repeat(INDENT)}${finding.id}`),
  ];
}

const pad = (text: string, width: number): string => `${" ".repeat(INDENT)}${hang(text, width)}`;

/** A word longer than a line, such as a whole header, in pieces that fit. */
function pieces(word: string, room: number): string[] {
  const characters = [...word];
  return Array.from({ length: Math.max(1, Math.ceil(characters.length / room)) }, (_, index) =>
    characters.slice(index * room, (index + 1) * room).join(""),
  );
}

/** Wraps at words; lines after the first hang under it. */
function hang(text: string, width: number, indent = INDENT): string {
  const rows: string[] = [];
  let row = "";
  for (const word of text.split(" ").flatMap((one) => pieces(one, width - indent))) {
    if (row !== "" && row.length + word.length + 1 > width - indent) {
      rows.push(row);
      row = word;
    } else row = row === "" ? word : `${row} ${word}`;
  }
  return [...rows, row].join(`\n${" ".repeat(indent)}`);
}

/** Once more, at the end: where hundreds of lines went by, or somebody keeps the last of them alone. */
function wrong({ findings }: Report, width: number): string[] {
  const bad = findings.filter(({ outcome }) => outcome === "fail" || outcome === "error");
  if (bad.length === 0) return [];
  return [
    ...bad.map(({ outcome, id, observed }) => {
      const { glyph, word, style } = LOOK[outcome];
      return `  ${paint(style, `${glyph} ${word.padEnd(8)}`)} ${hang(`${id}: ${observed}`, width)}`;
    }),
    "",
  ];
}

function summary({ counts, reachable }: Report): string {
  const part = (outcome: Outcome, text: string): string =>
    counts[outcome] === 0
      ? paint("dim", `0 ${text}`)
      : paint(LOOK[outcome].style, `${counts[outcome]} ${text}`);
  const all = [
    part("pass", "pass"),
    part("fail", "fail"),
    part("unknown", "unknown"),
    part("error", "error"),
    part("not-applicable", "not applicable"),
  ].join(", ");
  return reachable ? all : `${paint(["bold", "red"], "The target could not be reached.")} ${all}`;
}
