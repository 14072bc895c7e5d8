/** For `aegis maintenance on --end-sessions`: a hub on the database of DATABASE_URL that never listens, and tells all that do. */
import { openHub } from "./hub.ts";
import { setUp } from "./secrets.ts";

export async function endSessions(): Promise<number> {
  const hub = await openHub(await setUp([], process.env, "production"), { level: "error" });
  try {
    await hub.app.ready(); // it knows its part in revocation from here on
    return await hub.app.aegis.endAllSessions();
  } finally {
    await hub.close();
  }
}
