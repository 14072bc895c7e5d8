/** Certificates that the configuration names, with their keys, as `aegis certs inspect` looks at them. */
import { X509Certificate } from "node:crypto";
import { getCACertificates } from "node:tls";
import { CertificateError, inspectCertificate, readCertificates, readKeyFile } from "aegis/certs";
import {
  type CertificateFacts,
  checkCertificates,
  type PreflightFinding,
  seen,
  unseen,
} from "aegis/preflight";
import { reasonOf } from "./own.ts";
import type { Scene } from "./scene.ts";

export async function certificateFindings(scene: Scene): Promise<readonly PreflightFinding[]> {
  const origin = scene.env.get("PUBLIC_ORIGIN");
  const isHttps = origin?.startsWith("https:") === true;
  const own = isHttps && URL.canParse(origin) ? [new URL(origin).hostname.replaceAll(/[[\]]/g, "")] : [];
  const trusted = scene.flags.ca;
  const files = (scene.settings.certificates ?? []).map(async ({ file, key, ca, names = own }) => ({
    file: scene.at(file),
    found: await inspected({
      file: scene.at(file),
      key: key === undefined ? undefined : scene.at(key),
      ca: ca === undefined ? trusted : scene.at(ca),
      names,
    }),
  }));
  return checkCertificates(await Promise.all(files), isHttps);
}

interface Named {
  readonly file: string;
  readonly key: string | undefined;
  readonly ca: string | undefined;
  readonly names: readonly string[];
}

async function inspected({ file, key, ca, names }: Named): Promise<CertificateFacts["found"]> {
  try {
    const given = ca === undefined ? [] : await readCertificates(ca);
    const keyFile = key === undefined ? undefined : await readKeyFile(key);
    return seen(
      inspectCertificate({
        chain: await readCertificates(file),
        authorities: [...given, ...getCACertificates("default").map((pem) => new X509Certificate(pem))],
        names,
        now: Date.now(),
        ...(keyFile === undefined ? {} : { key: keyFile }),
      }),
    );
  } catch (error) {
    return unseen(
      error instanceof CertificateError ? error.message : `it cannot be read (${reasonOf(error)})`,
    );
  }
}
