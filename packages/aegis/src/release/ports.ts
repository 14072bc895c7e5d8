/** What a run needs of the world, and the world itself. */
import { request as plain } from "node:http";
import { request as secure } from "node:https";
import { type Clock, systemClock } from "../lib/clock.ts";
import type { ProcessIdentity } from "../lib/process-identity.ts";
import { type CommandCall, type CommandEnd, runCommand } from "./command.ts";
import { ReleaseFolder } from "./files.ts";
import type { Command } from "./settings.ts";

export interface ReleasePorts {
  readonly folder: ReleaseFolder;
  readonly clock: Clock;
  readonly run: (
    call: CommandCall,
    onStart: (identity: ProcessIdentity) => Promise<void>,
  ) => Promise<CommandEnd>;
  /** The status of an instance's answer; 0: none. */
  readonly ask: (address: string, path: string, host: string | undefined) => Promise<number>;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** One line for the person who waits. */
  readonly tell: (line: string) => void;
  /** What "aegis" means as the first word of a command. */
  readonly aegis: Command;
  /** Asked before each step forward: somebody wants it to stop. */
  readonly isStopped: () => boolean;
}

/** `root`: the absolute path of the deployment's folder. */
export const systemPorts = (
  root: string,
  more: Pick<ReleasePorts, "tell" | "aegis" | "isStopped">,
): ReleasePorts => ({
  folder: new ReleaseFolder(root),
  clock: systemClock,
  run: runCommand,
  ask: askStatus,
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  ...more,
});

const ANSWER_WITHIN_MS = 3000;

/** Asks one instance, past any proxy; 0 where there is no answer. */
function askStatus(address: string, path: string, host: string | undefined): Promise<number> {
  return new Promise((resolve) => {
    const url = new URL(path, address);
    const ask = url.protocol === "https:" ? secure : plain;
    const asked = ask(
      url,
      {
        agent: false, // a connection of its own: one that was kept could still lead to the process before
        timeout: ANSWER_WITHIN_MS,
        // An instance by itself shows the certificate of the public name, if any: who it is, its address says.
        // aegis-ignore tls-off until 2027-11-20: only whether it answers is asked, of an address of this machine
        rejectUnauthorized: false,
        ...(host === undefined ? {} : { headers: { host } }),
      },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    asked.once("timeout", () => asked.destroy());
    asked.once("error", () => resolve(0));
    asked.end();
  });
}
