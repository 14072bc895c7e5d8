import { X509Certificate } from "node:crypto";
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { basename } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import type { Environment } from "aegis";
import { readOutbox } from "aegis/mail";
import { type BoundControl, catalogue, type Report, verify } from "aegis/verify";
import { readProbeAccounts } from "../probe-accounts.ts";
import { withAccounts } from "./accounts.ts";
import { matrixReport } from "./matrix.ts";
import {
  choosePolicy,
  environmentFrom,
  loadConfig,
  type PolicyChoice,
  type ProjectConfig,
  readTarget,
} from "../config.ts";
import { print, tell, UsageError } from "../talk.ts";
import { terminalReport } from "./terminal-report.ts";

interface Options extends AimOptions {
  readonly json?: boolean;
  readonly save?: string;
  readonly wait: number;
  readonly outbox?: string;
  readonly only?: string;
  readonly fast?: boolean;
  readonly matrix?: boolean;
}

const wholeSeconds = (text: string): number => {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError("It must be a whole number of seconds.");
  return Number(text);
};

/** `aegis verify URL`: exit status 0 nothing failed, 1 a control failed, 2 it could not be verified. */
export function registerVerify(program: Command): void {
  aiming(program.command("verify"))
    .description("prove from outside that a running system does what the policy says")
    .option("--only <room>", "only the controls of one room")
    .option("--fast", "leave out the controls that wait or use limits up: seconds instead of minutes")
    .option("--wait <seconds>", "wait so long at most for time-outs to happen", wholeSeconds, 0)
    .option("--outbox <folder>", "read the target's mail there, where it keeps it in development")
    .option("--matrix", "print what was found at each route, where a control looks at many")
    .option("--json", "print the findings as JSON")
    .option("--save <file>", "write the findings as JSON to a file")
    .addHelpText(
      "after",
      "\nEnds with 0 where nothing failed, 1 where a control failed, 2 where it could not be verified.",
    )
    .action(async (url: string, options: Options) => {
      const controls = chosen(options);
      const save = options.save === undefined ? undefined : writableFile(options.save);
      const mailbox = options.outbox === undefined ? undefined : outboxReader(options.outbox);
      const { probes, ...aim } = await aimAt(url, options);
      const progress = process.stderr.isTTY && options.json !== true;
      let done = 0;
      const report = await verify({
        ...aim,
        maxWaitSeconds: options.wait,
        ...(mailbox === undefined ? {} : { mailbox }),
        ...(probes === undefined ? {} : { probeAccounts: probes.accounts }),
        only: (control) => isWanted(control, options),
        onFinding: () => {
          done += 1;
          if (progress)
            process.stderr.write(`\r${done} of ${controls} controls; the slow ones take up to a minute `);
        },
      });
      if (progress) process.stderr.write(`\r${" ".repeat(70)}\r`);
      const json = JSON.stringify(report, undefined, 2);
      print(options.json === true ? json : terminalReport(report, process.stdout.columns));
      if (options.matrix === true && options.json !== true)
        print(matrixReport(report, process.stdout.columns));
      if (save !== undefined) writeFileSync(save, `${json}\n`);
      for (const account of report.accountsCreated.slice(0, 3))
        tell(`made the account ${account} on the target`);
      if (report.accountsCreated.length > 3)
        tell(`and ${report.accountsCreated.length - 3} more, all named probe-...`);
      process.exitCode = statusOf(report);
    });
}

/** Where it is, what it is held against, and how it is come by: the same for whatever looks at a live system. */
export interface AimOptions extends PolicyChoice {
  readonly target?: string;
  readonly probeKeyFile?: string;
  readonly probeAccounts?: string;
  readonly insecure?: boolean;
  readonly ca?: string;
  readonly account?: string;
  readonly otherAccount?: string;
}

/** The address, and the options of `AimOptions`. */
export const aiming = (command: Command): Command =>
  command
    .argument("<url>", "where it answers, e.g. https://hub.example")
    .option("--preset <name>", "hold it against a preset")
    .option("--policy <file>", "hold it against a policy file")
    .option(
      "--environment <name>",
      "default: development for plain HTTP on this machine, otherwise production",
    )
    .option("--target <file>", "how to use the application: routes and field names (JSON)")
    .option(
      "--probe-key-file <file>",
      "the target's probe key, so that limits of volume do not stop the run (or AEGIS_PROBE_KEY)",
    )
    .option(
      "--probe-accounts <file>",
      "accounts whose time runs faster (aegis probe-accounts): time-outs are seen to happen in seconds",
    )
    .option("--ca <file>", "trust this certificate authority (PEM)")
    .option("--insecure", "do not check the certificate")
    .option(
      "--account <file>",
      "an account of one tenant (user name, password: two lines), for its isolation",
    )
    .option("--other-account <file>", "an account of another tenant, that must see nothing of the first");

