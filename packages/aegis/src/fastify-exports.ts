/** What else comes with "aegis/fastify": stores, types, errors. */
export { errorTable, type ErrorCode } from "./fastify-errors.ts";
export type { MaintenanceParts } from "./maintenance/enforce.ts";
export type { AegisFacts } from "./fastify-facts.ts";
export { serverOptions } from "./fastify-server.ts";
export { type AegisStores, memoryStores } from "./memory-stores.ts";
export type { RouteRow } from "./access/enforce.ts";
export type { Account, AccountStore } from "./account/store.ts";
export type { ApplicationEventName, AuditEvent, AuditEventName, AuditSink } from "./audit/events.ts";
export type { RevocationBus } from "./revocation/bus.ts";
export type { Revocation } from "./revocation/entry.ts";
export type { RevocationLedger } from "./revocation/ledger.ts";
export type { SessionStore } from "./session/store.ts";
export type { SessionRecord } from "./session/record.ts";
export { type BlobRange, type BlobStore, type BlobWriter, MemoryBlobStore } from "./upload/blobs.ts";
export type { Uploads } from "./upload/routes.ts";
export type { Upload } from "./upload/store.ts";
export type { TenancyStore, Tenant } from "./tenancy/store.ts";
export type { AccessRule, CsrfRule, Principal, SessionFacts, TenantFacts, TenantRole } from "./request.ts";
