import { readFileSync } from "node:fs";
import { parseTarget } from "aegis/verify";

const read = (path: string) => parseTarget(JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), "utf8")));

export const hubTarget = read("apps/hub/target.json");
