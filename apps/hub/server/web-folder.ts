import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ConfigError } from "./config-error.ts";

/** The built web UI, seen from the sources and from the build alike. */
export function webFolder(): string {
  for (const candidate of ["../web/", "../dist/web/"]) {
    const folder = fileURLToPath(new URL(candidate, import.meta.url));
    if (existsSync(`${folder}assets`)) return folder;
  }
  throw new ConfigError("The web UI is not built. Run: npm run build");
}
