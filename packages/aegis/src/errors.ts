/**
 * Errors are a closed list of stable codes. The public text never helps an attacker; the hint helps the operator
 * and stays in the log. On the wire an error is problem+json (RFC 9457).
 */

export interface ErrorSpec {
  /** HTTP status. */
  readonly status: number;
  /** Short, the same for every occurrence (RFC 9457 "title"). */
  readonly title: string;
  /** One sentence for the person at the other end (RFC 9457 "detail"). */
  readonly detail: string;
  /** For the operator: what to look at. Never sent. */
  readonly hint: string;
}

export type ErrorTable = Readonly<Record<`AEGIS_${string}`, ErrorSpec>>;

export interface FieldError {
  /** Dotted path of the field in the body, or "" for the whole body. */
  readonly field: string;
  /** Stable word: "required", "too_short", "common", ... */
  readonly reason: string;
  /** Sentence for the person. */
  readonly message: string;
}

export interface ErrorFacts {
  readonly detail?: string;
  readonly status?: number;
  readonly errors?: readonly FieldError[];
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
  /** For the log only. */
  readonly log?: Readonly<Record<string, string | number | boolean>>;
}

export class AegisError extends Error {
  override readonly name = "AegisError";
  readonly code: string;
  readonly spec: ErrorSpec;
  readonly status: number;
  readonly facts: ErrorFacts;

  constructor(code: string, spec: ErrorSpec, facts: ErrorFacts = {}) {
    const status = facts.status ?? spec.status;
    // A refusal is an answer, not a fault: nobody reads where it was made, and whoever sends many should not make
    // the server walk its stack for each. Faults of ours keep theirs.
    const { stackTraceLimit } = Error;
    if (status < 500) Error.stackTraceLimit = 0;
    super(facts.detail ?? spec.detail, facts.cause === undefined ? undefined : { cause: facts.cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.code = code;
    this.spec = spec;
    this.status = status;
    this.facts = facts;
  }
}

/** Binds a room's table to a function that makes its errors; only codes of the table compile. */
export function errorsOf<T extends ErrorTable>(table: T) {
  return (code: keyof T & `AEGIS_${string}`, facts?: ErrorFacts): AegisError => {
    const rows: ErrorTable = table;
    const spec = rows[code];
    if (spec === undefined) throw new TypeError(`no such error code: ${code}`);
    return new AegisError(code, spec, facts);
  };
}

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly request_id: string;
  readonly errors?: readonly FieldError[];
}

const beginnings = new WeakMap<ErrorSpec, string>();

/** The same as JSON. What is the same for every occurrence is made once: there may be a flood of refusals. */
export function problemText(error: AegisError, requestId: string): string {
  const { spec, facts } = error;
  if (facts.detail !== undefined || facts.errors !== undefined || facts.status !== undefined)
    return JSON.stringify(problemOf(error, requestId));
  let beginning = beginnings.get(spec);
  if (beginning === undefined) {
    beginning = JSON.stringify({ ...problemOf(error, ""), request_id: undefined }).slice(0, -1);
    beginnings.set(spec, beginning);
  }
  return `${beginning},"request_id":${JSON.stringify(requestId)}}`;
}

/** The body of an error answer (RFC 9457). */
export function problemOf(error: AegisError, requestId: string): Problem {
  return {
    type: `urn:aegis:error:${error.code}`,
    title: error.spec.title,
    status: error.status,
    detail: error.message,
    code: error.code,
    request_id: requestId,
    ...(error.facts.errors === undefined ? {} : { errors: error.facts.errors }),
  };
}
