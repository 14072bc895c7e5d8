/**
 * The schema of DATABASE_OWNER_URL (or DATABASE_URL), for releases: node migrate.js status | up | down HEAD... What
 * `down` is given stays, with everything before it in its source; the rest is taken back, newest first.
 */
import { appliedMigrations, migrate, MigrationError, rollBackTo } from "aegis/stores/postgres";
import { ConfigError } from "./config-error.ts";
import { migrationSources } from "./database/migrations.ts";
import { openPostgres } from "./database/open.ts";
import { tellAndExit } from "./process.ts";

try {
  const [what, ...heads] = process.argv.slice(2);
  const url = process.env["DATABASE_OWNER_URL"] || process.env["DATABASE_URL"];
  if (url === undefined || url === "")
    throw new ConfigError("Set DATABASE_OWNER_URL to the role that owns the tables.");
  const database = openPostgres(url);
  const { pool } = database;
  try {
    process.stdout.write(`${JSON.stringify(await done(what, heads))}\n`);
  } finally {
    await database.close();
  }

  async function done(word: string | undefined, kept: readonly string[]): Promise<readonly string[]> {
    if (word === "status") return appliedMigrations(pool);
    if (word === "up") return migrate(pool, migrationSources);
    if (word === "down" && kept.length > 0) return rollBackTo(pool, migrationSources, kept);
    throw new ConfigError(
      "Say what: status, up, or down HEAD... (the last migration of each source that stays)",
    );
  }
} catch (error) {
  tellAndExit(error instanceof MigrationError ? error.message : error);
}
