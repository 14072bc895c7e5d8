import type { MigrationSource } from "./migrate.ts";

export { postgresStores } from "./all.ts";
export { PostgresAccountStore } from "./account-store.ts";
export {
  checkDatabase,
  type DatabaseCheck,
  type DatabaseFinding,
  type DatabaseFindingKind,
} from "./check-database.ts";
export { auditLines } from "./audit-lines.ts";
export {
  baseProgram,
  connectionEnvironment,
  dumpProgram,
  type Program,
  restoreProgram,
  withDatabaseName,
} from "./programs.ts";
export {
  counted,
  type DatabaseSnapshot,
  isEmptyDatabase,
  missingRoles,
  quotedName,
  walPlace,
  withSnapshot,
} from "./snapshot.ts";
export { PostgresAuditLogStore } from "./audit-store.ts";
/** Reads rows as data from outside, checked column by column. */
export * as columns from "./rows.ts";
export { checkIndexes, type IndexFinding } from "./check-indexes.ts";
export type { SqlClient, SqlConnection, SqlPool, SqlResult } from "./client.ts";
export {
  cappedCountSql,
  cappedTotal,
  keyedRows,
  type KeysetSql,
  keysetSql,
  type KeysetWindow,
  type ListOrder,
} from "./keyset.ts";
export {
  appliedMigrations,
  migrate,
  type Migration,
  MigrationError,
  type MigrationSource,
  pendingMigrations,
  readMigrations,
  rollBack,
  rollBackTo,
} from "./migrate.ts";
export { serverProtection, type ServerExtension } from "./protection.ts";
export { PostgresRevocationLedger } from "./revocation-ledger.ts";
export {
  rewrapColumn,
  RewrapError,
  type RewrapOptions,
  type RewrapResult,
  type RewrapTarget,
} from "./rewrap.ts";
export { PostgresSessionStore } from "./session-store.ts";
export {
  type TenantDatabase,
  tenantDatabase,
  type TenantDatabaseOptions,
  type TenantSql,
  TenantSqlError,
} from "./tenant-database.ts";
export { type IsolationTrial, type TriedCommand, tryIsolation } from "./try-isolation.ts";
export { countHashKinds, retireForeignHashes, type RetireOptions } from "./user-hashes.ts";
export {
  accountWordsAre,
  findImportTenant,
  postgresUserImport,
  type PostgresUserImportOptions,
} from "./user-import.ts";
export { sealedAccountColumns, sealedAccounts } from "../sealed/account-store.ts";

/** The library's own tables. */
export const aegisMigrations: MigrationSource = {
  name: "aegis",
  directory: new URL("./migrations/", import.meta.url),
};
