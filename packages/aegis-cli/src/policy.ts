import { existsSync } from "node:fs";
import type { Command } from "commander";
import {
  definePolicy,
  environmentOf,
  fingerprint,
  leafDescriptions,
  type Policy,
  policyLeaves,
  type PresetName,
  presets,
} from "aegis";
import { catalogue } from "aegis/verify";
import { choosePolicy, loadConfig, type PolicyChoice, presetFrom } from "./config.ts";
import { paint, print, table, UsageError } from "./talk.ts";

const shown = (value: unknown): string =>
  Array.isArray(value) && value.length > 4 ? `[${value.length} values]` : JSON.stringify(value);

/** `aegis policy show | diff | explain`. */
export function registerPolicy(program: Command): void {
  const policy = program.command("policy").description("look at a policy");

  policy
    .command("show")
    .description("print a whole policy; what differs from preset modern is marked")
    .option("--preset <name>", "a preset instead of the project's policy")
    .option("--policy <file>", "a policy file instead of the project's policy")
    .option("--environment <name>", "development, test or production")
    .option("--json", "as JSON")
    .action(async (options: PolicyChoice & { json?: boolean }) => {
      const chosen = await choose(options);
      if (options.json === true) return print(JSON.stringify(chosen, undefined, 2));
      const usual = new Map(policyLeaves(definePolicy({ environment: chosen.environment })));
      print(`${paint("bold", "policy")} ${fingerprint(chosen)} (${chosen.environment})`);
      const rows = policyLeaves(chosen).map(([path, value]) => [
        path,
        shown(value),
        JSON.stringify(usual.get(path)) === JSON.stringify(value)
          ? ""
          : paint("yellow", "differs from modern"),
      ]);
      print(table(rows));
    });

  policy
    .command("diff")
    .description("print where two policies differ")
    .argument("<a>", "a preset or a policy file")
    .argument("<b>", "a preset or a policy file")
    .option("--environment <name>", "development, test or production")
    .action(async (a: string, b: string, options: PolicyChoice) => {
      const [left, right] = [await named(a, options), await named(b, options)];
      const other = new Map(policyLeaves(right));
      const rows = policyLeaves(left)
        .filter(([path, value]) => JSON.stringify(value) !== JSON.stringify(other.get(path)))
        .map(([path, value]) => [path, shown(value), shown(other.get(path))]);
      print(rows.length === 0 ? "no difference" : table([["", a, b], ...rows]));
    });

  policy
    .command("explain")
    .description("say what a setting means, what it may be, and what proves it")
    .argument("<path>", "e.g. session.idleTimeoutSeconds")
    .action((path: string) => explain(path));
}

async function choose(options: PolicyChoice): Promise<Policy> {
  return choosePolicy(options, await loadConfig(process.cwd()), environmentOf(process.env["NODE_ENV"]));
}

const named = (name: string, options: PolicyChoice): Promise<Policy> =>
  choose({
    ...options,
    ...(Object.hasOwn(presets, name) || !existsSync(name) ? { preset: presetFrom(name) } : { policy: name }),
  });

function explain(path: string): void {
  const leaf = leafDescriptions().get(path);
  if (leaf === undefined) {
    const inside = [...leafDescriptions().keys()].filter((one) => one.includes(path)).slice(0, 8);
    throw new UsageError(
      `The policy has no setting "${path}".`,
      inside.length > 0 ? `Did you mean ${inside.join(", ")}?` : "See aegis policy show.",
    );
  }
  const at = (policy: Policy): string => shown(new Map(policyLeaves(policy)).get(path));
  print(`${paint("bold", path)}\n${leaf.meaning}\nTakes ${leaf.takes}.\n`);
  const names = Object.keys(presets).filter((name): name is PresetName => Object.hasOwn(presets, name));
  print(
    table([
      ["preset", "development", "production"],
      ...names.map((preset) => [
        preset,
        at(definePolicy({ preset, environment: "development" })),
        at(definePolicy({ preset, environment: "production" })),
      ]),
    ]),
  );
  const provers = catalogue.flatMap(({ controls }) => controls).filter(({ proves }) => proves.includes(path));
  const unprovable = catalogue.flatMap((room) => room.unprovable).find((one) => one.leaf === path);
  print("");
  for (const control of provers)
    print(`proven by ${control.id}: ${control.claim} (${control.references.join(", ")})`);
  if (unprovable !== undefined) print(`cannot be proven from outside: ${unprovable.reason}`);
}
