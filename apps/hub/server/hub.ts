/** Opens what the hub stands on (database, migrations, secrets, courses) and builds it. Shared by both servers. */
import { loadSecretKey, loadSecretRing } from "aegis";
import { corpusSource, openCorpus } from "aegis/breach";
import { PostgresRevocationLedger, postgresStores, sealedAccounts } from "aegis/stores/postgres";
import { fileBlobs } from "aegis/stores/files";
import type { AegisStores } from "aegis/fastify";
import type { FastifyInstance, FastifyServerOptions } from "fastify";
import { buildHub } from "./app.ts";
import type { HubConfig } from "./config.ts";
import { type Database, openDatabase } from "./database/open.ts";
import { prepareDatabase } from "./database/prepare.ts";
import { tenantRows } from "./database/tenant-rows.ts";
import { syncCourseDocuments } from "./features/search/course-documents.ts";
import { openSharedStores, type SharedStores } from "./shared-stores.ts";
import { loadProbeKey } from "./probe-key.ts";
import { openMail } from "./mail.ts";
import { loadDataKeys, sealWhatIsPlain } from "./data-keys.ts";
import { readAuditKeys, readTokenKeys } from "./token-keys.ts";
import { webFolder } from "./web-folder.ts";
import { loadCatalogue } from "./features/content/catalogue.ts";

export interface RunningHub {
  readonly app: FastifyInstance;
  readonly database: Database;
  readonly stores: AegisStores;
  close(): Promise<void>;
}

export async function openHub(
  config: HubConfig,
  logger: FastifyServerOptions["logger"],
): Promise<RunningHub> {
  const secretKey = loadSecretKey({ environment: config.environment, directory: config.directory });
  const ring = loadSecretRing();
  const tokenKeys = readTokenKeys(config);
  const dataKeys = loadDataKeys(config, [secretKey, ...ring.previousSecretKeys]);
  const webRoot = webFolder();
  const catalogue = await loadCatalogue(new URL("./features/content/courses/", import.meta.url));
  let onIdleError = (error: Error): void =>
    void process.stderr.write(`hub: a database connection broke: ${error.message}\n`);
  const database = await openDatabase({
    databaseUrl: config.databaseUrl,
    dataDirectory: `${config.directory}/database`,
    environment: config.environment,
    onIdleError: (error) => onIdleError(error),
  });
  let shared: SharedStores | undefined;
  try {
    shared = await openSharedStores({
      redisUrl: config.redisUrl,
      environment: config.environment,
      warn: (text) => process.stderr.write(`hub: ${text}\n`),
    });
    const open = shared;
    await prepareDatabase(database, {
      environment: config.environment,
      ownerUrl: config.databaseOwnerUrl,
    });
    await sealWhatIsPlain(database.pool, dataKeys);
    await syncCourseDocuments(database.pool, catalogue);
    const corpus = config.breachCorpus === undefined ? undefined : await openCorpus(config.breachCorpus);
    const kept = postgresStores(database.pool);
    const stores = { ...kept, accounts: sealedAccounts(kept.accounts, dataKeys), ...shared.stores };
    const app = await buildHub({
      ...stores,
      ...ring,
      revocation:
        shared.bus === undefined
          ? undefined
          : { ledger: new PostgresRevocationLedger(database.pool), bus: shared.bus },
      policy: config.policy,
      secretKey,
      tokenKeys,
      auditKeys: readAuditKeys(config),
      mail: openMail(config),
      probeKey: loadProbeKey(config.probeKey, config.environment, config.directory),
      breaches: corpus === undefined ? undefined : corpusSource(corpus),
      catalogue,
      rows: await tenantRows(database.pool),
      webRoot,
      blobs: fileBlobs(config.uploadsDirectory),
      checkReady: async () => void (await database.pool.query("select 1")),
      publicOrigin: config.publicOrigin,
      securityContact: config.securityContact,
      logger,
    });
    onIdleError = (error) => app.log.warn({ err: error }, "a database connection broke while idle");
    return {
      app,
      database,
      stores,
      close: async () => {
        await app.close();
        await corpus?.close();
        await open.close();
        await database.close();
      },
    };
  } catch (error) {
    await shared?.close();
    await database.close();
    throw error;
  }
}
