/** Opens what the hub stands on (database, migrations, secrets, courses) and builds it. Shared by both servers. */
import { keepFresh, liveSecretKeys } from "aegis/secrets";
import { corpusSource, openCorpus } from "aegis/breach";
import { PostgresRevocationLedger, postgresStores, sealedAccounts } from "aegis/stores/postgres";
import { fileMaintenance } from "aegis/maintenance";
import { fileBlobs } from "aegis/stores/files";
import { type AegisStores, logSerializers, safeLogLine } from "aegis/fastify";
import type { FastifyInstance } from "fastify";
import { buildHub } from "./app.ts";
import { newDrain } from "./drain.ts";
import { type Database, openDatabase } from "./database/open.ts";
import { prepareDatabase } from "./database/prepare.ts";
import { tenantRows } from "./database/tenant-rows.ts";
import { syncCourseDocuments } from "./features/search/course-documents.ts";
import { openSharedStores, type SharedStores } from "./shared-stores.ts";
import { loadProbeKey } from "./probe-key.ts";
import { hubMetrics } from "./metrics.ts";
import { openMail } from "./mail.ts";
import { sealWhatIsPlain } from "./data-keys.ts";
import {
  auditKeysOf,
  dataKeysOf,
  type HubSetUp,
  known,
  needsRestart,
  peppersOf,
  tokenKeysOf,
} from "./secrets.ts";
import { webFolder } from "./web-folder.ts";
import { loadCatalogue } from "./features/content/catalogue.ts";

export interface RunningHub {
  readonly app: FastifyInstance;
  readonly database: Database;
  readonly stores: AegisStores;
  /** Tells whoever sends requests to go elsewhere, and answers for so long as the configuration says. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

export interface HubOptions {
  /** How much is logged; what is known to be secret never is. */
  readonly level: "info" | "warn" | "error";
  /** For people who look on. */
  readonly pretty?: boolean;
  /** Whether SIGHUP has the secrets read again. Default true. */
  readonly onSignal?: boolean;
  /** Whether the tables are brought up to date. Default true. */
  readonly migrates?: boolean;
}

export async function openHub(
  { config, secrets, listen }: HubSetUp,
  { level, pretty = false, onSignal = true, migrates = true }: HubOptions,
): Promise<RunningHub> {
  const secretKey = liveSecretKeys(secrets, { environment: config.environment, directory: config.directory });
  const tokenKeys = tokenKeysOf(secrets);
  const dataKeys = dataKeysOf(secrets, secretKey);
  const logger = {
    level,
    serializers: logSerializers,
    hooks: { streamWrite: (line: string) => safeLogLine(known.line(line)) },
    ...(pretty ? { transport: { target: "pino-pretty", options: { ignore: "pid,hostname" } } } : {}),
  };
  const webRoot = webFolder();
  const catalogue = await loadCatalogue(new URL("./features/content/courses/", import.meta.url));
  let onIdleError = (error: Error): void =>
    void process.stderr.write(known.line(`hub: a database connection broke: ${error.message}\n`));
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
      warn: (text) => process.stderr.write(known.line(`hub: ${text}\n`)),
    });
    const open = shared;
    await prepareDatabase(database, {
      environment: config.environment,
      ownerUrl: config.databaseOwnerUrl,
      migrates,
    });
    await sealWhatIsPlain(database.pool, dataKeys);
    await syncCourseDocuments(database.pool, catalogue);
    const corpus = config.breachCorpus === undefined ? undefined : await openCorpus(config.breachCorpus);
    const kept = postgresStores(database.pool);
    const stores = { ...kept, accounts: sealedAccounts(kept.accounts, dataKeys), ...shared.stores };
    const drain = newDrain();
    const app = await buildHub({
      ...stores,
      passwordPeppers: peppersOf(secrets),
      revocation:
        shared.bus === undefined
          ? undefined
          : { ledger: new PostgresRevocationLedger(database.pool), bus: shared.bus },
      policy: config.policy,
      secretKey,
      tokenKeys,
      auditKeys: auditKeysOf(secrets),
      mail: openMail(config),
      probeKey: loadProbeKey(config.probeKey, config.environment, config.directory),
      breaches: corpus === undefined ? undefined : corpusSource(corpus),
      catalogue,
      rows: await tenantRows(database.pool),
      webRoot,
      maintenance: { source: fileMaintenance(config.maintenanceFile) },
      drain,
      metrics: hubMetrics({ config, secrets, database, shared: open }),
      places: config.places,
      blobs: fileBlobs(config.uploadsDirectory),
      checkReady: async () => {
        if (secrets.isStale()) throw new Error("the source of the secrets has been away for too long");
        await database.pool.query("select 1");
      },
      publicOrigin: config.publicOrigin,
      securityContact: config.securityContact,
      logger,
    });
    listen((event) => {
      if (event.event === "secret.changed") {
        const later = needsRestart(event.names);
        app.log.info(event, "secrets changed");
        if (later.length > 0) app.log.warn({ names: later }, "these are used from the next start on");
      } else if (event.event === "secret.source_back")
        app.log.warn(event, "the source of the secrets is back");
      else app.log.error(event, "secrets were not read again: the values before stay in use");
    });
    const fresh = keepFresh(secrets, { onSignal });
    onIdleError = (error) => app.log.warn({ err: error }, "a database connection broke while idle");
    return {
      app,
      database,
      stores,
      drain: async () => {
        drain.start(app);
        await new Promise((resolve) => setTimeout(resolve, config.drainSeconds * 1000));
      },
      close: async () => {
        fresh.stop();
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
