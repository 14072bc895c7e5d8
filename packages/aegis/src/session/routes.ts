import type { FastifyInstance, FastifyRequest } from "fastify";
import Type from "typebox";
import { rowId } from "../lib/schema.ts";
import type { SessionFacts } from "../request.ts";
import { deviceName, placeOf } from "./device.ts";
import type { RequestSessions } from "./enforce.ts";
import { sessionError } from "./errors.ts";
import type { SessionRecord } from "./record.ts";
import type { SessionService } from "./service.ts";

export interface SessionRoutesWiring {
  readonly sessions: RequestSessions;
  readonly service: SessionService;
  readonly now: () => number;
  /** Facts of the user for GET /api/check_session. */
  readonly describeUser: (request: FastifyRequest) => Promise<Readonly<Record<string, unknown>>>;
  /** What a sign-in that is under way still needs; nothing where there is none. */
  readonly describeUnfinished: (request: FastifyRequest) => Promise<Readonly<Record<string, unknown>>>;
  readonly onEnded: (
    request: FastifyRequest,
    record: { userId: string; sessionId: string; reason: string; count: number },
  ) => void;
}

/** The HTTP surface of sessions (SES-6, SES-8, SES-9): check, refresh, list, revoke, sign out. */
export function sessionRoutes(app: FastifyInstance, wiring: SessionRoutesWiring): void {
  const { sessions, service, now, onEnded } = wiring;

  app.get("/api/check_session", {
    config: { access: "public", session: "passive" },
    handler: async (request, reply) => {
      if (request.session === null)
        return reply
          .code(401)
          .send({ is_authenticated: false, ...(await wiring.describeUnfinished(request)) });
      return {
        is_authenticated: true,
        user: await wiring.describeUser(request),
        session: sessionView(request.session),
      };
    },
  });

  app.post("/api/session/refresh", {
    config: { access: "authenticated", limit: "refresh", probe: true },
    handler: async (request) => {
      const record = sessions.recordOf(request);
      const extended = record === undefined ? undefined : await service.extend(record);
      if (extended === undefined) throw sessionError("AEGIS_SESSION_NOT_FOUND");
      return { session: sessionView(extended) };
    },
  });

  app.get("/api/sessions", {
    config: { access: "authenticated", session: "passive" },
    handler: async (request) => {
      const records = await service.store.listByUser(request.principal.userId, now());
      return { items: records.map((record) => listView(record, request.session?.id)), total: records.length };
    },
  });

  app.delete<{ Params: { id: string } }>("/api/sessions/:id", {
    config: { access: "authenticated" },
    schema: { params: Type.Object({ id: rowId() }) },
    handler: async (request, reply) => {
      const { userId } = request.principal;
      const { id } = request.params;
      if (id === request.session?.id) {
        await sessions.signOut(request, reply);
      } else if (!(await service.store.revoke(userId, id, "signed_out_elsewhere"))) {
        throw sessionError("AEGIS_SESSION_NOT_FOUND");
      }
      onEnded(request, { userId, sessionId: id, reason: "signed_out_elsewhere", count: 1 });
      return { revoked: 1 };
    },
  });

  app.delete("/api/sessions", {
    config: { access: "authenticated" },
    handler: async (request) => {
      const { userId } = request.principal;
      const sessionId = request.session?.id ?? "";
      const revoked = await service.store.revokeAll(userId, "signed_out_elsewhere", sessionId);
      onEnded(request, { userId, sessionId, reason: "signed_out_elsewhere", count: revoked });
      return { revoked };
    },
  });

  app.post("/api/logout/all", {
    config: { access: "authenticated" },
    handler: async (request, reply) => {
      const { userId } = request.principal;
      const sessionId = request.session?.id ?? "";
      const others = await service.store.revokeAll(userId, "signed_out_elsewhere", sessionId);
      await sessions.signOut(request, reply);
      onEnded(request, { userId, sessionId, reason: "signed_out_elsewhere", count: others + 1 });
      return { revoked: others + 1 };
    },
  });

  app.post("/api/logout", {
    config: {
      access: "public",
      session: "passive",
      csrf: "origin-only",
      limit: "refresh",
      stages: ["second-factor", "password-change", "enrolment"],
    },
    handler: async (request, reply) => {
      const record = await sessions.signOut(request, reply);
      if (record !== undefined)
        onEnded(request, {
          userId: record.subject.userId,
          sessionId: record.id,
          reason: "signed_out",
          count: 1,
        });
      return { status: "signed_out" };
    },
  });
}

export const sessionView = (session: SessionFacts) => ({
  id: session.id,
  created_at: iso(session.createdAt),
  idle_expires_at: iso(session.idleExpiresAt),
  absolute_expires_at: iso(session.absoluteExpiresAt),
  remember_me: session.rememberMe,
  aal: session.aal,
  methods: session.methods,
  proven_at: iso(session.provenAt),
});

/** A session as its owner may see it: nothing that opens it, not even a hash. */
export const listView = (record: SessionRecord, currentId?: string) => ({
  id: record.id,
  current: record.id === currentId,
  created_at: iso(record.createdAt),
  last_seen_at: iso(record.lastSeenAt),
  expires_at: iso(record.idleExpiresAt),
  ip: record.ip,
  place: placeOf(record.ip),
  user_agent: record.userAgent,
  device: deviceName(record.userAgent),
});

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();
