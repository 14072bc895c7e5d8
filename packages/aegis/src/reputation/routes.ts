import type { FastifyInstance, FastifyRequest } from "fastify";
import Type from "typebox";
import { reputationError } from "./errors.ts";
import { causes } from "./score.ts";
import type { Reputation } from "./service.ts";

export interface ReputationRoutesWiring {
  readonly service: Reputation;
  /** Undefined where it cannot be opened: sealed under a key that is gone. */
  readonly open: (label: string, subject: string) => string | undefined;
  readonly onLifted: (request: FastifyRequest, address: string | undefined) => void;
}

const MOST_BANS = 200;
const params = Type.Object({ key: Type.String({ pattern: "^a[A-Za-z0-9_-]{43}$" }) });

/** The bans that last, the newest first, each with what it is for. */
export async function listBans(service: Reputation, open: ReputationRoutesWiring["open"]) {
  const time = (at: number): string => new Date(at).toISOString();
  return (await service.listBans(MOST_BANS)).map(({ subject, label, standing }) => ({
    key: subject,
    address: open(label, subject) ?? null,
    since: time(standing.bannedAt),
    until: time(standing.bannedUntil),
    bans: standing.bans,
    causes: causes.flatMap((cause) => {
      const counted = standing.causes[cause];
      return counted === undefined ? [] : [{ cause, count: counted.count, last_at: time(counted.lastAt) }];
    }),
  }));
}

/** Why somebody is kept out, and how to let them in again (LIM-4). */
export function reputationRoutes(
  app: FastifyInstance,
  { service, open, onLifted }: ReputationRoutesWiring,
): void {
  const admin = { access: "role:admin", requireAal: 2 } as const;

  app.get("/api/admin/bans", {
    config: admin,
    handler: async () => ({ items: await listBans(service, open) }),
  });

  app.post<{ Params: Type.Static<typeof params> }>("/api/admin/bans/:key/lift", {
    config: { ...admin, maxAuthAgeSeconds: "policy" },
    schema: { params },
    handler: async (request) => {
      const { key } = request.params;
      const ban = (await service.listBans(MOST_BANS)).find(({ subject }) => subject === key);
      if (!(await service.lift(key))) throw reputationError("AEGIS_REPUTATION_NO_BAN");
      onLifted(request, ban === undefined ? undefined : open(ban.label, key));
      return { status: "lifted" };
    },
  });
}
