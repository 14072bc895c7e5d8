/** LIST 2, continued: figures for Prometheus. It counts what the others tell, asks when it is asked, refuses nothing. */
import type { FastifyInstance } from "fastify";
import { auditEventNames } from "./audit/events.ts";
import type { WriterState } from "./audit-chain/writer.ts";
import type { AegisWiring } from "./fastify-wiring.ts";
import { errorTable } from "./fastify-errors.ts";
import type { Clock } from "./lib/clock.ts";
import { named, requestCounters } from "./metrics/counters.ts";
import { demandStrong, enforceMetrics, measureRequests } from "./metrics/enforce.ts";
import { type Family, family, joined, parseFamilies, single, textOf } from "./metrics/families.ts";
import { measured, type Measures } from "./metrics/measures.ts";
import { processFigures } from "./metrics/process.ts";
import { fingerprint } from "./policy.ts";
import type { RevocationState } from "./revocation/service.ts";

export interface MetricsParts extends Measures {
  /** What a scraper brings, 43 random characters or more; a function while one may be replaced: all that are good now. */
  readonly token?: string | (() => readonly string[]);
  /** Of the application, for `aegis_info`. */
  readonly version?: string;
  /** Names this process among those that share its port. Default "1". */
  readonly process?: string;
  /**
   * What `app.aegis.metrics()` gave in the other processes behind the same port: whichever of them is asked, the answer is
   * of all. What is missing is missing; nothing is made up for it.
   */
  readonly siblings?: () => Promise<readonly { readonly process: string; readonly families: unknown }[]>;
}

interface Watched {
  readonly audit: () => WriterState;
  readonly revocations: (() => RevocationState) | undefined;
}

/** Who asks twice within it gets the same: reading costs no more than a look at each store a second. */
const GOOD_FOR_MS = 1000;
const QUIET_MS = 60_000;
const PROCESS_NAME = /^[A-Za-z0-9._-]{1,32}$/;

export function metrics(app: FastifyInstance, wiring: AegisWiring, clock: Clock) {
  const { metrics: parts, policy } = wiring;
  const events = named(auditEventNames, "app");
  const refusals = named(Object.keys(errorTable), "other");
  const limits = named(
    [...Object.keys(policy.rateLimit.limits), ...policy.rateLimit.own.map((own) => own.split("=")[0] ?? "")],
    "other",
  );
  const counted = {
    listen: ({ event }: { readonly event: string }) => events.add(event),
    exceeded: (limit: string) => limits.add(limit),
    refused: (code: string) => refusals.add(code),
  };
  let watched: Watched | undefined;
  const watch = (what: Watched): void => void (watched = what);
  if (parts === undefined)
    return { ...counted, watch, enforce: () => undefined, own: async (): Promise<readonly Family[]> => [] };

  const { token, process: processName = "1", siblings, version = "" } = parts;
  if (!PROCESS_NAME.test(processName))
    throw new TypeError("the name of a process is letters, digits, dots and lines");
  // One that is too short stops the start; one that comes to be so later is none.
  if (typeof token === "string") demandStrong(token);
  const tokens = typeof token === "string" ? () => [token] : token;
  const requests = requestCounters();
  const figures = processFigures();
  app.addHook("onClose", async () => figures.close());
  measureRequests(app, requests);

  const lastTrouble = new Map<string, number>();
  const measures = measured({
    ...parts,
    clock,
    ...(wiring.sessions.countLive === undefined
      ? {}
      : { countSessions: async () => (await wiring.sessions.countLive?.(clock.now())) ?? Number.NaN }),
    onTrouble: (what, error) => {
      if (clock.now() - (lastTrouble.get(what) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return;
      lastTrouble.set(what, clock.now());
      app.log.warn({ err: error, what }, "a figure for the metrics could not be had");
    },
  });

  const own = async (): Promise<readonly Family[]> => [
    family("gauge", "aegis_info", "What runs here.", [
      {
        labels: {
          policy: fingerprint(policy),
          environment: policy.environment,
          version,
          node: process.version,
        },
        value: 1,
      },
    ]),
    ...requests.families(),
    family(
      "counter",
      "aegis_events_total",
      "Security events, by name (docs/events.md).",
      events.samples("event"),
    ),
    family(
      "counter",
      "aegis_refusals_total",
      "Refusals and faults, by error code (docs/errors.md).",
      refusals.seen("code"),
    ),
    family("counter", "aegis_limit_refusals_total", "Refusals of limits, by limit.", limits.samples("limit")),
    ...auditFamilies(watched?.audit()),
    ...revocationFamilies(watched?.revocations?.()),
    ...(await measures()),
    ...figures.families(),
  ];

  let made: { readonly text: Promise<string>; readonly until: number } | undefined;
  const text = async (): Promise<string> => {
    const [mine, others] = await Promise.all([own(), siblings?.() ?? []]);
    const read = others.flatMap(({ process: name, families }) => {
      const known = PROCESS_NAME.test(name) ? parseFamilies(families) : undefined;
      return known === undefined ? [] : [[name, known] as const];
    });
    return textOf(joined([[processName, mine], ...read]));
  };
  return {
    ...counted,
    watch,
    own,
    enforce: (): void =>
      enforceMetrics(app, policy.metrics, {
        tokens,
        text: () => {
          const now = clock.now();
          if (made === undefined || now >= made.until) {
            made = { text: text(), until: now + GOOD_FOR_MS };
            made.text.catch(() => (made = undefined));
          }
          return made.text;
        },
      }),
  };
}

function auditFamilies(state: WriterState | undefined): readonly Family[] {
  if (state === undefined) return [];
  return [
    single(
      "gauge",
      "aegis_audit_waiting",
      "Events that wait to be written into the audit log.",
      state.waiting,
    ),
    single("counter", "aegis_audit_lost_total", "Events that the audit log never got.", state.lost),
    single("gauge", "aegis_audit_failing", "1: the audit log takes no entries.", state.failing ? 1 : 0),
    single(
      "gauge",
      "aegis_audit_broken",
      "1: an entry that was there is gone or changed, found while this process ran.",
      state.brokenAt === null ? 0 : 1,
    ),
  ];
}

function revocationFamilies(state: RevocationState | undefined): readonly Family[] {
  if (state === undefined) return [];
  return [
    single(
      "gauge",
      "aegis_revocation_fresh",
      "1: what was ended elsewhere is known here.",
      state.fresh ? 1 : 0,
    ),
    single(
      "gauge",
      "aegis_revocation_seconds",
      "How long the longest of the last minute took until every instance knew.",
      state.slowestSeconds,
    ),
  ];
}
