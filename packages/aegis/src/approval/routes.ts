import type { FastifyInstance, FastifyRequest } from "fastify";
import Type from "typebox";
import { rowId } from "../lib/schema.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import { approvalError } from "./errors.ts";
import type { Approval, ApprovalStore } from "./store.ts";

export interface ApprovalWiring {
  readonly store: ApprovalStore;
  readonly lifetimeSeconds: number;
  readonly clock: Clock;
  readonly random: Random;
  /** Whether an account may ask for it at this moment: one that was an administrator need not be one any more. */
  readonly mayAsk: (accountId: string) => Promise<boolean>;
  readonly nameOf: (accountId: string) => Promise<string>;
  /** Does what was approved. */
  readonly carryOut: (request: FastifyRequest, approval: Approval) => Promise<void>;
  readonly onDecided: (request: FastifyRequest, approval: Approval, approved: boolean) => void;
}

export interface Approvals {
  /** Asks for it; the request's id. @throws AEGIS_APPROVAL_PENDING */
  ask(action: Approval["action"], subjectId: string, requestedBy: string): Promise<string>;
}

const params = Type.Object({ id: rowId() });

/** Two administrators for what one alone must not do (MFA-4): request, approve, reject, expire. */
export function approvalRoutes(app: FastifyInstance, wiring: ApprovalWiring): Approvals {
  const { store, clock } = wiring;
  const admin = { access: "role:admin", requireAal: 2 } as const;

  app.get("/api/admin/approvals", {
    config: admin,
    handler: async (request) => {
      const now = clock.now();
      const items = await store.list();
      const views = await Promise.all(
        items.map((one) => view(one, now, request.principal.userId, wiring.nameOf)),
      );
      return { items: views, total: views.length };
    },
  });

  for (const [verb, state] of [
    ["approve", "approved"],
    ["reject", "rejected"],
  ] as const)
    app.post<{ Params: { id: string } }>(`/api/admin/approvals/:id/${verb}`, {
      config: { ...admin, maxAuthAgeSeconds: "policy" },
      schema: { params },
      handler: async (request) => {
        // Two administrators must want it now. A word from before its author was shut out is void: a thief of their
        // session may have given it. Rejecting it is good in any case, and frees the way for a new request.
        const asked = state === "approved" ? await store.find(request.params.id) : undefined;
        if (asked?.state === "pending" && !(await wiring.mayAsk(asked.requestedBy)))
          throw approvalError("AEGIS_APPROVAL_VOID");
        const decided = await store.decide(request.params.id, request.principal.userId, state, clock.now());
        const approval = decided ? await store.find(request.params.id) : undefined;
        if (approval === undefined) throw approvalError("AEGIS_APPROVAL_REFUSED");
        if (state === "approved") await wiring.carryOut(request, approval);
        wiring.onDecided(request, approval, state === "approved");
        return { status: state };
      },
    });

  return {
    async ask(action, subjectId, requestedBy) {
      const now = clock.now();
      const approval: Approval = {
        id: wiring.random.uuid(),
        action,
        subjectId,
        requestedBy,
        requestedAt: now,
        expiresAt: now + wiring.lifetimeSeconds * 1000,
        state: "pending",
        decidedBy: null,
        decidedAt: null,
      };
      if (!(await store.request(approval))) throw approvalError("AEGIS_APPROVAL_PENDING");
      return approval.id;
    },
  };
}

async function view(
  approval: Approval,
  now: number,
  viewerId: string,
  nameOf: (accountId: string) => Promise<string>,
) {
  const { id, action, subjectId, requestedBy, requestedAt, expiresAt, decidedBy, decidedAt } = approval;
  const state = approval.state === "pending" && expiresAt <= now ? "expired" : approval.state;
  return {
    id,
    action,
    subject: { id: subjectId, username: await nameOf(subjectId) },
    requested_by: { id: requestedBy, username: await nameOf(requestedBy) },
    requested_at: new Date(requestedAt).toISOString(),
    expires_at: new Date(expiresAt).toISOString(),
    state,
    decided_by: decidedBy === null ? null : { id: decidedBy, username: await nameOf(decidedBy) },
    decided_at: decidedAt === null ? null : new Date(decidedAt).toISOString(),
    may_decide: state === "pending" && viewerId !== requestedBy && viewerId !== subjectId,
  };
}
