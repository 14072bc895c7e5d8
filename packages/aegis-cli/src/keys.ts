import { randomBytes } from "node:crypto";
import type { Command } from "commander";
import { print, tell } from "./talk.ts";

/** `aegis keys secret`. */
export function registerKeys(program: Command): void {
  program
    .command("keys")
    .description("make keys")
    .command("secret")
    .description("print a new SECRET_KEY: 256 random bits")
    .action(() => {
      print(randomBytes(32).toString("base64url"));
      tell("Keep it out of the repository: set it as SECRET_KEY in the environment of the server.");
    });
}
