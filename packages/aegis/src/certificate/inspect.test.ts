/** What is wrong with a certificate is found; files and servers alike. */
import { execFileSync } from "node:child_process";
import { createPrivateKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type Server, type TlsOptions } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { systemRandom } from "../lib/random.ts";
import { readCertificates, readKeyFile, writeNewFile } from "./files.ts";
import { lookAtHost } from "./host.ts";
import { inspectCertificate, type ToInspect } from "./inspect.ts";
import { issuedCertificate, localAuthority, type Made, selfSignedCertificate } from "./make.ts";

const DAY_MS = 86_400_000;
const now = Date.now();
const sources = { clock: { now: () => now }, random: systemRandom };
let folder: string;
let ca: Made;
let leaf: Made;
let usual: ToInspect;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "aegis-inspect-"));
  ca = await localAuthority({ names: ["localhost", "127.0.0.1"] }, sources);
  const authority = { certificatePem: ca.certificatePem, key: createPrivateKey(ca.keyPem) };
  leaf = await issuedCertificate({ names: ["localhost", "127.0.0.1"], days: 90 }, authority, sources);
  usual = {
    chain: [new X509Certificate(leaf.certificatePem)],
    authorities: [new X509Certificate(ca.certificatePem)],
    names: ["localhost", "127.0.0.1"],
    now,
    key: { key: createPrivateKey(leaf.keyPem), mode: 0o600 },
  };
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What a program signs that asks nobody whether it may. */
function forgedBy(issuer: Made, names: string): Made {
  const at = (name: string): string => join(folder, `forged-${name}`);
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const keyPem = String(privateKey.export({ type: "pkcs8", format: "pem" }));
  writeFileSync(at("ca.pem"), issuer.certificatePem);
  writeFileSync(at("ca-key.pem"), issuer.keyPem);
  writeFileSync(at("key.pem"), keyPem);
  writeFileSync(at("extensions"), `subjectAltName=${names}\n`);
  const openssl = (...args: readonly string[]): string =>
    execFileSync("openssl", args, { encoding: "utf8", stdio: "pipe" });
  openssl("req", "-new", "-key", at("key.pem"), "-subj", "/CN=forged", "-out", at("request.pem"));
  const by = ["-CA", at("ca.pem"), "-CAkey", at("ca-key.pem"), "-days", "90", "-extfile", at("extensions")];
  return { certificatePem: openssl("x509", "-req", "-in", at("request.pem"), ...by), keyPem };
}

const failures = (change: Partial<ToInspect>) =>
  inspectCertificate({ ...usual, ...change })
    .filter(({ outcome }) => outcome === "fail")
    .map(({ check }) => check);

describe("inspection", () => {
  it("finds nothing wrong where nothing is", () => {
    expect(failures({})).toEqual([]);
    expect(inspectCertificate(usual)).toHaveLength(9);
  });

  it("finds what is", async () => {
    const own = new X509Certificate(
      (await selfSignedCertificate({ names: ["localhost"] }, sources)).certificatePem,
    );
    const root = new X509Certificate(ca.certificatePem);
    const server = new X509Certificate(leaf.certificatePem);
    expect(failures({ now: now + 59 * DAY_MS })).toEqual([]);
    expect(failures({ now: now + 60 * DAY_MS + 1 })).toEqual(["days-left"]);
    expect(failures({ now: now + 60 * DAY_MS + 1, minDays: 20 })).toEqual([]);
    expect(failures({ now: now - DAY_MS })).toEqual(["already-valid"]);
    expect(failures({ names: ["localhost", "hub.example", "127.0.0.2"] })).toEqual(["names", "names"]);
    expect(failures({ authorities: [] })).toEqual(["chain-complete"]);
    expect(failures({ chain: [server, root] })).toEqual([]);
    expect(failures({ chain: [server, root], authorities: [] })).toEqual(["chain-complete"]);
    expect(failures({ chain: [server, own] })).toEqual(["chain-order"]);
    expect(failures({ chain: [root, server], key: undefined })).toEqual(["names", "names", "chain-order"]);
    expect(failures({ chain: [own], names: ["localhost"], key: undefined })).toEqual(["chain-complete"]);
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    expect(failures({ key: { key: privateKey, mode: 0o600 } })).toEqual(["key-match"]);
    for (const mode of [0o640, 0o604, 0o644, 0o610])
      expect(failures({ key: { key: createPrivateKey(leaf.keyPem), mode } })).toEqual(["key-permissions"]);
    expect(failures({ key: { key: createPrivateKey(leaf.keyPem), mode: 0o400 } })).toEqual([]);
  });

  it("finds a name that no client believes its authority, and an issuer that is none", () => {
    const forged = forgedBy(ca, "DNS:localhost,IP:10.0.0.7,DNS:bank.example");
    const chain = [new X509Certificate(forged.certificatePem)];
    const names = ["localhost", "10.0.0.7", "bank.example"];
    const later = { names, now: now + DAY_MS, key: undefined };
    expect(failures({ ...later, chain })).toEqual(["names", "names"]);
    const root = new X509Certificate(ca.certificatePem);
    expect(failures({ ...later, chain: [...chain, root] })).toEqual(["names", "names"]);
    // Signed by the key of a server's certificate, which is no authority.
    const under = new X509Certificate(forgedBy(leaf, "DNS:localhost").certificatePem);
    const server = new X509Certificate(leaf.certificatePem);
    expect(failures({ ...later, chain: [under, server], names: ["localhost"] })).toContain("chain-complete");
  });

  it("takes an authority that is over for none", () => {
    expect(failures({ now: now + 366 * DAY_MS })).toEqual(["days-left", "chain-complete"]);
  });
});

