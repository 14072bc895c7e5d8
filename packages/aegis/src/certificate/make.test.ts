/** What is made is what OpenSSL, an independent reader, takes for it. */
import { execFileSync } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemRandom } from "../lib/random.ts";
import { certificateNames } from "./names.ts";
import { certificateRequest, issuedCertificate, localAuthority, selfSignedCertificate } from "./make.ts";

const DAY_MS = 86_400_000;
const now = Date.now();
const sources = { clock: { now: () => now }, random: systemRandom };
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "aegis-certs-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const put = (name: string, pem: string): string => {
  writeFileSync(join(folder, name), pem);
  return join(folder, name);
};
const openssl = (...args: readonly string[]): string => {
  try {
    return execFileSync("openssl", args, { encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    return error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
  }
};
const authorityOf = async (names: readonly string[]) => {
  const { certificatePem, keyPem } = await localAuthority({ names }, sources);
  return { certificatePem, key: createPrivateKey(keyPem) };
};

describe("a self-signed certificate", () => {
  it.each([
    ["ecdsa", "prime256v1", "ecdsa-with-SHA256"],
    ["rsa", 4096, "sha256WithRSAEncryption"],
  ] as const)(
    "with a key of kind %s is for all its names, for 365 days, for servers",
    async (kind, size, how) => {
      const names = ["Hub.Example", "*.hub.example", "127.0.0.1", "::1"];
      const { certificatePem, keyPem } = await selfSignedCertificate({ names, kind }, sources);
      const certificate = new X509Certificate(certificatePem);
      const details = certificate.publicKey.asymmetricKeyDetails;
      expect([details?.namedCurve ?? details?.modulusLength, certificate.signatureAlgorithm]).toEqual([
        size,
        how,
      ]);
      expect(certificate.checkHost("a.hub.example")).toBe("*.hub.example");
      expect([certificate.checkHost("hub.example"), certificate.checkHost("example")]).toEqual([
        "hub.example",
        undefined,
      ]);
      expect([
        certificate.checkIP("127.0.0.1"),
        certificate.checkIP("::1"),
        certificate.checkIP("127.0.0.2"),
      ]).toEqual(["127.0.0.1", "::1", undefined]);
      expect(Math.round((certificate.validToDate.getTime() - now) / DAY_MS)).toBe(365);
      expect(certificate.validFromDate.getTime()).toBeLessThan(now);
      expect(certificate.ca).toBe(false);
      expect(certificate.checkPrivateKey(createPrivateKey(keyPem))).toBe(true);
      const file = put(`self-${kind}.pem`, certificatePem);
      expect(
        openssl("verify", "-CAfile", file, "-purpose", "sslserver", "-verify_hostname", "hub.example", file),
      ).toContain(": OK");
      expect(openssl("verify", "-CAfile", file, "-purpose", "sslclient", file)).toMatch(/purpose|unsuitable/);
    },
  );

  it("has another serial number each time, positive and of more than 64 bits", async () => {
    const made = await Promise.all([1, 2].map(() => selfSignedCertificate({ names: ["a.test"] }, sources)));
    const serials = made.map(({ certificatePem }) => new X509Certificate(certificatePem).serialNumber);
    expect(new Set(serials).size).toBe(2);
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/);
  });

  it.each([0, 398, 1.5, Number.NaN])("is not made for %s days", async (days) => {
    await expect(selfSignedCertificate({ names: ["a.test"], days }, sources)).rejects.toThrow(
      "1 to 397 days",
    );
  });
});

describe("a local authority", () => {
  it("vouches for its names and what is under them, and OpenSSL believes it", async () => {
    const authority = await authorityOf(["hub.test", "127.0.0.1"]);
    const ca = put("ca.pem", authority.certificatePem);
    for (const names of [["hub.test", "127.0.0.1"], ["deep.api.hub.test"], ["*.hub.test"]]) {
      const { certificatePem } = await issuedCertificate({ names }, authority, sources);
      expect(
        openssl("verify", "-CAfile", ca, "-purpose", "sslserver", put("leaf.pem", certificatePem)),
      ).toContain(": OK");
    }
  });

  it("cannot vouch for others, whoever has its key", async () => {
    const authority = await authorityOf(["hub.test"]);
    const ca = put("ca.pem", authority.certificatePem);
    for (const name of ["bank.example", "nothub.test", "hub.test.example", "127.0.0.1", "::1"])
      await expect(issuedCertificate({ names: [name] }, authority, sources)).rejects.toThrow("may not vouch");
    // By a program that does not ask: what counts is that nobody believes the result.
    const key = put("ca-key.pem", String(authority.key.export({ type: "pkcs8", format: "pem" })));
    const { requestPem } = await certificateRequest({ names: ["bank.example"] });
    for (const name of ["DNS:bank.example", "IP:127.0.0.1"]) {
      const extensions = put("extensions", `subjectAltName=${name}\n`);
      const signed = openssl(
        "x509",
        "-req",
        "-in",
        put("request.pem", requestPem),
        "-CA",
        ca,
        "-CAkey",
        key,
        "-days",
        "9",
        "-extfile",
        extensions,
      );
      expect(openssl("verify", "-CAfile", ca, put("forged.pem", signed))).toMatch(/subtree violation/);
    }
  });

  it("vouches for the addresses that it was made for, and for no others", async () => {
    const authority = await authorityOf(["127.0.0.1", "::1"]);
    const { certificatePem } = await issuedCertificate({ names: ["127.0.0.1", "::1"] }, authority, sources);
    expect(
      openssl("verify", "-CAfile", put("ca.pem", authority.certificatePem), put("leaf.pem", certificatePem)),
    ).toContain(": OK");
    for (const name of ["127.0.0.2", "10.1.2.3", "::2", "hub.test"])
      await expect(issuedCertificate({ names: [name] }, authority, sources)).rejects.toThrow("may not vouch");
  });

  it("is nobody's authority for another authority", async () => {
    const authority = await authorityOf(["hub.test"]);
    const leaf = await issuedCertificate({ names: ["hub.test"] }, authority, sources);
    const fake = { certificatePem: leaf.certificatePem, key: createPrivateKey(leaf.keyPem) };
    await expect(issuedCertificate({ names: ["hub.test"] }, fake, sources)).rejects.toThrow(
      "none of an authority",
    );
    const other = { ...authority, key: createPrivateKey(leaf.keyPem) };
    await expect(issuedCertificate({ names: ["hub.test"] }, other, sources)).rejects.toThrow(
      "not the authority's",
    );
  });

  it("does not vouch beyond its own end", async () => {
    const { certificatePem, keyPem } = await localAuthority({ names: ["hub.test"], days: 10 }, sources);
    const authority = { certificatePem, key: createPrivateKey(keyPem) };
    const short = await issuedCertificate({ names: ["hub.test"] }, authority, sources);
    const end = new X509Certificate(certificatePem).validToDate;
    expect(new X509Certificate(short.certificatePem).validToDate.getTime()).toBeLessThanOrEqual(
      end.getTime(),
    );
    const longer = issuedCertificate({ names: ["hub.test"], days: 11 }, authority, sources);
    await expect(longer).rejects.toThrow("before the certificate would be");
  });
});

describe("a request", () => {
  it("is signed by its key and names what was asked for", async () => {
    const { requestPem, keyPem } = await certificateRequest({
      names: ["hub.example", "10.0.0.7"],
      kind: "rsa",
    });
    const text = openssl("req", "-in", put("request.pem", requestPem), "-noout", "-text", "-verify");
    expect(text).toMatch(/DNS:hub\.example, IP Address:10\.0\.0\.7/);
    expect(text).toContain("Public-Key: (4096 bit)");
    expect(keyPem).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
  });
});

describe("names", () => {
  it.each([
    "",
    "a b",
    "a..b",
    "-a.test",
    "1.2.3",
    "1.2.3.4.5",
    "*",
    "a.*.test",
    "fe80::1%eth0",
    "::ffff:1.2.3.4",
    "a_b.test",
    "hub.test\n",
    "a,DNS:b",
  ])("refuses %j", (name) =>
    expect(() => certificateNames([name])).toThrow("neither a host name nor an address"),
  );

  it("take nothing that would mean something else in a certificate or configuration", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        let taken: readonly { readonly value: string }[];
        try {
          taken = certificateNames([text]);
        } catch {
          return;
        }
        for (const { value } of taken) expect(value).toMatch(/^[a-z0-9.:*-]+$/);
      }),
    );
  });
});
