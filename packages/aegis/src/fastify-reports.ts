/** LIST 2, continued: what browsers report of the page policy, told as events and counted in groups. */
import type { FastifyInstance } from "fastify";
import type { Audit } from "./audit/auditor.ts";
import { type CspReportStore, kindOf } from "./headers/csp-groups.ts";
import { enforceCspReports } from "./headers/csp-report.ts";
import { CSP_KEPT_MS, cspReportRoutes } from "./headers/csp-routes.ts";
import { background } from "./lib/background.ts";
import type { Clock } from "./lib/clock.ts";
import type { Policy } from "./policy.ts";

export interface ReportsParts {
  readonly policy: Policy;
  readonly store: CspReportStore;
  readonly publicOrigin: string | undefined;
  readonly audit: Audit;
  readonly clock: Clock;
}

/** How many of what was not reported for long are forgotten. */
export function enforceReports(
  app: FastifyInstance,
  { policy, store, publicOrigin, audit, clock }: ReportsParts,
): () => Promise<number> {
  const tasks = background((error) => app.log.warn({ err: error }, "a report of a browser was not counted"));
  enforceCspReports(app, clock, (violation, { ip, host }) => {
    audit(undefined, { event: "csp.violation", outcome: "failure", ip, facts: { ...violation } });
    const kind = kindOf(violation, publicOrigin === undefined ? host : new URL(publicOrigin).host);
    if (kind !== undefined) tasks.run(() => store.add(kind, clock.now()));
  });
  cspReportRoutes(app, policy.headers, store);
  app.addHook("onClose", () => tasks.settled());
  return () => store.removeBefore(clock.now() - CSP_KEPT_MS);
}
