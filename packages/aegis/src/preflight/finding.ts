/**
 * Preflight: what has to be right on a machine before and after an application is put on it. Threat: a deployment that
 * seems to work and is open, or that locks its people out. Rule: facts are gathered elsewhere and judged here, purely;
 * what could not be seen is `unknown`, never a pass; a failure says symptom, cause and fix. References: requirements
 * CHK-1, CHK-3; ASVS 5.0 13.1, 13.2.
 */
import { oneLine } from "../lib/one-line.ts";
import type { Outcome } from "../control.ts";

export const topics = [
  "configuration",
  "secrets",
  "files",
  "git",
  "certificate",
  "runtime",
  "dependencies",
  "database",
  "redis",
  "disk",
  "ports",
  "dns",
  "clock",
  "backup",
  "rollback",
  "live",
] as const;
export type Topic = (typeof topics)[number];

/** The ways in which such a deployment is known to fail (CHK-3), by name. */
export const knownCases = [
  "secure-flag-missing",
  "session-expires-at-once",
  "csrf-failing",
  "database-unreachable",
  "health-check-failing",
  "secret-missing",
  "secure-flag-locks-out",
] as const;
export type KnownCase = (typeof knownCases)[number];

export interface Advice {
  /** What people or programs notice. */
  readonly symptom: string;
  readonly cause: string;
  /** What to do, so that it can be done as it stands: commands and values are between backticks. */
  readonly fix: string;
}

export interface PreflightFinding {
  /** "topic.what": stable. With `subject` unique in a run. */
  readonly id: string;
  readonly topic: Topic;
  /** One sentence that is true or false. */
  readonly claim: string;
  readonly outcome: Outcome;
  /** One line, without secrets. */
  readonly observed: string;
  /** Which variable, file, port: where there may be several. */
  readonly subject?: string;
  readonly case?: KnownCase;
  /** With every failure; where something could not be seen, how to make it seen. */
  readonly advice?: Advice;
}

/** Something that was looked at, or the reason why it could not be. */
export type Seen<T> = { readonly value: T } | { readonly unseen: string };

export const seen = <T>(value: T): Seen<T> => ({ value });
export const unseen = (why: string): { readonly unseen: string } => ({ unseen: why });

interface Claimed {
  readonly id: `${Topic}.${string}`;
  readonly claim: string;
  readonly subject?: string;
  readonly case?: KnownCase;
}

const MAX_OBSERVED = 600;

/** One line that a terminal and a report can show: what was looked at may hold anything. */
const line = (text: string): string => {
  const plain = oneLine(text);
  return plain.length > MAX_OBSERVED ? `${plain.slice(0, MAX_OBSERVED)}...` : plain;
};

/** The findings that one claim can have. */
export function claimed({ id, claim, subject, case: known }: Claimed) {
  const topic = topics.find((one) => id.startsWith(`${one}.`));
  if (topic === undefined) throw new TypeError(`no such topic: ${id}`);
  const base = {
    id,
    topic,
    claim,
    ...(subject === undefined ? {} : { subject: line(subject) }),
    ...(known === undefined ? {} : { case: known }),
  };
  const told = (advice: Advice): Advice => ({
    symptom: line(advice.symptom),
    cause: line(advice.cause),
    fix: line(advice.fix),
  });
  return {
    pass: (observed: string): PreflightFinding => ({ ...base, outcome: "pass", observed: line(observed) }),
    fail: (observed: string, advice: Advice): PreflightFinding => ({
      ...base,
      outcome: "fail",
      observed: line(observed),
      advice: told(advice),
    }),
    unknown: (observed: string, fix: string): PreflightFinding => ({
      ...base,
      outcome: "unknown",
      observed: line(observed),
      advice: told({ symptom: "This could not be looked at.", cause: observed, fix }),
    }),
    notApplicable: (observed: string): PreflightFinding => ({
      ...base,
      outcome: "not-applicable",
      observed: line(observed),
    }),
  };
}

/** How fixes speak of this deployment. */
export interface Deployment {
  /** The file that the server's environment comes from; undefined: it is not known to be one. */
  readonly envFile: string | undefined;
  /** The file of the policy, where it differs from a preset. */
  readonly policyFile: string | undefined;
  readonly restart: string;
  readonly startDatabase: string;
  readonly startRedis: string;
}

export const run = (command: string): string => `Run: \`${command}\`.`;

export const setVariable = ({ envFile }: Deployment, name: string, value: string): string =>
  envFile === undefined
    ? `Set \`${name}=${value}\` in the environment of the server.`
    : `Set \`${name}=${value}\` in \`${envFile}\`.`;

export const setPolicy = ({ policyFile }: Deployment, path: string, value: string): string =>
  `In ${policyFile === undefined ? "the policy" : `\`${policyFile}\``} set \`${path}\` to \`${value}\`.`;

export const restart = (deployment: Deployment): string => run(deployment.restart);

/** A word of a shell that is nothing but itself. */
export const quoted = (text: string): string =>
  /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