describe("a key file", () => {
  it.each([0o600, 0o400])(
    "is made with mode %o whatever the mask, and is never overwritten",
    async (mode) => {
      const file = join(folder, `key-${mode}`);
      const before = process.umask(0);
      try {
        await writeNewFile(file, "first", mode);
      } finally {
        process.umask(before);
      }
      expect(statSync(file).mode & 0o777).toBe(mode);
      await expect(writeNewFile(file, "second", mode)).rejects.toThrow("There is a file");
      expect(readFileSync(file, "utf8")).toBe("first");
      await writeNewFile(file, "third", mode, { force: true });
      expect([readFileSync(file, "utf8"), statSync(file).mode & 0o777]).toEqual(["third", mode]);
    },
  );

  it("is not written through a link that somebody laid", async () => {
    const [link, elsewhere] = [join(folder, "link"), join(folder, "elsewhere")];
    symlinkSync(elsewhere, link);
    await expect(writeNewFile(link, "secret", 0o600)).rejects.toThrow("There is a file");
    expect(() => statSync(elsewhere)).toThrow("ENOENT");
  });

  it("is read with its mode, and never quoted", async () => {
    const file = join(folder, "read.pem");
    writeFileSync(file, leaf.keyPem);
    chmodSync(file, 0o644);
    expect((await readKeyFile(file)).mode).toBe(0o644);
    writeFileSync(file, "-----BEGIN PRIVATE KEY-----\nplanted-secret\n-----END PRIVATE KEY-----\n");
    const refusal = await readKeyFile(file).catch((error: unknown) => String(error));
    expect(refusal).toMatch(/no private key that can be read/);
    expect(refusal).not.toContain("planted");
    await expect(readCertificates(file)).rejects.toThrow("holds no certificate");
    await expect(readCertificates(folder)).rejects.toThrow("is no file");
    writeFileSync(file, leaf.certificatePem.repeat(11));
    await expect(readCertificates(file)).rejects.toThrow("more than 10");
  });
});

describe("a server", () => {
  let server: Server | undefined;
  afterEach(() => server?.close());
  const serve = async (options: TlsOptions): Promise<number> => {
    const made = createServer({ key: leaf.keyPem, cert: leaf.certificatePem, ...options }, (socket) =>
      socket.end(),
    );
    server = made;
    made.on("tlsClientError", () => undefined);
    await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", resolve));
    const address = made.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  };
  const look = async (options: TlsOptions, authorities: readonly string[]) => {
    const { chain, findings } = await lookAtHost(
      { host: "127.0.0.1", port: await serve(options) },
      authorities,
    );
    return {
      own: chain[0]?.raw.equals(new X509Certificate(leaf.certificatePem).raw),
      ...Object.fromEntries(findings.map(({ check, outcome, observed }) => [check, [outcome, observed]])),
    };
  };

  it("that speaks TLS 1.2 and 1.3 under a known authority passes", async () => {
    expect(await look({}, [ca.certificatePem])).toEqual({
      own: true,
      "chain-complete": ["pass", "leads to an authority that is known"],
      protocols: ["pass", "TLSv1.2, TLSv1.3"],
    });
  });

  it("that nobody vouches for does not", async () => {
    expect(await look({}, [])).toMatchObject({
      "chain-complete": ["fail", expect.stringContaining("UNABLE_TO_")],
    });
  });

  it("whose authority may not vouch for its name does not pass either", async () => {
    const forged = forgedBy(ca, "DNS:bank.example");
    expect(
      await look({ key: forged.keyPem, cert: forged.certificatePem }, [ca.certificatePem]),
    ).toMatchObject({ "chain-complete": ["fail", expect.stringContaining("may not vouch")] });
  });

  it("that speaks an old version is seen to", async () => {
    const old = { minVersion: "TLSv1", ciphers: "ALL:@SECLEVEL=0" } as const;
    expect(await look(old, [ca.certificatePem])).toMatchObject({
      protocols: ["fail", "TLSv1, TLSv1.1, TLSv1.2, TLSv1.3"],
    });
  });

  it("that does not answer in TLS is said so", async () => {
    await expect(lookAtHost({ host: "127.0.0.1", port: 1 }, [])).rejects.toThrow("does not answer in TLS");
  });
});
