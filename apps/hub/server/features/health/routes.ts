import type { FastifyInstance } from "fastify";

const READY_WITHIN_MS = 2_000; // below the patience of common load balancers

/** SRV-2: `/health` says that the process lives and asks nobody; `/ready` asks what the hub needs to work. */
export function healthRoutes(
  app: FastifyInstance,
  checkReady: () => Promise<void>,
  isDraining: () => boolean,
): void {
  const config = { access: "public", session: "none", transport: "any", maintenance: "open" } as const;
  let closing = false;
  app.addHook("preClose", async () => {
    closing = true;
  });

  app.get("/health", { config }, async () => ({ status: "ok" }));

  app.get("/ready", { config }, async (request, reply) => {
    if (closing || isDraining())
      return reply.code(503).header("retry-after", "5").send({ status: "stopping" });
    try {
      await withinTime(checkReady());
      return { status: "ok" };
    } catch (error) {
      request.log.warn({ err: error }, "not ready");
      return reply.code(503).header("retry-after", "5").send({ status: "unavailable" });
    }
  });
}

async function withinTime(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${READY_WITHIN_MS} ms`)), READY_WITHIN_MS);
  });
  try {
    await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
