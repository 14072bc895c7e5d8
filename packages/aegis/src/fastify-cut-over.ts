/** LIST 2, continued: a cut-over, after which nobody is signed in who was before. */
import type { Account, AccountStore } from "./account/store.ts";
import type { SessionStore } from "./session/store.ts";

const PAGE = 200;
/** At a time: each ends when every instance knows, and most of that is waiting. */
const PARALLEL = 8;
/** An account that is deleted meanwhile moves those behind it up, past a page's end: the next round finds them. */
const MOST_ROUNDS = 3;

/**
 * Ends every session of every account by the way that each single end takes: so tokens end with them, and when it
 * resolves no instance accepts one. How many sessions.
 */
export async function endAllSessions(
  accounts: Pick<AccountStore, "list">,
  sessions: Pick<SessionStore, "revokeAll">,
): Promise<number> {
  let count = 0;
  const end = async (items: Iterator<Account>): Promise<void> => {
    for (let next = items.next(); next.done !== true; next = items.next())
      count += await sessions.revokeAll(next.value.id, "admin");
  };
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const before = count;
    for (let offset = 0; ; offset += PAGE) {
      const { items } = await accounts.list({
        query: "",
        limit: PAGE,
        offset,
        order: { by: "created_at", descending: false },
      });
      if (items.length === 0) break;
      const queue = items.values();
      await Promise.all(Array.from({ length: PARALLEL }, () => end(queue)));
    }
    if (count === before) break;
  }
  return count;
}
