/** What is past goes from time to time, so that no store can grow without end. It counts for nothing before that already. */
import type { FastifyInstance } from "fastify";

const SWEEP_EVERY_MS = 10 * 60_000;

export function sweep(app: FastifyInstance, removals: readonly (() => Promise<number>)[]): void {
  let timer: NodeJS.Timeout | undefined;
  app.addHook("onReady", async () => {
    timer = setInterval(() => {
      for (const remove of removals)
        remove().catch((error: unknown) => app.log.warn({ err: error }, "what is past could not be removed"));
    }, SWEEP_EVERY_MS);
    timer.unref();
  });
  app.addHook("onClose", async () => clearInterval(timer));
}
