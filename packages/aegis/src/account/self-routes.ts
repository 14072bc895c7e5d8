import type { FastifyInstance, FastifyRequest } from "fastify";
import { strToU8, zipSync } from "fflate";
import type Type from "typebox";
import type { DeepReadonly } from "../lib/freeze.ts";
import { accountError } from "./errors.ts";
import type { AccountPolicy } from "./policy.ts";
import { accountSchemas } from "./schemas.ts";
import type { Account, AccountStore } from "./store.ts";
import { iso, profileView } from "./views.ts";

/** Named parts of what is kept about a user, as plain data; `profile.json`, `events.json`, … in the archive. */
export type PersonalData = Readonly<Record<string, unknown>>;

export interface SelfServiceWiring {
  readonly store: AccountStore;
  readonly accountOf: (request: FastifyRequest) => Promise<Account>;
  readonly now: () => number;
  readonly listEvents: (accountId: string, limit: number) => Promise<readonly unknown[]>;
  /** What the other rooms and the application keep about the user. */
  readonly collect: (account: Account) => Promise<PersonalData>;
  /** Ends every session and tells the owner. */
  readonly onDeletion: (request: FastifyRequest, account: Account, deleteAfter: number) => Promise<void>;
  readonly onExport: (request: FastifyRequest, account: Account) => void;
}

const EVENTS = "50";

/** The HTTP surface of what people may do with their data (ACC-7): see what happened, take it along, delete it. */
export function selfServiceRoutes(
  app: FastifyInstance,
  policy: DeepReadonly<AccountPolicy>,
  wiring: SelfServiceWiring,
): void {
  const { accountOf, now } = wiring;
  const { exported, events } = accountSchemas(policy);

  app.get<{ Querystring: Type.Static<typeof events> }>("/api/account/events", {
    config: {
      access: "authenticated",
      session: "passive",
      credentials: ["session", "token"],
      scopes: ["events:read"],
    },
    schema: { querystring: events },
    handler: async (request) => {
      const { limit = EVENTS } = request.query;
      const items = await wiring.listEvents(request.principal.userId, Number(limit));
      return { items, total: items.length };
    },
  });

  app.get<{ Querystring: Type.Static<typeof exported> }>("/api/account/export", {
    config: { access: "authenticated", maxAuthAgeSeconds: "policy", audited: true },
    schema: { querystring: exported },
    handler: async (request, reply) => {
      const account = await accountOf(request);
      const data: PersonalData = { profile: profileView(account), ...(await wiring.collect(account)) };
      wiring.onExport(request, account);
      const zip = request.query.format === "zip";
      reply.header("content-disposition", `attachment; filename="my-data.${zip ? "zip" : "json"}"`);
      if (!zip) return { exported_at: iso(now()), ...data };
      const files = Object.fromEntries(
        Object.entries(data).map(([name, part]) => [
          `${name}.json`,
          strToU8(`${JSON.stringify(part, undefined, 2)}\n`),
        ]),
      );
      return reply.type("application/zip").send(Buffer.from(zipSync(files)));
    },
  });

  app.delete("/api/account", {
    config: { access: "authenticated", maxAuthAgeSeconds: "policy" },
    handler: async (request, reply) => {
      const account = await accountOf(request);
      const deleteAfter = now() + policy.deletionGraceSeconds * 1000;
      if (!(await wiring.store.markUnlessLast(account.id, { deleteAfter }, "admin")))
        throw accountError("AEGIS_ACCOUNT_LAST_ADMIN");
      if (policy.deletionGraceSeconds === 0) await wiring.store.removeDue(now(), 0);
      await wiring.onDeletion(request, account, deleteAfter);
      return reply.code(202).send({ status: "scheduled", delete_after: iso(deleteAfter) });
    },
  });
}
