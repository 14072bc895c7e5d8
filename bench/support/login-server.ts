/** A process of its own that listens, tells its parent where, and ends with it. */
import { CONNECTIONS, loginHub } from "./login-hub.ts";

const app = await loginHub(CONNECTIONS + 1);
process.on("disconnect", () => process.exit());
process.send?.(await app.listen({ host: "127.0.0.1", port: 0 }));
