/** `npm run bench [-- name ...]`: runs the cases of bench/cases and prints a table each. Measures; judges nothing. */
import { readdirSync } from "node:fs";
import { cpus } from "node:os";
import type { BenchCase } from "./measure.ts";

const folder = new URL("./cases/", import.meta.url);
const known = readdirSync(folder)
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.replace(/\.ts$/, ""));
const wanted = process.argv.slice(2);
const missing = wanted.find((name) => !known.includes(name));
if (missing !== undefined) {
  process.stderr.write(`error: there is no benchmark "${missing}"\nhint: known are ${known.join(", ")}\n`);
  process.exit(2);
}

process.stdout.write(
  `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? "unknown processor"}\n`,
);
for (const name of wanted.length > 0 ? wanted : known) {
  const module: { default: BenchCase } = await import(new URL(`${name}.ts`, folder).href);
  process.stdout.write(`\n${module.default.title}\n`);
  for (const [what, result] of await module.default.run())
    process.stdout.write(`  ${what.padEnd(44)} ${result}\n`);
}
