import { readFileSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { type Command, InvalidArgumentError } from "commander";
import type { Environment } from "aegis";
import { type Report, verify } from "aegis/verify";
import { choosePolicy, environmentFrom, loadConfig, type PolicyChoice, readTarget } from "./config.ts";
import { print, tell, UsageError } from "./talk.ts";
import { terminalReport } from "./terminal-report.ts";

interface Options extends PolicyChoice {
  readonly target?: string;
  readonly json?: boolean;
  readonly save?: string;
  readonly wait: number;
  readonly insecure?: boolean;
  readonly ca?: string;
  readonly only?: string;
}

const wholeSeconds = (text: string): number => {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError("It must be a whole number of seconds.");
  return Number(text);
};

/** `aegis verify URL`: exit status 0 nothing failed, 1 a control failed, 2 it could not be verified. */
export function registerVerify(program: Command): void {
  program
    .command("verify")
    .description("prove from outside that a running system does what the policy says")
    .argument("<url>", "where it answers, e.g. https://hub.example")
    .option("--preset <name>", "hold it against a preset")
    .option("--policy <file>", "hold it against a policy file")
    .option(
      "--environment <name>",
      "default: development for plain HTTP on this machine, otherwise production",
    )
    .option("--target <file>", "how to use the application: routes and field names (JSON)")
    .option("--only <room>", "only the controls of one room")
    .option("--wait <seconds>", "wait so long at most for time-outs to happen", wholeSeconds, 0)
    .option("--ca <file>", "trust this certificate authority (PEM)")
    .option("--insecure", "do not check the certificate")
    .option("--json", "print the findings as JSON")
    .option("--save <file>", "write the findings as JSON to a file")
    .action(async (url: string, options: Options) => {
      const origin = originFrom(url);
      const config = await loadConfig(process.cwd());
      const environment =
        options.environment === undefined ? guessEnvironment(origin) : environmentFrom(options.environment);
      const policy = await choosePolicy(options, config, environment);
      const target = options.target === undefined ? config?.target : readTarget(options.target);
      const progress = process.stderr.isTTY && options.json !== true;
      let done = 0;
      const report = await verify({
        origin: origin.origin,
        policy,
        ...(target === undefined ? {} : { target }),
        maxWaitSeconds: options.wait,
        wire: {
          insecure: options.insecure === true,
          ...(options.ca === undefined ? {} : { ca: readFileSync(options.ca, "utf8") }),
        },
        ...(options.only === undefined ? {} : { only: ({ room }) => room === options.only }),
        onFinding: () => {
          done += 1;
          if (progress) process.stderr.write(`\r${done} controls done; the slow ones take up to a minute `);
        },
      });
      if (progress) process.stderr.write(`\r${" ".repeat(60)}\r`);
      if (options.save !== undefined)
        writeFileSync(options.save, `${JSON.stringify(report, undefined, 2)}\n`);
      print(
        options.json === true
          ? JSON.stringify(report, undefined, 2)
          : terminalReport(report, process.stdout.columns),
      );
      if (report.findings.length === 0)
        throw new UsageError(
          "There is no such room.",
          "See aegis policy show: the first word of every setting is a room.",
        );
      for (const account of report.accountsCreated.slice(0, 3))
        tell(`made the account ${account} on the target`);
      if (report.accountsCreated.length > 3)
        tell(`and ${report.accountsCreated.length - 3} more, all named probe-...`);
      process.exitCode = statusOf(report);
    });
}

function statusOf(report: Report): number {
  if (!report.reachable || report.counts.error > 0) return 2;
  return report.counts.fail > 0 ? 1 : 0;
}

function originFrom(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new UsageError(`"${text}" is no web address.`, "Give scheme and host, e.g. https://hub.example.");
  return url;
}

/** Plain HTTP on this very machine is somebody's desk; anything else is held to the strict rules. */
function guessEnvironment({ protocol, hostname }: URL): Environment {
  const host = hostname.replace(/^\[|\]$/g, "");
  const local = host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
  return protocol === "http:" && local ? "development" : "production";
}
