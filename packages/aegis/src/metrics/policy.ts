/**
 * Threat: figures of a running system tell a stranger when it is weak and what it was told by others; and without them
 * its operator learns from users that it is attacked, slow or about to fail. Rule: metrics are given to whoever brings
 * their own token, hold routes and names of ours alone and nothing that a visitor wrote; what is too much is a setting,
 * and the alerts are rendered from it. References: ASVS 5.0 13.4.2, 16.3; OWASP Top 10 A09; requirement OPS-1.
 */
import type Type from "typebox";
import { count, type Environment, flag, seconds, section } from "../lib/schema.ts";

const DAY = 86_400;
const percent = (description: string) => count(1, 100, description);

export const metricsPolicySchema = section(
  {
    tokenRequired: flag(
      "Who reads GET /metrics needs its token (METRICS_TOKEN of the hub). Without a token there is no such route; production takes nothing else.",
    ),
    scrapeSeconds: seconds(
      3,
      300,
      "How often Prometheus reads the metrics and looks at its rules; an answer may take two seconds.",
    ),
    alerts: section(
      {
        windowSeconds: seconds(12, DAY, "Rates and shares are those of so long."),
        holdSeconds: seconds(0, DAY, "Something has to be too much for so long before anybody is told."),
        repeatSeconds: seconds(60, 7 * DAY, "Who was told is told again after so long, while it goes on."),
        leastRequestCount: count(
          1,
          1_000_000,
          "A share says something from so many requests in a window on: one of two is no trend.",
        ),
        signInFailurePercentLimit: percent(
          "Failed sign-ins of all sign-ins, in percent, are too many above this.",
        ),
        csrfFailurePercentLimit: percent(
          "Refusals for forged or missing CSRF proof of all requests that change something, in percent, are too many above this.",
        ),
        serverErrorPercentLimit: percent("Answers 5xx of all answers, in percent, are too many above this."),
        limitedPercentLimit: percent("Answers 429 of all answers, in percent, are too many above this."),
        slowAnswerSeconds: seconds(1, 60, "One answer of twenty that takes longer than this is too slow."),
        eventLoopMillisecondsLimit: count(
          1,
          60_000,
          "A process whose event loop is late by more than this (99 of 100 turns) is saturated.",
        ),
        heapPercentLimit: percent(
          "Of the memory that Node.js may use, in percent, more than this is saturated.",
        ),
        poolPercentLimit: percent(
          "Of the connections of a pool, in percent, more than this in use is saturated.",
        ),
        certificateSeconds: seconds(DAY, 365 * DAY, "A certificate that ends sooner is told of."),
        revocationSeconds: seconds(
          1,
          600,
          "An end of sessions or tokens that takes longer to be known everywhere is told of.",
        ),
      },
      "From when on somebody is told. Backups: backup.maxAgeSeconds.",
    ),
  },
  "What is measured, who may read it, and from when on somebody is told.",
);

export type MetricsPolicy = Type.Static<typeof metricsPolicySchema>;

export const metricsDefaults = (_environment: Environment): MetricsPolicy => ({
  tokenRequired: true,
  scrapeSeconds: 15,
  alerts: {
    windowSeconds: 300,
    holdSeconds: 120, // a restart or one bad minute wakes nobody
    repeatSeconds: 4 * 3600,
    leastRequestCount: 20,
    signInFailurePercentLimit: 5, // OPS-1, as the next and the certificate's 30 days
    csrfFailurePercentLimit: 1,
    serverErrorPercentLimit: 1,
    limitedPercentLimit: 10,
    slowAnswerSeconds: 1,
    eventLoopMillisecondsLimit: 200,
    heapPercentLimit: 85,
    poolPercentLimit: 90,
    certificateSeconds: 30 * DAY,
    revocationSeconds: 5, // a lease is one second: five of them are an instance that hangs, or a ledger
  },
});
