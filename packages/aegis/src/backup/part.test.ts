import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import fc from "fast-check";
import Type from "typebox";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BackupError } from "./errors.ts";
import { checkPart, parseIdentities, parseRecipients, readPart, writePart } from "./part.ts";
import { openSigned, signed } from "./signature.ts";

let folder: string;
let identity: string;
let recipient: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "aegis-part-"));
  identity = await generateX25519Identity();
  recipient = await identityToRecipient(identity);
});
afterAll(() => rmSync(folder, { recursive: true }));

let made = 0;
const path = (): string => join(folder, `part-${(made += 1)}`);
async function* chunks(total: number, size = 100_000): AsyncGenerator<Uint8Array> {
  for (let left = total; left > 0; left -= size) yield Buffer.alloc(Math.min(left, size), left % 251);
}
async function lengthOf(source: AsyncIterable<Uint8Array>): Promise<number> {
  let length = 0;
  for await (const chunk of source) length += chunk.length;
  return length;
}

describe("a part", () => {
  it("is a file of the owner's that age opens, and gives back what went in", async () => {
    const file = path();
    const written = await writePart(file, chunks(300_000), [recipient]);
    expect([statSync(file).mode & 0o777, statSync(file).size]).toEqual([0o600, written.bytes]);
    const key = path();
    writeFileSync(key, identity);
    const byHand = execFileSync("age", ["-d", "-i", key, file], { maxBuffer: 2 ** 20 });
    expect(byHand.equals(Buffer.concat(await Array.fromAsync(chunks(300_000))))).toBe(true);
    expect(Buffer.concat(await Array.fromAsync(readPart(file, written, [identity]))).equals(byHand)).toBe(
      true,
    );
    await expect(writePart(file, chunks(1), [recipient])).rejects.toMatchObject({ code: "EEXIST" });
  });

  it("never gives out its end where a byte of it is another than when it was looked at", async () => {
    const total = 200_000;
    const file = path();
    const written = await writePart(file, chunks(total), [recipient]);
    const bytes = readFileSync(file);
    const changed = path();
    for (let at = 0; at < bytes.length; at += 3989) {
      const copy = Buffer.from(bytes);
      copy[at] = (copy[at] ?? 0) ^ 4;
      writeFileSync(changed, copy);
      await expect(checkPart(changed, written)).rejects.toMatchObject({ code: "AEGIS_BACKUP_DAMAGED" });
      let given = 0;
      const reading = (async () => {
        for await (const chunk of readPart(changed, written, [identity])) given += chunk.length;
      })();
      await expect(reading).rejects.toThrow(BackupError);
      expect(given).toBeLessThan(total);
    }
    // Encrypted anew by somebody else, who knows the recipient as everybody does.
    const forged = path();
    await writePart(forged, chunks(total), [recipient]);
    let given = 0;
    await expect(
      (async () => {
        for await (const chunk of readPart(forged, written, [identity])) given += chunk.length;
      })(),
    ).rejects.toMatchObject({ code: "AEGIS_BACKUP_DAMAGED" });
    expect(given).toBeLessThan(total);
  });

  it(
    "of a quarter of a gigabyte passes through a memory that holds none of it",
    { timeout: 120_000 },
    async () => {
      const file = path();
      const total = 256 * 1024 * 1024;
      const before = process.memoryUsage().rss;
      let most = before;
      const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20);
      const written = await writePart(file, chunks(total, 1 << 20), [recipient]);
      const length = await lengthOf(readPart(file, written, [identity]));
      clearInterval(watch);
      rmSync(file);
      expect(length).toBe(total);
      expect((most - before) / 2 ** 20).toBeLessThan(160);
    },
  );

  it("lets its source go where it cannot be written", async () => {
    let isOpen = true;
    const source = async function* () {
      try {
        yield Buffer.from("a");
        throw new Error("the program ended");
      } finally {
        isOpen = false;
      }
    };
    await expect(writePart(path(), source(), [recipient])).rejects.toThrow(/the program ended/);
    expect(isOpen).toBe(false);
    const file = path();
    const written = await writePart(file, chunks(500_000), [recipient]);
    for await (const chunk of readPart(file, written, [identity])) {
      expect(chunk.length).toBeGreaterThan(0);
      break; // whoever stops early leaves no file open
    }
    expect(readdirSync("/proc/self/fd").length).toBeLessThan(200);
  });
});

describe("keys of age", () => {
  it("are read as age writes them, and nothing of a bad one is quoted", () => {
    expect(parseRecipients(`# of the operator\n${recipient}\n\n`)).toEqual([recipient]);
    expect(parseIdentities(`# created: today\n# public key: ${recipient}\n${identity}\n`)).toEqual([
      identity,
    ]);
    for (const bad of [
      "",
      identity,
      `${recipient.slice(0, -1)}q`,
      "age1pq1xyz",
      "ssh-ed25519 AAAA",
      `${recipient} x`,
    ])
      expect(() => parseRecipients(bad)).toThrow(/^(?!.*AGE-SECRET).*$/);
    for (const bad of ["", recipient, `${identity.slice(0, -1)}B`, `${identity}A`]) {
      expect(() => parseIdentities(bad)).toThrow(BackupError);
      expect(() => parseIdentities(bad)).toThrow(/^(?!.*AGE-SECRET-KEY-1[02-9]).*$/);
    }
  });
});

describe("a signature", () => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const signer = { kid: "k", privateKey };
  const keys = new Map([["k", publicKey]]);
  const schema = Type.Object({ a: Type.Integer() }, { additionalProperties: false });

  it("holds for one text alone: no byte of it is another", () => {
    const text = signed("aegis-backup", { a: 7 }, signer);
    expect(openSigned("aegis-backup", schema, text, keys)).toEqual({ a: 7 });
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: text.length - 1 }),
        fc.integer({ min: 0, max: 127 }),
        (at, code) => {
          const other = text.slice(0, at) + String.fromCodePoint(code) + text.slice(at + 1);
          if (other !== text)
            expect(() => openSigned("aegis-backup", schema, other, keys)).toThrow(BackupError);
        },
      ),
      { numRuns: 2000 },
    );
    for (const other of [text.trim(), `${text}\n`, ` ${text}`, text.replace("{", "{ "), ""])
      expect(() => openSigned("aegis-backup", schema, other, keys)).toThrow(BackupError);
  });

  it("is none under another key, for another purpose, or of another form", () => {
    const text = signed("aegis-backup", { a: 7 }, signer);
    const stranger = new Map([["k", generateKeyPairSync("ed25519").publicKey]]);
    expect(() => openSigned("aegis-backup", schema, text, stranger)).toThrow(/not what was signed/);
    expect(() => openSigned("aegis-backup", schema, text, new Map())).toThrow(/not handed in/);
    expect(() => openSigned("aegis-backup-wal", schema, text, keys)).toThrow(/not what was signed/);
    expect(() =>
      openSigned("aegis-backup", schema, signed("aegis-backup", { a: "7" }, signer), keys),
    ).toThrow(/form/);
  });
});
