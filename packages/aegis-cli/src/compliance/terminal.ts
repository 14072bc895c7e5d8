import { type Assessment, refusedText, type Row, type Status, statuses } from "aegis/report";
import { paint, table } from "../talk.ts";

const STYLES: Readonly<Record<Status, Parameters<typeof paint>[0]>> = {
  tested: "green",
  "tested-in-part": "cyan",
  attested: "cyan",
  waived: "yellow",
  "not-applicable": "dim",
  "not-tested": "yellow",
  "not-attested": "yellow",
  "not-met": "red",
};
const WIDEST = 100;

const cut = (text: string): string => (text.length > WIDEST ? `${text.slice(0, WIDEST - 3)}...` : text);

function rowOf({ requirement, status, reason, controls }: Row): string {
  const proof = controls.flatMap(({ id, exchange }) =>
    exchange === undefined ? [] : [`${id} ${exchange.pointer}`],
  );
  const level = requirement.level === undefined ? "" : ` L${requirement.level}`;
  return [
    `${paint(STYLES[status], status.padEnd(15))} ${requirement.id}${level}  ${requirement.title}`,
    `${" ".repeat(16)}${paint("dim", cut(reason))}`,
    ...(status === "tested" || status === "tested-in-part"
      ? proof.map((one) => `${" ".repeat(16)}${paint("dim", one)}`)
      : []),
  ].join("\n");
}

/** Rows, the statements that do not count, and last the counts. */
export function terminalCompliance(
  { framework, run, rows, counts, refused }: Assessment,
  only: readonly Status[],
): string {
  const shown = rows.filter(({ status }) => only.length === 0 || only.includes(status));
  return [
    `${framework.name} ${framework.version}`,
    `${run.origin}, as seen at ${run.startedAt}; policy ${run.fingerprint}; run SHA-256 ${run.digest}`,
    "",
    ...shown.map(rowOf),
    ...(refused.length === 0 ? [] : ["", "Statements that do not count:", table(refused.map(refusedText))]),
    "",
    table(statuses.map((status) => [status, String(counts[status])])),
  ].join("\n");
}