export async function aimAt(url: string, options: AimOptions) {
  const origin = originFrom(url);
  const ca = options.ca === undefined ? undefined : readAuthority(options.ca);
  const config = await loadConfig(process.cwd());
  const environment =
    options.environment === undefined ? guessEnvironment(origin) : environmentFrom(options.environment);
  const policy = await choosePolicy(options, config, environment);
  const described = options.target === undefined ? config?.target : readTarget(options.target);
  const target = withAccounts(described, options);
  const probeKey = probeKeyOf(options.probeKeyFile, config, origin);
  const probes = options.probeAccounts === undefined ? undefined : readProbeAccounts(options.probeAccounts);
  return {
    origin: origin.origin,
    policy,
    policyName: nameOf(options, config),
    ...(target === undefined ? {} : { target }),
    ...(probeKey === undefined ? {} : { probeKey }),
    ...(probes === undefined ? {} : { probes }),
    wire: { insecure: options.insecure === true, ...(ca === undefined ? {} : { ca }) },
  };
}

/**
 * Named by the caller, or the project's own where it runs on this very machine: a key must not go to whatever address
 * somebody typed.
 */
export function probeKeyOf(
  file: string | undefined,
  config: ProjectConfig | undefined,
  origin: URL,
): string | undefined {
  const fromEnvironment = process.env["AEGIS_PROBE_KEY"];
  const own = isHere(origin) && config?.probeKeyFile !== undefined && existsSync(config.probeKeyFile);
  const from = file ?? (fromEnvironment === undefined && own ? config.probeKeyFile : undefined);
  if (from === undefined) return fromEnvironment === "" ? undefined : fromEnvironment;
  let text: string;
  try {
    text = readFileSync(from, "utf8").trim();
  } catch {
    throw new UsageError(`${from} cannot be read.`);
  }
  if (!/^[\x21-\x7e]{1,512}$/.test(text))
    throw new UsageError(`${from} holds no probe key.`, "Give a file with one line.");
  return text;
}

/** Codes and links that the target mailed: without them controls about codes cannot be seen. */
function outboxReader(folder: string): (address: string) => Promise<readonly string[]> {
  if (!existsSync(folder))
    throw new UsageError(
      `There is no folder ${folder}.`,
      "In development the hub keeps its mail in .aegis/outbox.",
    );
  return async (address) => (await readOutbox(folder, address)).map(({ text }) => text);
}

/** How many controls there are; refuses a room that has none before anything is sent. */
const isWanted = ({ room, slow }: BoundControl, { only, fast }: Options): boolean =>
  (only === undefined || room === only) && !(fast === true && slow);

function chosen(options: Options): number {
  const { only } = options;
  const rooms = catalogue.filter(({ room }) => only === undefined || room === only);
  if (rooms.length === 0)
    throw new UsageError(
      `There is no such room: "${only}".`,
      `Known: ${catalogue.map(({ room }) => room).join(", ")}.`,
    );
  return rooms.reduce(
    (sum, { controls }) => sum + controls.filter((control) => isWanted(control, options)).length,
    0,
  );
}

/** Where the policy comes from, as `choosePolicy` chooses it. */
function nameOf({ policy, preset }: PolicyChoice, config: ProjectConfig | undefined): string {
  const file = policy ?? (preset === undefined && config?.policy !== undefined ? config.file : undefined);
  if (file === undefined) return `preset ${preset ?? "modern"}`;
  return preset === undefined ? basename(file) : `${basename(file)} on preset ${preset}`;
}

/** Checked here: TLS takes an unreadable authority for none, and then blames the target's certificate. */
export function readAuthority(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    throw new UsageError(`${file} cannot be read.`); // missing, a folder, or not ours to read: the same to do
  }
  try {
    void new X509Certificate(text); // throws where it is none
    return text;
  } catch {
    throw new UsageError(
      `${file} holds no certificate.`,
      "Give a file that begins with BEGIN CERTIFICATE (PEM).",
    );
  }
}

/** Tried before the run: findings of many minutes must not be lost to a misspelt folder. */
function writableFile(file: string): string {
  try {
    closeSync(openSync(file, "a"));
    return file;
  } catch {
    throw new UsageError(`${file} cannot be written.`, "Does its folder exist?");
  }
}

function statusOf(report: Report): number {
  if (!report.reachable || report.counts.error > 0) return 2;
  return report.counts.fail > 0 ? 1 : 0;
}

export function originFrom(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new UsageError(`"${text}" is no web address.`, "Give scheme and host, e.g. https://hub.example.");
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "" || url.username !== "")
    throw new UsageError(
      `"${text}" is more than an origin.`,
      `Give ${url.origin}; paths belong in the target file (--target).`,
    );
  return url;
}

function isHere({ hostname }: URL): boolean {
  const host = hostname.replace(/^\[|\]$/g, "");
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/** Plain HTTP on this very machine is somebody's desk; anything else is held to the strict rules. */
const guessEnvironment = (url: URL): Environment =>
  url.protocol === "http:" && isHere(url) ? "development" : "production";
