/** `aegis-ignore RULE until YYYY-MM-DD: reason`, in a comment of the line, or alone in the line before. */
import type { RuleText } from "./rule.ts";

export const SUPPRESSION: RuleText = {
  id: "suppression",
  claim: "Whoever has a finding left out says of which rule, why, and until when.",
  cwe: 1078,
  asvs: "v5.0.0-15.1.1",
  severity: "medium",
  advice: {
    symptom: "A finding stays unseen, and nobody remembers why.",
    cause:
      "The comment has no reason, no date, a date that is past or too far, a rule that is not known, or nothing to leave out.",
    fix: "Write `aegis-ignore RULE until YYYY-MM-DD: reason`, at most a year ahead; or mend the place and take the comment away.",
  },
};

export interface Suppression {
  readonly rule: string;
  readonly reason: string;
  /** The lines that it speaks of. */
  readonly from: number;
  readonly to: number;
  readonly start: number;
  /** Why it has no effect. */
  readonly problem: string | undefined;
}

const FORM = /\baegis-ignore\s+([a-z][a-z-]{1,60})([^\r\n]{0,500})/;
const REST = /^\s+until\s+(\d{4}-\d{2}-\d{2})(?:\s*:\s*(.*))?$/;
const MAX_DAYS = 366;
const MIN_REASON_LENGTH = 10;
const DAY_MS = 86_400_000;

export interface Comment {
  readonly text: string;
  readonly start: number;
  readonly line: number;
  readonly endLine: number;
  /** Nothing else stands in its line. */
  readonly alone: boolean;
}

/** Without a known rule and without "until" it is not spoken to the scan. */
export function suppressionsOf(
  comments: readonly Comment[],
  rules: ReadonlySet<string>,
  now: Date,
): readonly Suppression[] {
  return comments.flatMap(({ text, start, line, endLine, alone }) => {
    const match = FORM.exec(text);
    if (match === null) return [];
    const [, rule = "", rest = ""] = match;
    if (!rules.has(rule) && !/^\s+until\b/.test(rest)) return [];
    const [, until = "", given = ""] =
      REST.exec(rest.replace(/\s*(?:\*\/|-->|--~?\}\}|\}\}|%>)\s*$/, "")) ?? [];
    const reason = given.trim();
    return [
      {
        rule,
        reason,
        start,
        from: line,
        to: alone ? endLine + 1 : line,
        problem: problemOf(rule, until, reason, rules, now),
      },
    ];
  });
}

function problemOf(
  rule: string,
  until: string,
  reason: string,
  rules: ReadonlySet<string>,
  now: Date,
): string | undefined {
  if (!rules.has(rule)) return `there is no rule ${rule}`;
  // The day itself counts, in every time zone.
  const end = Date.parse(`${until}T23:59:59Z`);
  if (Number.isNaN(end) || new Date(end).toISOString().slice(0, 10) !== until)
    return "it has no date until when";
  if (reason.length < MIN_REASON_LENGTH) return "it has no reason";
  if (end < now.getTime()) return `it ended on ${until}`;
  return end - now.getTime() > MAX_DAYS * DAY_MS ? "it ends more than a year from now" : undefined;
}
