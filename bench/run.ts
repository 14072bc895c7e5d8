/**
 * `npm run bench`: Aegis beside its peers, into docs/performance.md. `npm run bench -- name ...`: cases of bench/cases,
 * as a table each. Measures; judges nothing but the goals it prints.
 */
import { readdirSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { type CaseName, caseNames, isCaseName } from "./compare/contract.ts";
import { compare } from "./compare/run.ts";
import { servers } from "./compare/servers.ts";
import type { BenchCase } from "./measure.ts";

const folder = new URL("./cases/", import.meta.url);
const known = readdirSync(folder)
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.replace(/\.ts$/, ""));

const stop = (error: string, hint: string): never => {
  process.stderr.write(`error: ${error}\nhint: ${hint}\n`);
  process.exit(2);
};

function given() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        quick: { type: "boolean", default: false },
        write: { type: "boolean", default: false },
        only: { type: "string" },
        case: { type: "string" },
        profile: { type: "string" },
      },
    });
  } catch (error) {
    return stop(
      error instanceof Error ? error.message : String(error),
      "npm run bench -- [--quick] [--write] [--only server,...] [--case case,...] [--profile folder] | name ...",
    );
  }
}

const { values, positionals } = given();
const missing = positionals.find((name) => !known.includes(name));
if (missing !== undefined) stop(`there is no benchmark "${missing}"`, `known are ${known.join(", ")}`);

const listed = (text: string | undefined): readonly string[] | undefined => text?.split(",");
const only = listed(values.only);
const keys = servers.map(({ key }) => key);
const unknown = only?.find((key) => !keys.includes(key));
if (unknown !== undefined) stop(`there is no server "${unknown}"`, `known are ${keys.join(", ")}`);
const cases = listed(values.case)?.map((name): CaseName =>
  isCaseName(name) ? name : stop(`there is no case "${name}"`, `known are ${caseNames.join(", ")}`),
);

if (positionals.length === 0) {
  const isWhole = !values.quick && only === undefined && cases === undefined;
  await compare({
    quick: values.quick,
    only,
    cases,
    write: values.write || isWhole,
    profiles: values.profile,
  });
} else {
  process.stdout.write(
    `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? "unknown processor"}\n`,
  );
  for (const name of positionals) {
    const module: { default: BenchCase } = await import(new URL(`${name}.ts`, folder).href);
    process.stdout.write(`\n${module.default.title}\n`);
    for (const [what, result] of await module.default.run())
      process.stdout.write(`  ${what.padEnd(44)} ${result}\n`);
  }
}
