/** What the application stands on: PostgreSQL and Redis. Pure. */
import { claimed, type Deployment, type PreflightFinding, run, type Seen, setVariable } from "./finding.ts";

export interface DatabaseFacts {
  /** host:port/name; never the password. Undefined: no DATABASE_URL. */
  readonly address: string | undefined;
  readonly reached: "yes" | "unasked" | { readonly code: string; readonly reason: string };
  readonly pending: Seen<readonly string[]>;
  /** Looked at as a step of a release, which applies them next. */
  readonly isMigratedNext?: boolean;
  /** Faults of role, row-level security and indexes, as sentences with their remedy; and how many tenants' tables there are. */
  readonly hardening: Seen<{ readonly role: string; readonly faults: readonly string[] }>;
}

const SHOWN = 5;
const listed = (all: readonly string[]): string =>
  `${all.slice(0, SHOWN).join(", ")}${all.length > SHOWN ? `, and ${all.length - SHOWN} more` : ""}`;

export function checkDatabaseFacts(facts: DatabaseFacts, where: Deployment): PreflightFinding[] {
  const { address, reached, pending, hardening } = facts;
  const reachable = claimed({
    id: "database.reachable",
    claim: "The database answers.",
    ...(address === undefined ? {} : { subject: address }),
    case: "database-unreachable",
  });
  const migrated = claimed({ id: "database.migrations", claim: "Every migration is applied." });
  const hardened = claimed({
    id: "database.hardening",
    claim: "The application's role owns nothing, and one tenant's rows are shut to another.",
  });
  if (address === undefined || reached === "unasked") {
    const all = [reachable, migrated, hardened];
    return all.map((one) => one.unknown("DATABASE_URL is not set", "Set DATABASE_URL."));
  }
  if (reached !== "yes")
    return [
      reachable.fail(`${address}: ${reached.reason}`, unreachable(reached.code, address, where)),
      migrated.unknown("the database does not answer", "Mend that first."),
      hardened.unknown("the database does not answer", "Mend that first."),
    ];
  return [
    reachable.pass(address),
    "unseen" in pending
      ? migrated.unknown(
          pending.unseen,
          "Name the folders of migrations in aegis.config.ts (preflight.migrations).",
        )
      : pending.value.length === 0
        ? migrated.pass("none is missing")
        : facts.isMigratedNext === true
          ? migrated.pass(`this release applies next: ${listed(pending.value)}`)
          : migrated.fail(`missing: ${listed(pending.value)}`, {
              symptom: "The server does not start, or answers 500 where it needs what is missing.",
              cause: "The database is that of an older release.",
              fix: `Set DATABASE_OWNER_URL to the role that owns the tables: the server migrates at its start, and lets it go. ${run(where.restart)}`,
            }),
    "unseen" in hardening
      ? hardened.unknown(hardening.unseen, run("npx aegis check db"))
      : hardening.value.faults.length === 0
        ? hardened.pass(`as ${hardening.value.role}`)
        : hardened.fail(listed(hardening.value.faults), {
            symptom: "Nothing is seen, until one tenant reads what is another's.",
            cause: hardening.value.faults[0] ?? "",
            fix: `Do what each of them says; see all: ${run("npx aegis check db")}`,
          }),
  ];
}

function unreachable(code: string, address: string, where: Deployment) {
  const symptom = "The server does not start, or answers 503 to whoever is signed in.";
  if (code.startsWith("28"))
    return {
      symptom,
      cause: "The server is there and does not let this role in: password, or pg_hba.conf.",
      fix: "Set the password that DATABASE_URL has: `alter role NAME password '...'`; see the last lines of PostgreSQL's log.",
    };
  if (code === "3D000")
    return {
      symptom,
      cause: "The server is there and has no database of that name.",
      fix: "Make it, as its owner: `createdb NAME`; or correct DATABASE_URL.",
    };
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return {
      symptom,
      cause: "The host name in DATABASE_URL is not known here.",
      fix: `Correct the host. ${setVariable(where, "DATABASE_URL", "postgres://role:password@host:5432/name")}`,
    };
  return {
    symptom,
    cause:
      code === "ECONNREFUSED"
        ? `Nothing listens at ${address}: PostgreSQL does not run, or listens elsewhere.`
        : `No answer from ${address}: it does not run, or something is between.`,
    fix: `${run(where.startDatabase)} If it runs already, correct host and port in DATABASE_URL.`,
  };
}

export interface RedisFacts {
  readonly address: string | undefined;
  readonly isNeeded: boolean;
  readonly reached: "yes" | "unasked" | { readonly reason: string };
  /** Sentences with their remedy. */
  readonly problems: Seen<readonly string[]>;
}

export function checkRedis(facts: RedisFacts, where: Deployment): PreflightFinding[] {
  const { address, reached, problems, isNeeded } = facts;
  const right = claimed({
    id: "redis.settings",
    claim: "Redis answers, keeps what it is given, and throws nothing away.",
    ...(address === undefined ? {} : { subject: address }),
  });
  if (address === undefined || reached === "unasked")
    return [
      isNeeded
        ? right.unknown("REDIS_URL is not set", "Set REDIS_URL.")
        : right.notApplicable("no REDIS_URL: one process counts for itself"),
    ];
  if (reached !== "yes")
    return [
      right.fail(reached.reason, {
        symptom: "The server does not start; while it runs, sign-in and other critical routes answer 503.",
        cause: `Redis does not answer at ${address}.`,
        fix: `${run(where.startRedis)} If it runs already, correct REDIS_URL.`,
      }),
    ];
  if ("unseen" in problems) return [right.unknown(problems.unseen, "Look at it as its administrator.")];
  return [
    problems.value.length === 0
      ? right.pass(address)
      : right.fail(problems.value.join(" "), {
          symptom: "Limits and bans are gone after a restart, or as soon as somebody fills it.",
          cause: problems.value[0] ?? "",
          fix: problems.value
            .map((one) => /Set ([a-z-]+) ([a-z]+)\.$/.exec(one))
            .map((found) =>
              found === null ? "" : run(`redis-cli CONFIG SET ${found[1] ?? ""} ${found[2] ?? ""}`),
            )
            .join(" ")
            .concat(` ${run("redis-cli CONFIG REWRITE")}`),
        }),
  ];
}
