/** The hub's route table, from a hub that is built but never listens. */
import { loadSecretKey } from "aegis";
import { MemoryBlobStore, memoryStores, type RouteRow } from "aegis/fastify";
import { buildHub } from "./app.ts";
import { loadCatalogue } from "./features/content/catalogue.ts";
import { webFolder } from "./web-folder.ts";
import { hubPolicy } from "./policy.ts";

const asked = () => Promise.reject(new Error("a hub that never listens asks no database"));
const nothing = { query: asked, connect: asked };

export async function describeRoutes(): Promise<readonly RouteRow[]> {
  const app = await buildHub({
    policy: hubPolicy({ environment: "development" }),
    secretKey: loadSecretKey({ environment: "development" }),
    ...memoryStores(),
    blobs: new MemoryBlobStore(),
    catalogue: await loadCatalogue(new URL("./features/content/courses/", import.meta.url)),
    rows: { pool: nothing },
    webRoot: webFolder(),
    mail: { send: async () => undefined },
    checkReady: async () => undefined,
  });
  await app.ready();
  await app.close();
  return app.aegis.routes;
}
