import type { Command } from "commander";
import { registerImport } from "./import.ts";

/** `aegis users`: accounts that come from elsewhere. */
export function registerUsers(program: Command): void {
  registerImport(program.command("users").description("bring people over from another system"));
}
