/**
 * A part on its way into a file and out of it: encrypted with age (X25519), hashed as it lies there, never held as a whole.
 * The last piece of what is decrypted is given out only after the digest of the whole file was right: a reader that needs
 * the end, as pg_restore does before it commits, never gets that of a file that was changed since it was looked at.
 */
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { Decrypter, Encrypter } from "age-encryption";
import { BackupError } from "./errors.ts";

export type Bytes = AsyncIterable<Uint8Array>;

const RECIPIENT = /^age1[02-9ac-hj-np-z]{58}$/;
const IDENTITY = /^AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}$/;
const CHUNK_BYTES = 1 << 18;

const lines = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));

/** Recipients of a text as `age -R` reads it. @throws BackupError AEGIS_BACKUP_KEY_INVALID */
export function parseRecipients(text: string): readonly string[] {
  const found = lines(text);
  if (found.length === 0 || found.length > 16 || !found.every((line) => RECIPIENT.test(line)))
    throw new BackupError(
      "AEGIS_BACKUP_KEY_INVALID",
      "These are no recipients: one to sixteen lines that begin with age1.",
      { hint: "Make a pair away from the server: age-keygen -o identity.txt; age-keygen -y identity.txt" },
    );
  // A checksum that is wrong is found now, and not once the first backup is written.
  const encrypter = new Encrypter();
  try {
    for (const recipient of found) encrypter.addRecipient(recipient);
  } catch {
    throw new BackupError("AEGIS_BACKUP_KEY_INVALID", "A recipient is mistyped.");
  }
  return found;
}

/** Identities of a file that age-keygen wrote. @throws BackupError AEGIS_BACKUP_KEY_INVALID; it quotes nothing */
export function parseIdentities(text: string): readonly string[] {
  const found = lines(text);
  if (found.length === 0 || found.length > 16 || !found.every((line) => IDENTITY.test(line)))
    throw new BackupError(
      "AEGIS_BACKUP_KEY_INVALID",
      "This is no identity of age: lines that begin with AGE-SECRET-KEY-1.",
    );
  try {
    const decrypter = new Decrypter();
    for (const identity of found) decrypter.addIdentity(identity);
  } catch {
    throw new BackupError("AEGIS_BACKUP_KEY_INVALID", "An identity is mistyped.");
  }
  return found;
}

export interface WrittenPart {
  readonly bytes: number;
  /** SHA-256 of the file, base64url. */
  readonly sha256: string;
  /** The same of what went in. */
  readonly plainSha256: string;
}

/** Writes `source` encrypted into a new file of the owner's, whole and on the disk when it resolves. */
export async function writePart(
  path: string,
  source: Bytes,
  recipients: readonly string[],
): Promise<WrittenPart> {
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  const [plain, sealed] = [createHash("sha256"), createHash("sha256")];
  const handle = await open(
    path,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    0o600,
  );
  let bytes = 0;
  try {
    const stream = await encrypter.encrypt(streamOf(source, (chunk) => plain.update(chunk)));
    for await (const chunk of chunksOf(stream)) {
      sealed.update(chunk);
      for (let done = 0; done < chunk.length;)
        done += (await handle.write(chunk, done, chunk.length - done)).bytesWritten;
      bytes += chunk.length;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { bytes, sha256: sealed.digest("base64url"), plainSha256: plain.digest("base64url") };
}

export interface ExpectedPart {
  readonly bytes: number;
  readonly sha256: string;
}

/** Reads the whole file and holds it against its digest. @throws BackupError AEGIS_BACKUP_DAMAGED */
export async function checkPart(path: string, expected: ExpectedPart): Promise<void> {
  for await (const chunk of sealedChunks(path, expected)) void chunk;
}

/** What is inside. @throws BackupError AEGIS_BACKUP_DAMAGED | AEGIS_BACKUP_SEALED, before the last piece is given out */
export async function* readPart(
  path: string,
  expected: ExpectedPart,
  identities: readonly string[],
): AsyncGenerator<Uint8Array> {
  const decrypter = new Decrypter();
  for (const identity of identities) decrypter.addIdentity(identity);
  let stream: ReadableStream<Uint8Array>;
  try {
    stream = await decrypter.decrypt(streamOf(sealedChunks(path, expected)));
  } catch (error) {
    if (error instanceof BackupError) throw error;
    throw new BackupError("AEGIS_BACKUP_SEALED", "No identity that was given opens it.", {
      hint: "Give the identity of one of the recipients that it was made for.",
    });
  }
  try {
    yield* chunksOf(stream);
  } catch (error) {
    if (error instanceof BackupError) throw error;
    throw new BackupError("AEGIS_BACKUP_DAMAGED", "what is encrypted does not open", { cause: error });
  }
}

/** The file as it lies there; the end comes only where size and digest are right. */
async function* sealedChunks(path: string, { bytes, sha256 }: ExpectedPart): AsyncGenerator<Uint8Array> {
  const damaged = (what: string) => new BackupError("AEGIS_BACKUP_DAMAGED", what);
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(() => {
    throw damaged("a part is missing");
  });
  try {
    const hash = createHash("sha256");
    let seen = 0;
    for (;;) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES);
      if (bytesRead === 0) break;
      seen += bytesRead;
      if (seen > bytes) throw damaged("a part is longer than its manifest says");
      const chunk = buffer.subarray(0, bytesRead);
      hash.update(chunk);
      yield chunk;
    }
    if (seen < bytes) throw damaged("a part was cut off");
    if (hash.digest("base64url") !== sha256) throw damaged("a part is not what its manifest says");
  } finally {
    await handle.close();
  }
}

/** Pulled, never pushed: the source waits for who reads. */
function streamOf(
  source: Bytes,
  onChunk: (chunk: Uint8Array) => void = () => undefined,
): ReadableStream<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done === true) controller.close();
      else {
        onChunk(value);
        controller.enqueue(value);
      }
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}

async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  let isOver = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      yield value;
    }
    isOver = true;
  } finally {
    // Whoever stops early lets the file, or the program behind it, go.
    if (!isOver) await reader.cancel().catch(() => undefined);
  }
}
