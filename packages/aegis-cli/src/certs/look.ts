import { rootCertificates } from "node:tls";
import { X509Certificate } from "node:crypto";
import type { Command } from "commander";
import {
  type CertificateFinding,
  daysLeft,
  DEFAULT_MIN_DAYS,
  inspectCertificate,
  lookAtHost,
  readCertificates,
  readKeyFile,
} from "aegis/certs";
import { wholeDays } from "./certs.ts";
import { paint, print, table, tell, tellError, UsageError } from "../talk.ts";

interface InspectFlags {
  readonly key?: string;
  readonly name: readonly string[];
  readonly ca?: string;
  readonly days: number;
  readonly json?: boolean;
}

/** `aegis certs inspect` and `watch`: status 0 all is well, 1 something is not, 2 it could not be seen. */
export function registerCertLooks(certs: Command): void {
  const what = "a file (PEM), or https://host:port";

  certs
    .command("inspect")
    .description(
      "look at a certificate: days left, names, chain, key, protocols; status 1: something is wrong",
    )
    .argument("<what>", what)
    .option("--key <file>", "the private key: does it match, and who may read it")
    .option(
      "--name <name>",
      "a host name or address that it must be good for; repeatable; default for a server: its own",
      (one: string, all: readonly string[]) => [...all, one],
      [],
    )
    .option("--ca <file>", "believe this authority, too")
    .option("--days <number>", "fewer days left than this is a fault", wholeDays, DEFAULT_MIN_DAYS)
    .option("--json", "as JSON")
    .action(async (place: string, flags: InspectFlags) => {
      const findings = await inspected(place, flags);
      if (flags.json === true) print(JSON.stringify(findings, undefined, 2));
      else show(findings);
      const has = (outcome: string): boolean => findings.some((one) => one.outcome === outcome);
      process.exitCode = has("fail") ? 1 : has("unknown") ? 2 : 0;
    });

  certs
    .command("watch")
    .description("print the days that are left; status 1: fewer than --days. For a timer or cron")
    .argument("<what...>", what)
    .option("--days <number>", "how many days have to be left", wholeDays, DEFAULT_MIN_DAYS)
    .action(async (places: readonly string[], { days }: { readonly days: number }) => {
      let status = 0;
      for (const place of places)
        try {
          const chain =
            addressOf(place) === undefined ? await readCertificates(place) : await chainOfHost(place);
          const left = Math.min(...chain.map((one) => daysLeft(one, Date.now())));
          print(`${left < days ? "renew" : "ok"}  ${place}  ${left} days left`);
          if (left < days) status = Math.max(status, 1);
        } catch (error) {
          // One that cannot be seen hides none of the others.
          tellError(error);
          print(`unknown  ${place}`);
          status = 2;
        }
      process.exitCode = status;
    });
}

const chainOfHost = async (place: string): Promise<readonly X509Certificate[]> =>
  (await lookAtHost(demandAddress(place), [])).chain;

async function inspected(place: string, flags: InspectFlags): Promise<readonly CertificateFinding[]> {
  const given = flags.ca === undefined ? [] : await readCertificates(flags.ca);
  const key = flags.key === undefined ? undefined : await readKeyFile(flags.key);
  const address = addressOf(place);
  const common = { now: Date.now(), minDays: flags.days, ...(key === undefined ? {} : { key }) };
  if (address === undefined) {
    const authorities = [...given, ...rootCertificates.map((pem) => new X509Certificate(pem))];
    return inspectCertificate({
      chain: await readCertificates(place),
      authorities,
      names: flags.name,
      ...common,
    });
  }
  const trusted = [...rootCertificates, ...given.map((one) => one.toString())];
  const { chain, findings } = await lookAtHost(address, trusted);
  const names = flags.name.length > 0 ? flags.name : [address.host];
  return [
    // In which order a server sends its chain is lost on the way through OpenSSL; whether it leads anywhere is not.
    ...inspectCertificate({ chain, authorities: given, names, ...common }).filter(
      ({ check }) => check !== "chain-order" && check !== "chain-complete",
    ),
    ...findings,
  ];
}

function addressOf(place: string): { readonly host: string; readonly port: number } | undefined {
  if (!/^[a-z]+:\/\//i.test(place)) return undefined;
  const url = URL.canParse(place) ? new URL(place) : undefined;
  if (url?.protocol !== "https:") throw new UsageError(`"${place}" is no https address.`);
  return { host: url.hostname.replaceAll(/[[\]]/g, ""), port: url.port === "" ? 443 : Number(url.port) };
}

function demandAddress(place: string) {
  const address = addressOf(place);
  if (address === undefined) throw new UsageError(`"${place}" is no https address.`);
  return address;
}

function show(findings: readonly CertificateFinding[]): void {
  const signs = { pass: paint("green", "✓"), fail: paint("red", "✗"), unknown: paint("yellow", "?") };
  print(table(findings.map(({ check, outcome, observed }) => [signs[outcome], check, observed])));
  for (const { check, fix } of findings) if (fix !== "") tell(`hint: ${check}: ${fix}`);
}
