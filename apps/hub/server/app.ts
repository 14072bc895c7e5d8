/** The hub, assembled: the library's rooms around the hub's own features. */
import Fastify, { type FastifyInstance, type FastifyServerOptions } from "fastify";
import { type Policy } from "aegis";
import { type AccountStore, aegis, type AegisWiring, serverOptions, type SessionStore } from "aegis/fastify";
import type { Catalogue } from "./features/content/catalogue.ts";
import { contentRoutes } from "./features/content/routes.ts";
import { healthRoutes } from "./features/health/routes.ts";
import { pageRoutes } from "./features/pages/routes.ts";
import { policyRoutes } from "./features/policy/routes.ts";

export const PRODUCT = "Gammons Landing Educational Hub";

export interface HubParts {
  readonly policy: Policy;
  readonly secretKey: Uint8Array;
  readonly sessions: SessionStore;
  readonly accounts: AccountStore;
  readonly catalogue: Catalogue;
  /** Folder of the built web UI. */
  readonly webRoot: string;
  /** Resolves while everything that the hub needs to work answers. */
  readonly checkReady: () => Promise<void>;
  readonly publicOrigin?: string | undefined;
  readonly securityContact?: string | undefined;
  readonly logger?: FastifyServerOptions["logger"];
  readonly clock?: AegisWiring["clock"];
  readonly audit?: AegisWiring["audit"];
}

export async function buildHub(parts: HubParts): Promise<FastifyInstance> {
  const { policy, publicOrigin, clock, audit } = parts;
  const app = Fastify({ ...serverOptions(policy), logger: parts.logger ?? false });
  await app.register(aegis, {
    policy,
    secretKey: parts.secretKey,
    sessions: parts.sessions,
    accounts: parts.accounts,
    product: PRODUCT,
    ...(publicOrigin === undefined ? {} : { publicOrigin }),
    ...(clock === undefined ? {} : { clock }),
    ...(audit === undefined ? {} : { audit }),
  });
  healthRoutes(app, parts.checkReady);
  policyRoutes(app, policy, PRODUCT);
  contentRoutes(app, parts.catalogue);
  await pageRoutes(app, { webRoot: parts.webRoot, securityContact: parts.securityContact });
  return app;
}
