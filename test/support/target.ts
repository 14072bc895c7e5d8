import { readFileSync } from "node:fs";
import { parseTarget } from "aegis/verify";

/** A target description by its path in the repository. */
export const readTargetFile = (path: string) =>
  parseTarget(JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), "utf8")));

export const hubTarget = readTargetFile("apps/hub/target.json");
