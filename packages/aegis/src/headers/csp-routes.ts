/** What browsers reported, for administrators: grouped, each with what would allow it. */
import type { FastifyInstance } from "fastify";
import type { DeepReadonly } from "../lib/freeze.ts";
import { headerBlock } from "./block.ts";
import type { CspReportStore } from "./csp-groups.ts";
import { proposalOf } from "./csp-proposal.ts";
import type { HeadersPolicy } from "./policy.ts";

export const CSP_KEPT_MS = 30 * 86_400_000;

const iso = (at: number): string => new Date(at).toISOString();
/** The nonce is another one for every page. */
const PLACE = "NONCE";

export function cspReportRoutes(
  app: FastifyInstance,
  policy: DeepReadonly<HeadersPolicy>,
  store: CspReportStore,
): void {
  const pagePolicy = headerBlock(policy).pageCsp(PLACE);
  app.get("/api/admin/csp-reports", {
    config: { access: "role:admin", requireAal: 2 },
    handler: async () => {
      const items = (await store.list()).map(({ directive, blocked, page, count, firstAt, lastAt }) => ({
        directive,
        blocked,
        page,
        count,
        first_at: iso(firstAt),
        last_at: iso(lastAt),
        proposal: proposalOf({ directive, blocked, page }, policy.csp),
      }));
      const wanted = (path: string): string[] =>
        [
          ...new Set(
            items.flatMap(({ proposal: { setting } }) => (setting?.path === path ? [setting.value] : [])),
          ),
        ].toSorted((a, b) => (a < b ? -1 : 1));
      const [connect, images] = [wanted("headers.csp.connectSources"), wanted("headers.csp.imageSources")];
      const csp = {
        ...(connect.length === 0
          ? {}
          : { connectSources: [...new Set([...policy.csp.connectSources, ...connect])] }),
        ...(images.length === 0
          ? {}
          : { imageSources: [...new Set([...policy.csp.imageSources, ...images])] }),
      };
      const isProposed = Object.keys(csp).length > 0;
      return {
        mode: policy.csp.mode,
        reports: policy.csp.reports,
        kept_days: CSP_KEPT_MS / 86_400_000,
        policy: pagePolicy,
        // Only what a setting allows: what would undo the policy is never put into it.
        proposed: isProposed
          ? {
              settings: { headers: { csp } },
              policy: headerBlock({ ...policy, csp: { ...policy.csp, ...csp } }).pageCsp(PLACE),
            }
          : null,
        items,
      };
    },
  });
}
