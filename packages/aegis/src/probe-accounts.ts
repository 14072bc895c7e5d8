/** `aegis/probe-accounts`: accounts that let a verifier see time-outs happen in seconds. */
import { createAccount } from "./account/service.ts";
import { passwordHasher } from "./hashing/hash.ts";
import { systemClock } from "./lib/clock.ts";
import { type Random, systemRandom } from "./lib/random.ts";
import type { Policy } from "./policy.ts";
import { createProbeAccounts } from "./probe-account/create.ts";
import type { ProbeAccountSet } from "./probe-account/file.ts";
import { PostgresAccountStore } from "./stores/postgres/account-store.ts";
import type { SqlClient } from "./stores/postgres/client.ts";

export { MAX_LIFETIME_SECONDS, MIN_LIFETIME_SECONDS } from "./probe-account/create.ts";
export { parseProbeAccounts, type ProbeAccount, type ProbeAccountSet } from "./probe-account/file.ts";

/**
 * Makes a set in the database of an application that uses it. Their passwords are in the answer and nowhere else; the
 * accounts are gone after `lifetimeSeconds`, and their hashes have no pepper until they first sign in.
 * @throws RangeError for a lifetime below a minute or beyond a day
 */
export async function probeAccountsIn(
  sql: SqlClient,
  policy: Policy,
  lifetimeSeconds: number,
  random: Random = systemRandom,
): Promise<ProbeAccountSet> {
  // One connection is enough: adding an account is one statement.
  const one = { query: (text: string, values?: unknown[]) => sql.query(text, values) };
  const store = new PostgresAccountStore({
    ...one,
    connect: async () => ({ ...one, release: () => undefined }),
  });
  const hasher = passwordHasher(policy.password, random);
  const parts = {
    store,
    hash: (password: string) => hasher.hash(password),
    clock: systemClock,
    random,
  };
  return createProbeAccounts(
    { policy, create: (account) => createAccount(parts, account), clock: systemClock, random },
    lifetimeSeconds,
  );
}
