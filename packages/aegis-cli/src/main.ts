import { Command, CommanderError } from "commander";
import { tellError } from "./talk.ts";

type Register = (program: Command) => void;

const releases = async (): Promise<Register> => (await import("./release/release.ts")).registerRelease;

/** What each command needs is loaded where it is asked for: the others cost its start neither time nor memory. */
const commands: Readonly<Record<string, () => Promise<Register>>> = {
  verify: async () => (await import("./verify/verify.ts")).registerVerify,
  report: async () => (await import("./report/report.ts")).registerReport,
  compare: async () => (await import("./report/compare.ts")).registerCompare,
  policy: async () => (await import("./policy.ts")).registerPolicy,
  "probe-accounts": async () => (await import("./probe-accounts.ts")).registerProbeAccounts,
  routes: async () => (await import("./routes.ts")).registerRoutes,
  keys: async () => (await import("./keys/keys.ts")).registerKeys,
  audit: async () => (await import("./audit.ts")).registerAudit,
  backup: async () => (await import("./backup/backup.ts")).registerBackup,
  breach: async () => (await import("./breach.ts")).registerBreach,
  limits: async () => (await import("./limits/limits.ts")).registerLimits,
  logs: async () => (await import("./logs/logs.ts")).registerLogs,
  check: async () => (await import("./check.ts")).registerCheck,
  render: async () => (await import("./render/render.ts")).registerRender,
  certs: async () => (await import("./certs/certs.ts")).registerCerts,
  release: releases,
  rollback: releases,
  releases,
  maintenance: async () => (await import("./release/maintenance.ts")).registerMaintenance,
  checklist: async () => (await import("./checklist/checklist.ts")).registerChecklist,
  compliance: async () => (await import("./compliance/compliance.ts")).registerCompliance,
  "migrate-frontend": async () =>
    (await import("./migrate-frontend/migrate-frontend.ts")).registerMigrateFrontend,
  scan: async () => (await import("./scan/scan.ts")).registerScan,
  users: async () => (await import("./users/users.ts")).registerUsers,
  watch: async () => (await import("./watch/watch.ts")).registerWatch,
};

const program = new Command("aegis")
  .description("One policy: enforced, verified, explained.")
  .version("0.1.0")
  // An option belongs to the command that it stands behind: `report` and `report bundle` both have --from.
  .enablePositionalOptions()
  .exitOverride();
const [, , asked = ""] = process.argv;
const own = Object.hasOwn(commands, asked) ? commands[asked] : undefined;
// The list of all, and what was misspelt, need every one.
for (const load of own === undefined ? new Set(Object.values(commands)) : [own]) (await load())(program);

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
