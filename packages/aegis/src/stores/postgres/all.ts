import type { AegisStores } from "../../memory-stores.ts";
import { MemoryMonitorStore } from "../../monitor/memory-store.ts";
import { MemoryRateLimitStore } from "../../rate-limit/memory-store.ts";
import { MemoryReputationStore } from "../../reputation/memory-store.ts";
import { PostgresAccountStore } from "./account-store.ts";
import { PostgresApiKeyStore } from "./api-key-store.ts";
import { PostgresApprovalStore } from "./approval-store.ts";
import { PostgresAuditLogStore } from "./audit-store.ts";
import type { SqlPool } from "./client.ts";
import { PostgresCspReportStore } from "./csp-report-store.ts";
import { PostgresDeviceStore } from "./device-store.ts";
import { PostgresEventStore } from "./event-store.ts";
import { PostgresFactorStore } from "./factor-store.ts";
import { PostgresOneTimeStore } from "./one-time-store.ts";
import { PostgresPasskeyStore } from "./passkey-store.ts";
import { PostgresRefreshStore } from "./refresh-store.ts";
import { PostgresSessionStore } from "./session-store.ts";
import { PostgresTenancyStore } from "./tenancy-store.ts";
import { PostgresThrottleStore } from "./throttle-store.ts";
import { PostgresTokenDenylist } from "./token-denylist.ts";
import { PostgresUploadStore } from "./upload-store.ts";

/**
 * Every store in one PostgreSQL database; run `migrate(pool, [aegisMigrations])` first. Rate limits would cost a write
 * per request there, so they and reputations are counted in this process: of several processes each then counts for itself, and a
 * stranger has the limit of each. `...redisLimits(redis)` behind it counts for all.
 */
export const postgresStores = (pool: SqlPool): AegisStores => ({
  sessions: new PostgresSessionStore(pool),
  accounts: new PostgresAccountStore(pool),
  throttle: new PostgresThrottleStore(pool),
  oneTime: new PostgresOneTimeStore(pool),
  devices: new PostgresDeviceStore(pool),
  factors: new PostgresFactorStore(pool),
  passkeys: new PostgresPasskeyStore(pool),
  approvals: new PostgresApprovalStore(pool),
  events: new PostgresEventStore(pool),
  auditLog: new PostgresAuditLogStore(pool),
  limits: new MemoryRateLimitStore(),
  reputation: new MemoryReputationStore(),
  monitor: new MemoryMonitorStore(),
  refreshTokens: new PostgresRefreshStore(pool),
  tokenDenylist: new PostgresTokenDenylist(pool),
  apiKeys: new PostgresApiKeyStore(pool),
  tenancy: new PostgresTenancyStore(pool),
  uploads: new PostgresUploadStore(pool),
  cspReports: new PostgresCspReportStore(pool),
});
