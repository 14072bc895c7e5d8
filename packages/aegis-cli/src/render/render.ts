import { mkdir, open, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import type { Policy } from "aegis";
import { type Artefact, artefacts, type Deployment, parseDeployment } from "aegis/render";
import { choosePolicy, loadConfig, type PolicyChoice, type ProjectConfig, readJson } from "../config.ts";
import { print, tell, UsageError } from "../talk.ts";
import { registerRenderEnv } from "./env.ts";

interface RenderFlags extends PolicyChoice {
  readonly deployment?: string;
  readonly out?: string;
}

/** `aegis render TARGET`: a whole configuration file from the policy, to standard output or into a file. */
export function registerRender(program: Command): void {
  const render = program
    .command("render")
    .description("print configuration files that follow from the policy");
  const known: readonly [string, Artefact][] = Object.entries(artefacts);

  for (const [target, artefact] of known)
    withSources(render.command(target))
      .description(artefact.about)
      .option("--out <file>", "write it there, whole or not at all, instead of printing it")
      .action(async (flags: RenderFlags) => {
        const { policy, deployment } = await sourcesOf(flags);
        const text = artefact.render(policy, deployment);
        if (flags.out === undefined) return print(text.trimEnd());
        await written(resolve(flags.out), text);
      });

  registerRenderEnv(render);

  withSources(render.command("all"))
    .description("write every file that the deployment has into a folder")
    .argument("<folder>", "made where it is missing; other files in it stay")
    .action(async (folder: string, flags: RenderFlags) => {
      const { policy, deployment } = await sourcesOf(flags);
      // All of them before any is written: a refusal leaves the folder as it was.
      const texts = known
        .filter(([, { wanted }]) => wanted(deployment))
        .map(([, { file, render: make }]) => [file(deployment), make(policy, deployment)] as const);
      await mkdir(folder, { recursive: true });
      for (const [file, text] of texts) {
        await written(resolve(join(folder, file)), text);
        tell(join(folder, file));
      }
    });
}

const withSources = (command: Command): Command =>
  command
    .option("--deployment <file>", "where it runs (JSON); default: the project's")
    .option("--preset <name>", "a preset instead of the project's policy")
    .option("--policy <file>", "a policy file instead of the project's policy");

async function sourcesOf(
  flags: RenderFlags,
): Promise<{ readonly policy: Policy; readonly deployment: Deployment }> {
  const config = await loadConfig(process.cwd());
  return {
    policy: await choosePolicy(flags, config, "production"),
    deployment: parseDeployment(readJson(fileOf(flags, config))),
  };
}

function fileOf({ deployment }: RenderFlags, config: ProjectConfig | undefined): string {
  const file = deployment ?? config?.deploymentFile;
  if (file === undefined)
    throw new UsageError(
      "It is not said where the system runs.",
      'Give --deployment FILE, or name one as "deployment" in aegis.config.ts.',
    );
  return file;
}

/** A server that reads it meanwhile sees the old file or the new one. */
async function written(file: string, text: string): Promise<void> {
  const made = `${file}.new`;
  const handle = await open(made, "wx", 0o644).catch((error: unknown) => {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    throw new UsageError(
      `${made} cannot be made (${code}).`,
      code === "EEXIST"
        ? "Somebody is writing it, or was interrupted: remove it if nobody is."
        : "Does its folder exist?",
    );
  });
  try {
    await handle.writeFile(text);
    await handle.sync();
    await handle.close();
    await rename(made, file);
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(made, { force: true });
    throw error;
  }
}
