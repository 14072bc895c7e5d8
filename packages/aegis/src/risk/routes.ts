/** Accounts at risk, for administrators. */
import type { FastifyInstance } from "fastify";
import { rankOf, type RiskFacts, type RiskKind, risksOf } from "./risks.ts";

/** Each of them is looked up: what an administrator sees must not cost more the more accounts there are. */
export const MOST_LOOKED_AT = 200;

export interface Candidate {
  readonly id: string;
  readonly username: string;
  readonly roles: readonly string[];
}

export interface RiskWiring {
  /** Accounts that may be at risk, `limit` at most. */
  readonly candidates: (limit: number) => Promise<readonly Candidate[]>;
  readonly factsOf: (candidate: Candidate) => Promise<RiskFacts>;
  readonly now: () => number;
}

interface Row extends Candidate {
  readonly risks: readonly RiskKind[];
  readonly failed_tries: number;
  readonly waits_until: string | null;
}

export function riskRoutes(app: FastifyInstance, { candidates, factsOf, now }: RiskWiring): void {
  app.get("/api/admin/users-at-risk", {
    config: { access: "role:admin", requireAal: 2 },
    handler: async () => {
      const found = await candidates(MOST_LOOKED_AT + 1);
      const rows: Row[] = [];
      // One after the other: somebody who looks at a page must not take every connection of the pool.
      for (const one of found.slice(0, MOST_LOOKED_AT)) {
        const facts = await factsOf(one);
        const risks = risksOf(facts, now());
        if (risks.length === 0) continue;
        const { id, username, roles } = one;
        const waits = facts.waitsUntil === null ? null : new Date(facts.waitsUntil).toISOString();
        rows.push({ id, username, roles, risks, failed_tries: facts.failures, waits_until: waits });
      }
      return {
        items: rows.toSorted((a, b) => rankOf(a.risks) - rankOf(b.risks) || b.failed_tries - a.failed_tries),
        // False: there are more that may be at risk than were looked at.
        complete: found.length <= MOST_LOOKED_AT,
      };
    },
  });
}
