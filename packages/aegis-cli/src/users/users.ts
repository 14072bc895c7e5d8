import type { Command } from "commander";
import { registerHashes } from "./hashes.ts";
import { registerImport } from "./import.ts";

/** `aegis users`: accounts that come from elsewhere, and what they still have of there. */
export function registerUsers(program: Command): void {
  const users = program.command("users").description("bring people over from another system");
  registerImport(users);
  registerHashes(users);
}
