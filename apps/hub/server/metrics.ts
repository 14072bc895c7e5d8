/** What the hub has measured (GET /metrics): its stores, its connections, the certificate people see, its backups. */
import { lastBackupAt } from "aegis/backup";
import { certificateEndsAt } from "aegis/certs";
import type { MetricsParts } from "aegis/fastify";
import type { Secrets } from "aegis/secrets";
import type { HubConfig } from "./config.ts";
import type { Database } from "./database/open.ts";
import type { SharedStores } from "./shared-stores.ts";
import { askSiblings } from "./siblings.ts";

export interface HubMetricsParts {
  readonly config: HubConfig;
  readonly secrets: Secrets;
  readonly database: Database;
  readonly shared: SharedStores;
}

/** Undefined where nobody was given a token: then nothing is measured. */
export function hubMetrics({ config, secrets, database, shared }: HubMetricsParts): MetricsParts | undefined {
  if (secrets.get("METRICS_TOKEN") === undefined) return undefined;
  const { latest, settled } = secrets.live("METRICS_TOKEN");
  const { certificateAddress, backupDirectory, publicOrigin } = config;
  const { poolState } = database;
  return {
    token: () => [...new Set([latest(), settled()])].filter((one) => one !== undefined),
    process: process.env["HUB_PROCESS"] ?? "1",
    siblings: askSiblings,
    stores: {
      postgres: () => database.pool.query("select 1"),
      ...(shared.ping === undefined ? {} : { redis: shared.ping }),
    },
    ...(poolState === undefined ? {} : { pools: { postgres: poolState } }),
    ...(certificateAddress === undefined
      ? {}
      : {
          certificateEndsAt: () =>
            certificateEndsAt(
              certificateAddress,
              publicOrigin === undefined ? certificateAddress.host : new URL(publicOrigin).hostname,
            ),
        }),
    ...(backupDirectory === undefined ? {} : { lastBackupAt: () => lastBackupAt(backupDirectory) }),
  };
}
