import { MemoryAccountStore } from "./account/memory-store.ts";
import type { AccountStore } from "./account/store.ts";
import { MemoryApiKeyStore } from "./api-key/memory-store.ts";
import type { ApiKeyStore } from "./api-key/store.ts";
import { MemoryApprovalStore } from "./approval/memory-store.ts";
import type { ApprovalStore } from "./approval/store.ts";
import { type EventStore, MemoryEventStore } from "./audit/event-store.ts";
import { MemoryAuditLogStore } from "./audit-chain/memory-store.ts";
import type { AuditLogStore } from "./audit-chain/store.ts";
import { MemoryDeviceStore } from "./device/memory-store.ts";
import type { DeviceStore } from "./device/store.ts";
import type { CspReportStore } from "./headers/csp-groups.ts";
import { MemoryCspReportStore } from "./headers/csp-memory-store.ts";
import { MemoryFactorStore } from "./mfa/memory-store.ts";
import type { FactorStore } from "./mfa/store.ts";
import { MemoryMonitorStore } from "./monitor/memory-store.ts";
import type { MonitorStore } from "./monitor/store.ts";
import { MemoryOneTimeStore } from "./one-time/memory-store.ts";
import type { OneTimeStore } from "./one-time/store.ts";
import { MemoryPasskeyStore } from "./passkey/memory-store.ts";
import type { PasskeyStore } from "./passkey/store.ts";
import { MemoryRateLimitStore } from "./rate-limit/memory-store.ts";
import type { RateLimitStore } from "./rate-limit/store.ts";
import { MemoryReputationStore } from "./reputation/memory-store.ts";
import type { ReputationStore } from "./reputation/store.ts";
import { MemorySessionStore } from "./session/memory-store.ts";
import type { SessionStore } from "./session/store.ts";
import { MemoryTenancyStore } from "./tenancy/memory-store.ts";
import type { TenancyStore } from "./tenancy/store.ts";
import { MemoryThrottleStore } from "./throttle/memory-store.ts";
import type { ThrottleStore } from "./throttle/store.ts";
import { MemoryRefreshStore, MemoryTokenDenylist } from "./token/memory-store.ts";
import type { RefreshStore, TokenDenylist } from "./token/store.ts";
import { MemoryUploadStore } from "./upload/memory-store.ts";
import type { UploadStore } from "./upload/store.ts";

/** Where everything lives that must outlive a request, one port per room. */
export interface AegisStores {
  readonly sessions: SessionStore;
  readonly accounts: AccountStore;
  readonly throttle: ThrottleStore;
  readonly oneTime: OneTimeStore;
  readonly devices: DeviceStore;
  readonly factors: FactorStore;
  readonly passkeys: PasskeyStore;
  readonly approvals: ApprovalStore;
  readonly events: EventStore;
  /** What happened, for good: append-only, each entry linked to the one before. */
  readonly auditLog: AuditLogStore;
  readonly limits: RateLimitStore;
  readonly reputation: ReputationStore;
  readonly monitor: MonitorStore;
  readonly refreshTokens: RefreshStore;
  readonly tokenDenylist: TokenDenylist;
  readonly apiKeys: ApiKeyStore;
  readonly tenancy: TenancyStore;
  readonly uploads: UploadStore;
  /** What browsers report of the page policy, in groups. */
  readonly cspReports: CspReportStore;
}

/** Stores that forget everything when the process ends: for tests and first steps. */
export function memoryStores(): AegisStores {
  return {
    sessions: new MemorySessionStore(),
    accounts: new MemoryAccountStore(),
    throttle: new MemoryThrottleStore(),
    oneTime: new MemoryOneTimeStore(),
    devices: new MemoryDeviceStore(),
    factors: new MemoryFactorStore(),
    passkeys: new MemoryPasskeyStore(),
    approvals: new MemoryApprovalStore(),
    events: new MemoryEventStore(),
    auditLog: new MemoryAuditLogStore(),
    limits: new MemoryRateLimitStore(),
    reputation: new MemoryReputationStore(),
    monitor: new MemoryMonitorStore(),
    refreshTokens: new MemoryRefreshStore(),
    tokenDenylist: new MemoryTokenDenylist(),
    apiKeys: new MemoryApiKeyStore(),
    tenancy: new MemoryTenancyStore(),
    uploads: new MemoryUploadStore(),
    cspReports: new MemoryCspReportStore(),
  };
}
