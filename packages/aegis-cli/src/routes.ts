import type { Command } from "commander";
import { loadConfig } from "./config.ts";
import { print, table, tell, UsageError } from "./talk.ts";

/** `aegis routes`: the live route table with its access and tenant rules (TEN-3). */
export function registerRoutes(program: Command): void {
  program
    .command("routes")
    .description("list the routes of the project's application with their access rules")
    .option("--json", "as JSON")
    .action(async ({ json }: { json?: boolean }) => {
      const config = await loadConfig(process.cwd());
      if (config?.routes === undefined)
        throw new UsageError(
          "This project's configuration does not say how to build its application.",
          "Add `routes: async () => (await buildApp()).aegis.routes` to aegis.config.ts.",
        );
      const rows = (await config.routes()).toSorted((a, b) =>
        a.url < b.url ? -1 : a.url > b.url ? 1 : a.method < b.method ? -1 : 1,
      );
      if (json === true) return print(JSON.stringify(rows, undefined, 2));
      const shown = rows.filter(({ method }) => method !== "HEAD");
      print(
        table([
          ["METHOD", "PATH", "ACCESS", "TENANT", "CSRF"],
          ...shown.map(({ method, url, access, tenant, csrf }) => [
            method,
            url,
            access,
            tenant ?? "-",
            method === "GET" ? "-" : csrf,
          ]),
        ]),
      );
      tell(`${shown.length} routes; each GET answers HEAD too.`);
    });
}
