import type { Exchange, MatrixCell, Outcome } from "../control.ts";
import { hideHeader, hideInBody, type Secrets } from "./redact.ts";
import { printable } from "./wire/text.ts";

/** How a saved run begins: whoever reads one knows by it what it is, and whether they understand it. */
export const RUN_FORMAT = "aegis-run/1";

/** What one control found on one target: the unit of every report. */
export interface Finding {
  readonly id: string;
  readonly room: string;
  readonly claim: string;
  readonly outcome: Outcome;
  readonly observed: string;
  readonly expected?: string;
  readonly advice: { readonly symptom: string; readonly cause: string; readonly fix: string };
  readonly proves: readonly string[];
  readonly references: readonly string[];
  readonly seconds: number;
  readonly evidence: readonly EvidenceExchange[];
  /** Where the control looked at many routes: what it found at each. */
  readonly matrix?: readonly FindingCell[];
}

export interface FindingCell {
  readonly method: string;
  readonly path: string;
  readonly outcome: Outcome;
  readonly observed: string;
  readonly evidence?: EvidenceExchange;
}

/** An exchange with its secrets cut short, bounded in size. */
export interface EvidenceExchange {
  readonly request: string;
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: string;
  /** On a raw connection: how it ended, and when. Its `status` is 0 where nothing came back that is an answer. */
  readonly connection?: string;
}

const MAX_BODY = 400;
const MAX_HEADERS = 60;
/** Longer than any cookie: a secret that begins in what is shown is seen whole, and hidden whole. */
const LOOKED_AT = MAX_BODY + 8192;

export function cellOf({ exchange, ...cell }: MatrixCell, secrets: Secrets): FindingCell {
  return {
    method: cell.method,
    path: cell.path,
    outcome: cell.outcome,
    observed: printable(secrets.hide(cell.observed), 300),
    ...(exchange === undefined ? {} : { evidence: evidenceOf(exchange, secrets) }),
  };
}

export function evidenceOf({ request, response, connection }: Exchange, secrets: Secrets): EvidenceExchange {
  return {
    request: printable(secrets.hide(`${request.method} ${request.url.slice(0, LOOKED_AT)}`), 300),
    status: response.status,
    headers: response.headers
      .slice(0, MAX_HEADERS)
      .map(([name, value]) =>
        printable(secrets.hide(`${name}: ${hideHeader(name, value.slice(0, LOOKED_AT))}`), 400),
      ),
    body: printable(secrets.hide(hideInBody(response.body.slice(0, LOOKED_AT))), MAX_BODY),
    ...(connection === undefined ? {} : { connection: printable(connection, 80) }),
  };
}

export type Counts = Readonly<Record<Outcome, number>>;

export function countsOf(findings: readonly Finding[]): Counts {
  const count = (outcome: Outcome): number =>
    findings.filter((finding) => finding.outcome === outcome).length;
  return {
    pass: count("pass"),
    fail: count("fail"),
    "not-applicable": count("not-applicable"),
    unknown: count("unknown"),
    error: count("error"),
  };
}
