import { Command, CommanderError } from "commander";
import { registerAudit } from "./audit.ts";
import { registerBackup } from "./backup/backup.ts";
import { registerBreach } from "./breach.ts";
import { registerCerts } from "./certs/certs.ts";
import { registerCheck } from "./check.ts";
import { registerChecklist } from "./checklist/checklist.ts";
import { registerCompliance } from "./compliance/compliance.ts";
import { registerKeys } from "./keys/keys.ts";
import { registerLimits } from "./limits/limits.ts";
import { registerLogs } from "./logs/logs.ts";
import { registerMaintenance } from "./release/maintenance.ts";
import { registerMigrateFrontend } from "./migrate-frontend/migrate-frontend.ts";
import { registerProbeAccounts } from "./probe-accounts.ts";
import { registerPolicy } from "./policy.ts";
import { registerRenderEnv } from "./render/env.ts";
import { registerRender } from "./render/render.ts";
import { registerCompare } from "./report/compare.ts";
import { registerReport } from "./report/report.ts";
import { registerRelease } from "./release/release.ts";
import { registerRoutes } from "./routes.ts";
import { registerScan } from "./scan/scan.ts";
import { tellError } from "./talk.ts";
import { registerUsers } from "./users/users.ts";
import { registerVerify } from "./verify/verify.ts";
import { registerWatch } from "./watch/watch.ts";

const program = new Command("aegis")
  .description("One policy: enforced, verified, explained.")
  .version("0.1.0")
  // An option belongs to the command that it stands behind: `report` and `report bundle` both have --from.
  .enablePositionalOptions()
  .exitOverride();
registerVerify(program);
registerReport(program);
registerCompare(program);
registerPolicy(program);
registerProbeAccounts(program);
registerRoutes(program);
registerKeys(program);
registerAudit(program);
registerBackup(program);
registerBreach(program);
registerLimits(program);
registerLogs(program);
registerCheck(program);
registerRender(program);
registerCerts(program);
registerRelease(program);
registerMaintenance(program);
registerChecklist(program);
registerCompliance(program);
registerMigrateFrontend(program);
registerScan(program);
registerRenderEnv(program);
registerUsers(program);
registerWatch(program);

/** What was misspelt is said by commander; the help of that very command says how it is written. */
function hintAtHelp(command: Command, name: string): void {
  command.showHelpAfterError(`hint: See ${name} --help.`);
  for (const one of command.commands) hintAtHelp(one, `${name} ${one.name()}`);
}
hintAtHelp(program, "aegis");

// `aegis policy show | head` reads no further: that is no fault to be told, and what was not read cannot count as done.
const SIGPIPE_STATUS = 128 + 13;
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(SIGPIPE_STATUS);
  throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  // Help and version end with 0; a call that cannot work ends with 2, as "could not verify" does.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    tellError(error);
    process.exitCode = 2;
  }
}
