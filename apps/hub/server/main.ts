/** The development server: one process, embedded database, readable log. Refuses production (SRV-1). */
import { openHub } from "./hub.ts";
import { firstAdministrator, firstTenants } from "./first-start.ts";
import { stopOnSignal, tellAndExit } from "./process.ts";
import { setUp } from "./secrets.ts";

try {
  if (process.env["NODE_ENV"] === "production")
    tellAndExit("This is the development server; it does not run in production.", "Run: npm run serve");
  const made = await setUp(process.argv.slice(2), process.env, "development");
  const { config } = made;
  if (config.environment === "production")
    tellAndExit(
      `NODE_ENV is "${process.env["NODE_ENV"] ?? ""}", which means production.`,
      "Run: npm run serve",
    );
  const hub = await openHub(made, { level: "info", pretty: true, onSignal: false });
  // Before anybody can come by, or stop it half way.
  const lines: string[] = [];
  await firstAdministrator(hub, (line) => void lines.push(line));
  await firstTenants(hub, (line) => void lines.push(line));
  const address = await hub.app.listen({ host: config.host, port: config.port });
  stopOnSignal(() => hub.close());
  process.stdout.write(
    `\n  Gammons Landing Educational Hub\n  ${address}\n\n${lines.map((line) => `${line}\n`).join("")}`,
  );
} catch (error) {
  tellAndExit(error);
}
