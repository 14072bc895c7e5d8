/** For whom an authority may vouch (name constraints, RFC 5280 4.2.1.10): every client refuses what goes beyond. Pure. */
import "reflect-metadata"; // before the libraries below, which will not load without it
import { BlockList, isIP } from "node:net";
import { AsnConvert } from "@peculiar/asn1-schema";
import { type GeneralSubtrees, NameConstraints } from "@peculiar/asn1-x509";
import { X509Certificate } from "@peculiar/x509";
import type { CertificateName } from "./names.ts";

export const NAME_CONSTRAINTS = "2.5.29.30";

export interface Vouching {
  readonly mayFor: (name: CertificateName) => boolean;
  /** Host names under which it may; empty: none, or it has no constraints. */
  readonly hosts: readonly string[];
}

/** What cannot be read allows nothing. */
export function vouchingOf(certificatePem: string): Vouching {
  try {
    const extension = new X509Certificate(certificatePem).getExtension(NAME_CONSTRAINTS);
    if (extension === null) return { mayFor: () => true, hosts: [] };
    const { permittedSubtrees, excludedSubtrees } = AsnConvert.parse(extension.value, NameConstraints);
    const [permitted, excluded] = [basesOf(permittedSubtrees), basesOf(excludedSubtrees)];
    return {
      // A kind that nothing names is unconstrained.
      mayFor: ({ type, value }) =>
        !excluded[type].some((base) => isUnder(type, value, base)) &&
        (permitted[type].length === 0 || permitted[type].some((base) => isUnder(type, value, base))),
      hosts: permitted.dns,
    };
  } catch {
    return { mayFor: () => false, hosts: [] };
  }
}

const basesOf = (subtrees: GeneralSubtrees | undefined) => {
  const bases = [...(subtrees ?? [])].map(({ base }) => base);
  return {
    dns: bases.flatMap(({ dNSName }) => (dNSName === undefined ? [] : [dNSName.toLowerCase()])),
    ip: bases.flatMap(({ iPAddress }) => (iPAddress === undefined ? [] : [iPAddress])),
  } satisfies Record<CertificateName["type"], readonly string[]>;
};

function isUnder(type: CertificateName["type"], value: string, base: string): boolean {
  if (type === "ip") {
    const [network = "", bits = ""] = base.split("/");
    const family = (text: string) => (isIP(text) === 4 ? "ipv4" : "ipv6");
    if (family(network) !== family(value)) return false;
    const list = new BlockList();
    list.addSubnet(network, Number(bits), family(network));
    return list.check(value, family(value));
  }
  const host = value.replace(/^\*\./, "");
  return base === "" || host === base || host.endsWith(base.startsWith(".") ? base : `.${base}`);
}
