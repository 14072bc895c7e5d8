import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { systemRandom } from "aegis";
import {
  type CertificateOptions,
  certificateRequest,
  issuedCertificate,
  keyFileMode,
  type KeyKind,
  localAuthority,
  readCertificates,
  readKeyFile,
  selfSignedCertificate,
  writeNewFile,
} from "aegis/certs";
import { registerCertLooks } from "./look.ts";
import { print, tell, UsageError } from "../talk.ts";

interface MakeFlags {
  readonly out: string;
  readonly key: KeyKind;
  readonly days?: number;
  readonly force?: boolean;
  readonly production?: boolean;
}

interface IssueFlags extends MakeFlags {
  readonly ca: string;
  readonly caKey: string;
}

const sources = { clock: { now: () => Date.now() }, random: systemRandom };

export const wholeDays = (text: string): number => {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError("It must be a whole number of days.");
  return Number(text);
};

/** `aegis certs`: certificates for development and machines of one's own, and a look at any. */
export function registerCerts(program: Command): void {
  const certs = program.command("certs").description("make certificates and look at them");

  making(certs.command("self-signed"), "a certificate that vouches for itself").action(
    async (names: readonly string[], flags: MakeFlags) => {
      const { certificatePem, keyPem } = await selfSignedCertificate(optionsOf(names, flags), sources);
      await keep(flags, ["privkey.pem", keyPem], ["fullchain.pem", certificatePem]);
    },
  );

  making(
    certs.command("ca"),
    "a local authority, which can vouch for these names and what is under them alone",
  ).action(async (names: readonly string[], flags: MakeFlags) => {
    const { certificatePem, keyPem } = await localAuthority(optionsOf(names, flags), sources);
    await keep(flags, ["ca-key.pem", keyPem], ["ca.pem", certificatePem]);
    tell(
      "Trust ca.pem where you browse (aegis verify --ca ca.pem). ca-key.pem leaves this machine for nobody.",
    );
  });

  making(certs.command("issue"), "a certificate by a local authority")
    .requiredOption("--ca <file>", "the authority's certificate", "ca.pem")
    .requiredOption("--ca-key <file>", "the authority's key", "ca-key.pem")
    .action(async (names: readonly string[], flags: IssueFlags) => {
      const [authority] = await readCertificates(flags.ca);
      if (authority === undefined) throw new UsageError(`${flags.ca} holds no certificate.`);
      const { key } = await readKeyFile(flags.caKey);
      const by = { certificatePem: authority.toString(), key };
      const { certificatePem, keyPem } = await issuedCertificate(optionsOf(names, flags), by, sources);
      await keep(flags, ["privkey.pem", keyPem], ["fullchain.pem", certificatePem]);
    });

  making(certs.command("csr"), "a request for an authority elsewhere, and its key", false).action(
    async (names: readonly string[], flags: MakeFlags) => {
      const { requestPem, keyPem } = await certificateRequest(optionsOf(names, flags));
      await keep(flags, ["privkey.pem", keyPem], ["request.pem", requestPem]);
    },
  );

  registerCertLooks(certs);
}

function making(command: Command, description: string, withDays = true): Command {
  command
    .description(description)
    .argument("<names...>", "host names and addresses, e.g. hub.example 127.0.0.1")
    .option("--out <folder>", "where the files go", ".")
    .addOption(
      new Option("--key <kind>", "ECDSA P-256, or RSA with 4096 bits")
        .choices(["ecdsa", "rsa"])
        .default("ecdsa"),
    )
    .option("--production", "the key file gets mode 0400 instead of 0600 (also where NODE_ENV is production)")
    .option("--force", "replace files that are there");
  if (withDays) command.option("--days <number>", "how long it is valid; default: 365", wholeDays);
  return command;
}

const optionsOf = (names: readonly string[], { key, days }: MakeFlags): CertificateOptions => ({
  names,
  kind: key,
  ...(days === undefined ? {} : { days }),
});

/** The key first: a certificate without its key would be taken for a finished pair. */
async function keep(
  flags: MakeFlags,
  [keyName, keyPem]: readonly [string, string],
  [name, pem]: readonly [string, string],
): Promise<void> {
  const isProduction = flags.production === true || process.env["NODE_ENV"] === "production";
  const force = { force: flags.force === true };
  await mkdir(flags.out, { recursive: true });
  await writeNewFile(join(flags.out, keyName), keyPem, keyFileMode(isProduction), force);
  await writeNewFile(join(flags.out, name), pem, 0o644, force);
  print(join(flags.out, name));
  print(join(flags.out, keyName));
}
