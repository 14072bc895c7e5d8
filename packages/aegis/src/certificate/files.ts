/** Certificates and keys as files: written so that nobody else ever reads a key, read within bounds. */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { open, type FileHandle, rename, rm } from "node:fs/promises";
import { CertificateError } from "./errors.ts";

const MAX_FILE_BYTES = 262_144;
/** A chain has three or four; a bundle of authorities is something else. */
const MAX_CERTIFICATES = 10;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

export interface WriteOptions {
  /** Replaces a file that is there. Default: it is kept, and this fails. */
  readonly force?: boolean;
}

/** 0600 for who works with it, 0400 in production: not even its owner changes it by accident. */
export const keyFileMode = (production: boolean): number => (production ? 0o400 : 0o600);

/**
 * Writes a file that has this mode from its first moment on: a mode that is set afterwards comes too late for whoever
 * waits for it. An existing file, and a link, is refused; with `force` it is replaced whole.
 * @throws CertificateError where there is a file, or none can be made
 */
export async function writeNewFile(
  file: string,
  text: string,
  mode: number,
  { force = false }: WriteOptions = {},
): Promise<void> {
  const made = force ? `${file}.new` : file;
  const handle = await created(made, mode, force);
  try {
    await handle.chmod(mode); // the mask of the process takes bits away, and 0444 has to be readable
    await handle.writeFile(text);
    await handle.sync();
    await handle.close();
    if (force) await rename(made, file);
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(made, { force: true });
    throw error;
  }
}

async function created(file: string, mode: number, force: boolean): Promise<FileHandle> {
  try {
    return await open(file, "wx", mode);
  } catch (error) {
    const code = codeOf(error);
    if (code !== "EEXIST")
      throw new CertificateError(`${file} cannot be written (${code}).`, "Does its folder exist?");
    throw new CertificateError(
      `There is a file ${file}.`,
      force
        ? "Somebody is writing it, or was interrupted: remove it if nobody is."
        : "Give another folder, or --force to replace it.",
    );
  }
}

/** The certificates of a file in their order. @throws CertificateError */
export async function readCertificates(file: string): Promise<readonly X509Certificate[]> {
  const { text } = await readBounded(file);
  return certificatesOf(text, file);
}

export function certificatesOf(text: string, where: string): readonly X509Certificate[] {
  const found = text.match(CERTIFICATE) ?? [];
  if (found.length === 0)
    throw new CertificateError(`${where} holds no certificate.`, "It must have BEGIN CERTIFICATE (PEM).");
  if (found.length > MAX_CERTIFICATES)
    throw new CertificateError(`${where} holds more than ${MAX_CERTIFICATES} certificates: it is no chain.`);
  return found.map((pem, place) => {
    try {
      return new X509Certificate(pem);
    } catch {
      throw new CertificateError(`Certificate ${place + 1} of ${where} cannot be read.`);
    }
  });
}

export interface KeyFile {
  readonly key: KeyObject;
  /** Permission bits. */
  readonly mode: number;
  readonly ownerId: number;
}

/** A private key and who may read it. @throws CertificateError, which never quotes it */
export async function readKeyFile(file: string): Promise<KeyFile> {
  const { text, mode, ownerId } = await readBounded(file);
  try {
    return { key: createPrivateKey(text), mode, ownerId };
  } catch {
    throw new CertificateError(
      `${file} holds no private key that can be read.`,
      "It must be PEM, not encrypted.",
    );
  }
}

async function readBounded(file: string) {
  let handle: FileHandle;
  try {
    handle = await open(file, "r");
  } catch (error) {
    throw new CertificateError(`${file} cannot be read (${codeOf(error)}).`);
  }
  try {
    const about = await handle.stat();
    if (!about.isFile() || about.size > MAX_FILE_BYTES)
      throw new CertificateError(`${file} is no file of at most ${MAX_FILE_BYTES} bytes.`);
    return { text: await handle.readFile("utf8"), mode: about.mode & 0o777, ownerId: about.uid };
  } finally {
    await handle.close();
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : "unknown";
