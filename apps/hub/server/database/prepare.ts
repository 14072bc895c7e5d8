/**
 * Brings the tables up to date, as who owns them, and sees to it that the application itself owns nothing. Threat:
 * row-level security that is silently off, because the role that serves requests owns the tables or may pass it.
 */
import type { Environment } from "aegis";
import { checkDatabase, migrate, pendingMigrations } from "aegis/stores/postgres";
import { ConfigError } from "../config-error.ts";
import { migrationSources } from "./migrations.ts";
import { type Database, openPostgres } from "./open.ts";

export interface PrepareOptions {
  readonly environment: Environment;
  readonly ownerUrl: string | undefined;
  /** False in a process whose first one has brought the tables up to date: it knows no owner, and may not. */
  readonly migrates: boolean;
}

const HOW = `Make a role for the application, once, as the owner of the database:
  create role hub_app login password '...';
  grant aegis_app to hub_app;
Then set DATABASE_URL to it, and DATABASE_OWNER_URL to the owner, who migrates at the start and is let go.
Look at it with: npx aegis check db`;

/** @throws ConfigError in production where the application's role is bound by nothing, or tables are missing */
export async function prepareDatabase(
  { kind, pool }: Database,
  { environment, ownerUrl, migrates }: PrepareOptions,
): Promise<void> {
  if (migrates && ownerUrl !== undefined && kind === "postgresql") await migrateAs(ownerUrl);
  else if (migrates && environment !== "production") await migrate(pool, migrationSources);
  if (environment !== "production") return;

  const pending = await pendingMigrations(pool, migrationSources).catch(() => ["all of them"]);
  if (pending.length > 0)
    throw new ConfigError(
      `Migrations are not applied (${pending.join(", ")}), and the application's role does not apply them.\nSet DATABASE_OWNER_URL to the role that owns the tables.\n${HOW}`,
    );
  const { role, findings } = await checkDatabase(pool);
  if (findings.length > 0)
    throw new ConfigError(
      `The role ${role} of DATABASE_URL must be bound by row-level security, and is not:\n${findings
        .map(({ message }) => `  - ${message}`)
        .join("\n")}\n${HOW}`,
    );
}

async function migrateAs(ownerUrl: string): Promise<void> {
  const owner = openPostgres(ownerUrl);
  try {
    await migrate(owner.pool, migrationSources);
  } finally {
    await owner.close();
  }
}
