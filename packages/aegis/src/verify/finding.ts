import type { Exchange, Outcome } from "../control.ts";
import { printable } from "./wire/text.ts";

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
}

/** An exchange with its secrets cut short, bounded in size. */
export interface EvidenceExchange {
  readonly request: string;
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: string;
}

const MAX_BODY = 400;
const SECRET_HEADERS = new Set(["set-cookie", "cookie", "authorization", "x-csrftoken", "x-csrf-token"]);

export function evidenceOf({ request, response }: Exchange): EvidenceExchange {
  return {
    request: printable(`${request.method} ${request.url}`, 300),
    status: response.status,
    headers: response.headers
      .slice(0, 60)
      .map(([name, value]) =>
        printable(`${name}: ${SECRET_HEADERS.has(name) ? redactCookie(value) : value}`, 400),
      ),
    body: printable(redactBody(response.body), MAX_BODY),
  };
}

/** The attributes stay readable; of the value, enough to tell two apart. */
const redactCookie = (line: string): string => line.replace(/=([^;]{4})[^;]+/, "=$1...");

const redactBody = (body: string): string =>
  body
    .slice(0, MAX_BODY * 4)
    .replace(/("[a-z_]*(?:token|secret|password)[a-z_]*"\s*:\s*")([^"]{0,4})[^"]*"/gi, '$1$2..."');
