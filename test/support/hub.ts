/** The hub in this process, on a real socket, with stores in memory and a clock that can be moved. */
import { fileURLToPath } from "node:url";
import type { Policy } from "aegis";
import { type AuditEvent, MemoryBlobStore, memoryStores } from "aegis/fastify";
import { memoryTransport } from "aegis/mail";
import { manualClock } from "aegis/testing";
import { roomyLimits } from "./roomy-limits.ts";
import { rowsInMemory } from "./rows.ts";
import { buildHub, type HubParts } from "../../apps/hub/server/app.ts";
import { loadCatalogue } from "../../apps/hub/server/features/content/catalogue.ts";

const server = new URL("../../apps/hub/server/", import.meta.url);
export const catalogue = loadCatalogue(new URL("features/content/courses/", server));

/** The one password that the stand-in for a breach list knows; no rule but that one refuses it. */
export const BREACHED = "Correct7Horse-battery staple";

export const webRoot = fileURLToPath(new URL("../dist/web/", server));

/** `port`: one that is free; a hub that comes back is found where it was. */
export async function startHub(policy: Policy, parts: Partial<HubParts> = {}, port = 0) {
  const clock = manualClock();
  const events: AuditEvent[] = [];
  const mail = memoryTransport();
  const stores = memoryStores();
  const rows = rowsInMemory(await catalogue);
  const app = await buildHub({
    policy,
    secretKey: new Uint8Array(32).fill(1),
    ...stores,
    limits: roomyLimits(), // tests of other things ask more often than anybody should; those of limits hand in their own
    catalogue: await catalogue,
    rows,
    webRoot,
    blobs: new MemoryBlobStore(),
    checkReady: async () => undefined,
    clock,
    audit: { write: (event) => void events.push(event) },
    mail,
    breaches: { count: async (password) => ({ checked: true, count: password === BREACHED ? 7 : 0 }) },
    publicOrigin: policy.environment === "production" ? "https://hub.test" : undefined,
    ...parts,
  });
  const origin = await app.listen({ host: "127.0.0.1", port });
  return {
    app,
    origin,
    clock,
    events,
    mail,
    stores: { ...stores, ...parts },
    rows,
    settled: () => app.aegis.settled(),
    close: async () => {
      await app.close();
      await rows.close();
    },
  };
}

/** Argon2id at the least cost: tests of everything but the hash itself. */
export const cheapHash = { memoryKib: 7168, iterations: 1, parallelism: 1 };
