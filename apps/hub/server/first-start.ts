/** What a hub needs before anybody can look after it. */
import { ConfigError } from "./config-error.ts";
import { tenantRows } from "./database/tenant-rows.ts";
import { writeSamples } from "./features/knowledge/samples.ts";
import type { RunningHub } from "./hub.ts";

const NAME = "admin";
const TENANTS = ["test.com", "ACME"] as const;

/** Makes the first administrator where there is none; the password is told once, here, and kept nowhere. */
export async function firstAdministrator(hub: RunningHub, tell: (line: string) => void): Promise<void> {
  if ((await hub.stores.accounts.countWithRole("admin")) > 0) return;
  const { password } = await hub.app.aegis.createAccount({ username: NAME, roles: ["user", "admin"] });
  tell(
    `  First administrator: ${NAME}\n  Password (shown once): ${password}\n  The first sign-in asks for a second factor.\n`,
  );
}

/**
 * Makes the two tenants to try things in, owned by the first administrator; whoever registers may name one. For
 * development alone: in production an open tenant that nobody asked for is a way in.
 */
export async function firstTenants(hub: RunningHub, tell: (line: string) => void): Promise<void> {
  const { accounts, tenancy } = hub.stores;
  if (!hub.app.aegis.policy.tenancy.enabled) return;
  if ((await tenancy.list("", { limit: 1, offset: 0 })).total > 0) return;
  const owner = (await accounts.findByLogin(NAME))?.id;
  for (const name of TENANTS) {
    const made = await hub.app.aegis.openTenant({
      name,
      openRegistration: true,
      ...(owner === undefined ? {} : { owner }),
    });
    if (made === undefined) throw new ConfigError(`The tenant ${name} could not be made.`);
    // In one of them: in the other nothing of it is to be seen.
    if (name === TENANTS[0]) await writeSamples(await tenantRows(hub.database.pool), made.id);
  }
  tell(`  Tenants: ${TENANTS.join(" and ")}. Whoever registers may name one of them.\n`);
}
