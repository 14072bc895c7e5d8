/** Commands of the settings, filled in: for the system as arguments, for a person as lines of a terminal. */
import { join } from "node:path";
import type { CommandCall } from "./command.ts";
import type { Step } from "./plan.ts";
import type { ReleasePorts } from "./ports.ts";
import type { Command, ReleaseSettings } from "./settings.ts";

/** The command with what it is about in place of the names in braces; each stays one argument. */
export function callOf(
  ports: ReleasePorts,
  settings: ReleaseSettings,
  step: Step,
  command: Command,
): Omit<CommandCall, "log"> {
  const { folder } = ports;
  const names: Readonly<Record<string, string>> = {
    "{release}": folder.releasePath(step.release),
    "{current}": folder.currentPath(),
    "{directory}": folder.root,
    "{id}": step.release,
    "{instance}": step.instance ?? "",
    "{address}": settings.address,
  };
  const [program = "", ...rest] = command;
  const filled = rest.flatMap((one) =>
    one === "{heads}"
      ? [...(step.heads ?? [])]
      : [one.replaceAll(/\{[a-z]+\}/g, (name) => names[name] ?? name)],
  );
  const first = program.replaceAll(/\{[a-z]+\}/g, (name) => names[name] ?? name);
  return {
    command: [...(program === "aegis" ? ports.aegis : [first]), ...filled],
    cwd: step.instance === undefined ? folder.releasePath(step.release) : folder.root,
    // An instance has its own: what migrates and backs up is none of its business.
    env: { ...(step.instance === undefined ? settings.environment : {}), AEGIS_RELEASE: step.release },
    seconds: settings.commandSeconds,
  };
}

/** What a step would do, as a person types it. */
export function byHand(ports: ReleasePorts, settings: ReleaseSettings, step: Step): readonly string[] {
  const { folder } = ports;
  const line = (command: Command | undefined): readonly string[] => {
    if (command === undefined) return [];
    const { command: words, cwd } = callOf(ports, settings, step, command);
    const files = step.instance === undefined ? settings.environmentFiles : [];
    const needs = files.length === 0 ? "" : ` # with the variables of ${files.join(", ")}`;
    return [`(cd ${quoted(cwd)} && ${words.map(quoted).join(" ")})${needs}`];
  };
  const one = settings.instances.find(({ name }) => name === step.instance);
  switch (step.kind) {
    case "switch": {
      const [link, made] = [folder.currentPath(), `${folder.currentPath()}.new`];
      return [
        `ln -sfn ${quoted(join("releases", step.release))} ${quoted(made)} && mv -T ${quoted(made)} ${quoted(link)}`,
      ];
    }
    case "schema up":
      return line(settings.migrate?.up);
    case "schema down":
      return line(settings.migrate?.down);
    case "out":
      return [`touch ${quoted(folder.markPath(step.instance ?? ""))}`, ...line(one?.takeOut)];
    case "in":
      return [...line(one?.takeIn), `rm -f ${quoted(folder.markPath(step.instance ?? ""))}`];
    case "restart":
      return line(one?.restart);
    case "ready": {
      const host = one?.host === undefined ? "" : ` -H ${quoted(`Host: ${one.host}`)}`;
      return [`curl -fsS${host} ${quoted(`${one?.address ?? ""}/ready`)}`];
    }
    default:
      return line(settings[step.kind]);
  }
}

const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
