/** What a hub needs before anybody can look after it. */
import type { RunningHub } from "./hub.ts";

const NAME = "admin";

/** Makes the first administrator where there is none; the password is told once, here, and kept nowhere. */
export async function firstAdministrator(hub: RunningHub, tell: (line: string) => void): Promise<void> {
  if ((await hub.stores.accounts.countWithRole("admin")) > 0) return;
  const { password } = await hub.app.aegis.createAccount({ username: NAME, roles: ["user", "admin"] });
  tell(
    `  First administrator: ${NAME}\n  Password (shown once): ${password}\n  The first sign-in asks for a second factor.\n`,
  );
}
