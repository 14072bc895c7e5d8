import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { envFiles, type EnvSetting, renderEnv } from "aegis/secrets";
import { choosePolicy, loadConfig, type PolicyChoice } from "../config.ts";
import { print, tell, UsageError } from "../talk.ts";

interface RenderEnvFlags extends PolicyChoice {
  readonly out?: string;
}

/** Needed by every application with sessions, for a project that lists no settings of its own. */
const USUAL: readonly EnvSetting[] = [
  {
    name: "SECRET_KEY",
    about: "32 random bytes.",
    secret: { kind: "key", previous: "SECRET_KEY_PREVIOUS" },
    production: "needed",
  },
  {
    name: "SECRET_KEY_PREVIOUS",
    about: "Earlier keys, newest first, comma between.",
    secret: { kind: "keys", how: "Written by: npx aegis keys rotate FILE" },
  },
];

/** `aegis render env`: what an application can be told, with nothing in it that must not be known. */
export function registerRenderEnv(render: Command): void {
  render
    .command("env")
    .description(`write ${envFiles.map(({ file }) => file).join(" and ")}; without --out: print the latter`)
    .option("--preset <name>", "a preset instead of the project's policy")
    .option("--policy <file>", "a policy file instead of the project's policy")
    .option("--environment <name>", "print that of development instead")
    .option("--out <folder>", "where to write both; made where it is missing")
    .action(async (flags: RenderEnvFlags) => {
      const config = await loadConfig(process.cwd());
      const settings = config?.settings ?? USUAL;
      const text = async (environment: string): Promise<string> =>
        renderEnv(await choosePolicy({ ...flags, environment }, config, "production"), settings);
      if (flags.out === undefined) return print((await text(flags.environment ?? "production")).trimEnd());
      if (flags.environment !== undefined)
        throw new UsageError(
          "--environment and --out do not go together.",
          "With --out both files are written.",
        );
      const folder = resolve(flags.out);
      await mkdir(folder, { recursive: true });
      for (const { file, environment } of envFiles) {
        await writeFile(join(folder, file), await text(environment), { mode: 0o644 });
        tell(join(flags.out, file));
      }
    });
}
