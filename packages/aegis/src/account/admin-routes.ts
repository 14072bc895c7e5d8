import type { FastifyInstance, FastifyRequest } from "fastify";
import Type from "typebox";
import type { DeepReadonly } from "../lib/freeze.ts";
import { numbered, numberedFacts } from "../lib/pages.ts";
import { rowId } from "../lib/schema.ts";
import { accountError } from "./errors.ts";
import type { AccountPolicy } from "./policy.ts";
import { accountSchemas } from "./schemas.ts";
import { type Account, ACCOUNT_ORDERS, type AccountStore } from "./store.ts";
import { type AdminFacts, adminView } from "./views.ts";

export type AdminEvent =
  | "account.unlocked"
  | "password.change_forced"
  | "account.suspended"
  | "account.restored"
  | "session.ended"
  | "mfa.reset";

export interface AdminWiring {
  readonly store: AccountStore;
  readonly now: () => number;
  readonly factsOf: (account: Account) => Promise<AdminFacts>;
  readonly listSessions: (accountId: string) => Promise<readonly unknown[]>;
  /** True for the one call that ended it. */
  readonly endSession: (accountId: string, sessionId: string) => Promise<boolean>;
  readonly sessionNotFound: () => Error;
  readonly listEvents: (accountId: string, limit: number) => Promise<readonly unknown[]>;
  readonly unlock: (accountId: string) => Promise<void>;
  readonly endSessions: (accountId: string, reason: "admin" | "locked") => Promise<number>;
  /** Takes every second factor away; where another administrator must agree, the request's id instead. */
  readonly resetMfa: (request: FastifyRequest, account: Account) => Promise<string | undefined>;
  readonly onAction: (request: FastifyRequest, account: Account, event: AdminEvent) => void;
}

const oneSession = Type.Object({ session_id: rowId() }, { additionalProperties: false });

/** What administrators may do to accounts (ACC-3, MFA-4): they never see or choose a password. */
export function adminRoutes(
  app: FastifyInstance,
  policy: DeepReadonly<AccountPolicy>,
  wiring: AdminWiring,
): void {
  const { store, onAction } = wiring;
  const schemas = accountSchemas(policy);
  const admin = { access: "role:admin", requireAal: 2 } as const;

  app.get<{ Querystring: Type.Static<typeof schemas.page> }>("/api/admin/users", {
    config: admin,
    schema: { querystring: schemas.page },
    handler: async (request) => {
      const [page, { q, sort = "-created_at" }] = [numbered(request.query), request.query];
      const order = {
        by: ACCOUNT_ORDERS.find((one) => sort.endsWith(one)) ?? "created_at",
        descending: sort.startsWith("-"),
      };
      const { limit, offset } = page;
      const found = await store.list({ query: q ?? "", order, limit, offset });
      const items = await Promise.all(
        found.items.map(async (account) => adminView(account, await wiring.factsOf(account))),
      );
      return {
        items,
        ...numberedFacts(page, found.total, "/api/admin/users", { q, sort: request.query.sort }),
      };
    },
  });

  const accountOf = async (id: string): Promise<Account> => {
    const account = await store.findById(id);
    if (account === undefined) throw accountError("AEGIS_ACCOUNT_NOT_FOUND");
    return account;
  };

  app.get<{ Params: { id: string } }>("/api/admin/users/:id", {
    config: admin,
    schema: { params: schemas.id },
    handler: async (request) => {
      const account = await accountOf(request.params.id);
      const [facts, sessions, events] = await Promise.all([
        wiring.factsOf(account),
        wiring.listSessions(account.id),
        wiring.listEvents(account.id, 50),
      ]);
      return { ...adminView(account, facts), sessions: sessions.length, events };
    },
  });

  app.get<{ Params: { id: string } }>("/api/admin/users/:id/sessions", {
    config: admin,
    schema: { params: schemas.id },
    handler: async (request) => {
      const items = await wiring.listSessions((await accountOf(request.params.id)).id);
      return { items, total: items.length };
    },
  });

  app.post<{ Params: { id: string }; Body: Type.Static<typeof oneSession> }>(
    "/api/admin/users/:id/end-session",
    {
      config: { ...admin, maxAuthAgeSeconds: "policy" },
      schema: { params: schemas.id, body: oneSession },
      handler: async (request) => {
        const account = await accountOf(request.params.id);
        if (!(await wiring.endSession(account.id, request.body.session_id))) throw wiring.sessionNotFound();
        onAction(request, account, "session.ended");
        return { status: "revoked" };
      },
    },
  );

  /** `onSelf`: false where an administrator may not do it to their own account. */
  const action = (
    verb: string,
    event: AdminEvent,
    onSelf: boolean,
    act: (account: Account) => Promise<string>,
  ): void => {
    app.post<{ Params: { id: string } }>(`/api/admin/users/:id/${verb}`, {
      config: { ...admin, maxAuthAgeSeconds: "policy" },
      schema: { params: schemas.id },
      handler: async (request) => {
        const account = await accountOf(request.params.id);
        if (!onSelf && account.id === request.principal.userId) throw accountError("AEGIS_ACCOUNT_OWN");
        const status = await act(account);
        onAction(request, account, event);
        return { status };
      },
    });
  };

  action("unlock", "account.unlocked", true, async ({ id }) => {
    await wiring.unlock(id);
    return "unlocked";
  });
  action("force-password-change", "password.change_forced", true, async ({ id }) => {
    await store.mark(id, { mustChangePassword: true });
    return "change_forced";
  });
  action("suspend", "account.suspended", false, async ({ id }) => {
    // Two administrators may suspend each other at the same moment: one of them must stay.
    if (!(await store.markUnlessLast(id, { disabledAt: wiring.now() }, "admin")))
      throw accountError("AEGIS_ACCOUNT_LAST_ADMIN");
    await wiring.endSessions(id, "locked");
    return "suspended";
  });
  action("restore", "account.restored", false, async ({ id }) => {
    await store.mark(id, { disabledAt: null });
    return "restored";
  });
  action("sign-out", "session.ended", true, async ({ id }) => {
    await wiring.endSessions(id, "admin");
    return "signed_out";
  });

  app.post<{ Params: { id: string } }>("/api/admin/users/:id/reset-mfa", {
    config: { ...admin, maxAuthAgeSeconds: "policy" },
    schema: { params: schemas.id },
    handler: async (request, reply) => {
      const account = await accountOf(request.params.id);
      if (account.id === request.principal.userId) throw accountError("AEGIS_ACCOUNT_OWN");
      const approvalId = await wiring.resetMfa(request, account);
      if (approvalId !== undefined)
        return reply.code(202).send({ status: "approval_requested", approval_id: approvalId });
      onAction(request, account, "mfa.reset");
      return { status: "reset" };
    },
  });
}
