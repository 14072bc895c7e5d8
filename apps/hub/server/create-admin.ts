/** Makes an administrator on the database of DATABASE_URL: npm run create-admin -- NAME [EMAIL]. */
import { ConfigError } from "./config-error.ts";
import { openHub } from "./hub.ts";
import { tellAndExit } from "./process.ts";
import { setUp } from "./secrets.ts";

try {
  const [username, email] = process.argv.slice(2);
  if (username === undefined || username.startsWith("-"))
    throw new ConfigError("Say who: npm run create-admin -- NAME [EMAIL]");
  const hub = await openHub(await setUp([], process.env, "production"), { level: "error" });
  const { password } = await hub.app.aegis.createAccount({
    username,
    roles: ["user", "admin"],
    mustChangePassword: true,
    ...(email === undefined ? {} : { email }),
  });
  await hub.close();
  process.stdout.write(
    `Administrator ${username}, password (shown once, to be changed at the first sign-in): ${password}\n`,
  );
} catch (error) {
  tellAndExit(error);
}
