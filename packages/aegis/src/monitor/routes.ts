import type { FastifyInstance, FastifyRequest } from "fastify";
import Type from "typebox";
import { numbered, numberedFacts, numberQuery } from "../lib/pages.ts";
import { rowId } from "../lib/schema.ts";
import { monitorError } from "./errors.ts";
import type { overviews } from "./overview.ts";
import { streams } from "./streams.ts";
import type { SeenRow } from "./window.ts";

export interface MonitorRoutesWiring {
  readonly overview: ReturnType<typeof overviews>;
  /** Whether this session still lives and may still see this. */
  readonly mayWatch: (watcher: { readonly userId: string; readonly sessionId: string }) => Promise<boolean>;
  /** A session that was seen, as it is now; undefined once it has ended. */
  readonly describe: (seen: SeenRow) => Promise<Readonly<Record<string, unknown>> | undefined>;
  /** True for the one call that ended it. */
  readonly revoke: (userId: string, sessionId: string) => Promise<boolean>;
  readonly notFound: () => Error;
  readonly onRevoked: (request: FastifyRequest, seen: Pick<SeenRow, "userId" | "sessionId">) => void;
  readonly onTrouble: (error: unknown) => void;
}

const page = Type.Object({
  ...numberQuery(),
  // Each row looks its session and account up.
  per_page: Type.Optional(Type.String({ pattern: "^([1-9]|[1-4][0-9]|50)$" })),
});
const params = Type.Object({ id: rowId() });

/** What goes on, for administrators (LIM-5): a picture, the same live, and the sessions behind it. */
export function monitorRoutes(app: FastifyInstance, wiring: MonitorRoutesWiring): void {
  const { overview } = wiring;
  const admin = { access: "role:admin", requireAal: 2 } as const;
  const live = streams({
    picture: async () => JSON.stringify(await overview.read()),
    mayWatch: wiring.mayWatch,
    onTrouble: wiring.onTrouble,
  });
  // Before the server waits for its connections: a stream would never end by itself.
  app.addHook("preClose", async () => live.close());

  app.get("/api/admin/security/overview", {
    config: { ...admin, session: "passive" },
    handler: () => {
      overview.forget(); // whoever has just lifted a ban wants to see it gone
      return overview.read();
    },
  });

  app.get("/api/admin/security/stream", {
    // A window that is merely open is no activity: it must not keep a session from going idle.
    config: { ...admin, session: "passive" },
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      const sessionId = request.session?.id ?? "";
      const stream = await live.watch({ userId: request.principal.userId, sessionId });
      if (stream === undefined)
        throw monitorError("AEGIS_MONITOR_TOO_MANY_STREAMS", { retryAfterSeconds: 10 });
      // A proxy that gathers answers would hold back every event (nginx: proxy_buffering).
      return reply.type("text/event-stream").header("x-accel-buffering", "no").send(stream);
    },
  });

  app.get<{ Querystring: Type.Static<typeof page> }>("/api/admin/sessions", {
    config: admin,
    schema: { querystring: page },
    handler: async (request) => {
      const wanted = numbered({ per_page: "20", ...request.query });
      const seen = await overview.seen();
      const items = await Promise.all(
        seen.slice(wanted.offset, wanted.offset + wanted.limit).map((one) => wiring.describe(one)),
      );
      return {
        items: items.filter((item) => item !== undefined),
        ...numberedFacts(wanted, seen.length, "/api/admin/sessions"),
      };
    },
  });

  app.post<{ Params: Type.Static<typeof params> }>("/api/admin/sessions/:id/revoke", {
    config: { ...admin, maxAuthAgeSeconds: "policy" },
    schema: { params },
    handler: async (request) => {
      const { id } = request.params;
      const seen = (await overview.seen()).find(({ sessionId }) => sessionId === id);
      if (seen === undefined || !(await wiring.revoke(seen.userId, id))) throw wiring.notFound();
      wiring.onRevoked(request, seen);
      return { status: "revoked" };
    },
  });
}
