/** The hub, assembled: the library's rooms around the hub's own features. */
import Fastify, { type FastifyInstance, type FastifyServerOptions } from "fastify";
import { type Policy } from "aegis";
import { aegis, type AegisStores, type AegisWiring, type BlobStore, serverOptions } from "aegis/fastify";
import type { Catalogue } from "./features/content/catalogue.ts";
import { programRoutes } from "./features/content/program-routes.ts";
import { previewRoutes } from "./features/content/preview-routes.ts";
import { contentRoutes } from "./features/content/routes.ts";
import { healthRoutes } from "./features/health/routes.ts";
import { pageRoutes } from "./features/pages/routes.ts";
import { simulations } from "./features/simulations/index.ts";
import { simulationDatabase } from "./features/simulations/postgres-repository.ts";
import { personalData } from "./features/personal-data.ts";
import { securityRoutes } from "./features/security/routes.ts";
import type { SecurityPlaces } from "./features/security/upkeep.ts";
import { policyRoutes } from "./features/policy/routes.ts";
import { knowledgeAndSearch } from "./features/knowledge-and-search.ts";
import { tenantCourses } from "./features/tenant-courses.ts";
import { type Drain, newDrain } from "./drain.ts";
import type { TenantRows } from "./database/tenant-rows.ts";

export const PRODUCT = "Gammons Landing Educational Hub";

export interface HubParts extends AegisStores {
  readonly policy: Policy;
  readonly secretKey: AegisWiring["secretKey"];
  readonly catalogue: Catalogue;
  /** Where tenants' rows are. */
  readonly rows: TenantRows;
  /** Folder of the built web UI. */
  readonly webRoot: string;
  /** Resolves while everything that the hub needs to work answers. */
  readonly checkReady: () => Promise<void>;
  readonly publicOrigin?: string | undefined;
  readonly securityContact?: string | undefined;
  readonly logger?: FastifyServerOptions["logger"];
  readonly previousSecretKeys?: readonly Uint8Array[];
  readonly passwordPeppers?: readonly Uint8Array[];
  readonly tokenKeys?: AegisWiring["tokenKeys"] | undefined;
  readonly auditKeys?: AegisWiring["auditKeys"] | undefined;
  readonly mail?: AegisWiring["mail"] | undefined;
  readonly breaches?: AegisWiring["breaches"] | undefined;
  readonly probeKey?: string | undefined;
  readonly revocation?: AegisWiring["revocation"] | undefined;
  readonly maintenance?: AegisWiring["maintenance"] | undefined;
  readonly metrics?: AegisWiring["metrics"] | undefined;
  readonly drain?: Drain;
  /** Where the security pages find what is kept beside the application. Default: nowhere but `.aegis/proofs`. */
  readonly places?: SecurityPlaces;
  readonly blobs: BlobStore;
  readonly clock?: AegisWiring["clock"];
  readonly audit?: AegisWiring["audit"];
}

export async function buildHub(parts: HubParts): Promise<FastifyInstance> {
  const { policy, publicOrigin, clock, audit, mail, breaches, tokenKeys } = parts;
  const simulationRows = simulationDatabase(parts.rows);
  const app = Fastify({ ...serverOptions(policy), logger: parts.logger ?? false });
  await app.register(aegis, {
    ...storesOf(parts),
    policy,
    secretKey: parts.secretKey,
    previousSecretKeys: parts.previousSecretKeys ?? [],
    passwordPeppers: parts.passwordPeppers ?? [],
    product: PRODUCT,
    ...(mail === undefined ? {} : { mail }),
    ...(tokenKeys === undefined ? {} : { tokenKeys }),
    ...(parts.auditKeys === undefined ? {} : { auditKeys: parts.auditKeys }),
    ...(breaches === undefined ? {} : { breaches }),
    ...(publicOrigin === undefined ? {} : { publicOrigin }),
    ...(parts.probeKey === undefined ? {} : { probeKey: parts.probeKey }),
    ...(parts.revocation === undefined ? {} : { revocation: parts.revocation }),
    ...(parts.maintenance === undefined ? {} : { maintenance: parts.maintenance }),
    ...(parts.metrics === undefined ? {} : { metrics: parts.metrics }),
    blobs: parts.blobs,
    ...(policy.tenancy.enabled
      ? { collectPersonalData: personalData({ tenancy: parts.tenancy, database: simulationRows }) }
      : {}),
    // Files belong to the tenant that they were sent in: what is shared there is shared with nobody else.
    ...(clock === undefined ? {} : { clock }),
    ...(audit === undefined ? {} : { audit }),
  });
  const drain = parts.drain ?? newDrain();
  healthRoutes(app, parts.checkReady, () => drain.isDraining);
  policyRoutes(app, policy, { product: PRODUCT, sendsMail: mail !== undefined });
  securityRoutes(app, {
    places: parts.places ?? NO_PLACES,
    policy,
    publicOrigin,
    auditKeys: parts.auditKeys,
    now: () => clock?.now() ?? Date.now(),
  });
  contentRoutes(app, parts.catalogue);
  previewRoutes(app);
  programRoutes(app, parts.catalogue);
  if (policy.tenancy.enabled) {
    // A tenant's own; without tenants there is nobody who could see them.
    knowledgeAndSearch(app, parts);
    tenantCourses(app, parts);
    simulations(app, {
      database: simulationRows,
      now: () => clock?.now() ?? Date.now(),
    });
  }
  await pageRoutes(app, { webRoot: parts.webRoot, securityContact: parts.securityContact });
  return app;
}

const NO_PLACES: SecurityPlaces = {
  proofsDirectory: ".aegis/proofs",
  certificateFile: undefined,
  backupDirectory: undefined,
  backupPublicKeyFile: undefined,
  releasesDirectory: undefined,
  checklistFile: undefined,
  checklistPublicKeyFile: undefined,
};

const storesOf = (parts: AegisStores): AegisStores => ({
  sessions: parts.sessions,
  accounts: parts.accounts,
  throttle: parts.throttle,
  oneTime: parts.oneTime,
  devices: parts.devices,
  factors: parts.factors,
  passkeys: parts.passkeys,
  approvals: parts.approvals,
  events: parts.events,
  auditLog: parts.auditLog,
  limits: parts.limits,
  reputation: parts.reputation,
  monitor: parts.monitor,
  refreshTokens: parts.refreshTokens,
  tokenDenylist: parts.tokenDenylist,
  apiKeys: parts.apiKeys,
  tenancy: parts.tenancy,
  uploads: parts.uploads,
  cspReports: parts.cspReports,
});
