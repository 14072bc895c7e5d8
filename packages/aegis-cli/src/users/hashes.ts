import type { Command } from "commander";
import { systemRandom } from "aegis";
import { countHashKinds, retireForeignHashes } from "aegis/stores/postgres";
import { accountRecords, passwordOfNobody } from "aegis/users";
import { loadConfig } from "../config.ts";
import { withDatabase } from "../database.ts";
import { print, table, tell, UsageError } from "../talk.ts";
import { policyFrom } from "./import.ts";

interface HashFlags {
  readonly url?: string;
  readonly preset?: string;
  readonly policy?: string;
  readonly retire?: boolean;
  readonly before?: string;
}

export function registerHashes(users: Command): void {
  users
    .command("hashes")
    .description("how many accounts have which kind of hash; with --retire: take away those of other systems")
    .option("--url <postgres>", "the database; default: DATABASE_URL, which no list of processes shows")
    .option("--preset <name>", "whose rules hold; default: the project's, with AEGIS_POLICY")
    .option("--policy <file>", "whose rules hold")
    .option("--retire", "who has one that is not Argon2id has none from now on, and asks for a new password")
    .option("--before <time>", "with --retire: only those that were written before; default: all of them")
    .action(async (flags: HashFlags) => {
      if (flags.before !== undefined && flags.retire !== true)
        throw new UsageError("--before is for --retire.");
      const before = flags.before === undefined ? Date.now() : timeFrom(flags.before);
      const policy = await policyFrom(flags, await loadConfig(process.cwd()));
      await withDatabase(flags.url, async (sql) => {
        if (flags.retire === true) {
          const runId = `retire-${systemRandom.token(6)}`;
          const record = accountRecords(policy, "password.hash_retired", runId);
          const count = await retireForeignHashes(sql, {
            before,
            hashOfNothing: () => passwordOfNobody(policy),
            record: (id, facts) => record(id, facts, Date.now()),
          });
          tell(`${count} taken away. In the audit log: password.hash_retired, request ${runId}.`);
        }
        print(table([...(await countHashKinds(sql))].map(([kind, count]) => [kind, String(count)])));
      });
    });
}

function timeFrom(text: string): number {
  const time = Date.parse(text);
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z)?$/.test(text) || Number.isNaN(time))
    throw new UsageError(`"${text}" is no time.`, "For example: 2026-11-21, or 2026-11-21T18:30Z");
  return time;
}
