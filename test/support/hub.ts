/** The hub in this process, on a real socket, with stores in memory and a clock that can be moved. */
import { fileURLToPath } from "node:url";
import type { Policy } from "aegis";
import { type AuditEvent, memoryStores } from "aegis/fastify";
import { manualClock } from "aegis/testing";
import { buildHub, type HubParts } from "../../apps/hub/server/app.ts";
import { loadCatalogue } from "../../apps/hub/server/features/content/catalogue.ts";

const server = new URL("../../apps/hub/server/", import.meta.url);
const catalogue = loadCatalogue(new URL("features/content/courses/", server));

export const webRoot = fileURLToPath(new URL("../dist/web/", server));

export async function startHub(policy: Policy, parts: Partial<HubParts> = {}) {
  const clock = manualClock();
  const events: AuditEvent[] = [];
  const app = await buildHub({
    policy,
    secretKey: new Uint8Array(32).fill(1),
    ...memoryStores(),
    catalogue: await catalogue,
    webRoot,
    checkReady: async () => undefined,
    clock,
    audit: { write: (event) => void events.push(event) },
    ...parts,
  });
  const origin = await app.listen({ host: "127.0.0.1", port: 0 });
  return { app, origin, clock, events, close: () => app.close() };
}

/** Argon2id at the least cost: tests of everything but the hash itself. */
export const cheapHash = { memoryKib: 7168, iterations: 1, parallelism: 1 };
