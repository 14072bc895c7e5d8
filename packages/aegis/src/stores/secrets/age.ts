/**
 * Secrets in one file that age encrypted (age-encryption.org/v1): it may lie in a repository or a backup, and opens with
 * an identity that lies elsewhere. Inside it is a `.env` text or one JSON object.
 */
import { readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { parseEnv } from "node:util";
import { SecretError, sourceFailure } from "../../secret/errors.ts";
import { found, MAX_SECRET_BYTES, type SecretSource, textsIn } from "../../secret/source.ts";

export interface AgeFiles {
  /** Encrypted for the identity. */
  readonly file: string;
  /** One AGE-SECRET-KEY-1… a line, as `age-keygen` writes it. */
  readonly identityFile: string;
}

const HOW =
  "Make an identity with: age-keygen -o identity.txt; encrypt with: age -e -i identity.txt -o secrets.age secrets.env";

export const ageSource = ({ file, identityFile }: AgeFiles): SecretSource => ({
  kind: "age",
  where: `the age file ${file}`,
  folders: [dirname(file)],
  async read(names) {
    const identities = bytesOf(identityFile, "SECRETS_AGE_IDENTITY_FILE")
      .toString("utf8")
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "" && !line.startsWith("#"));
    if (identities.length === 0) throw sourceFailure("broken", identityFile, "it holds no identity", HOW);
    const sealed = bytesOf(file, "SECRETS_AGE_FILE");
    const text = await opened(sealed, identities, file);
    const values = text.trimStart().startsWith("{")
      ? jsonIn(text, file)
      : new Map(Object.entries(parseEnv(text)));
    return found(names, (name) => values.get(name));
  },
});

async function opened(sealed: Uint8Array, identities: readonly string[], file: string): Promise<string> {
  const { armor, Decrypter } = await import("age-encryption"); // only who has such a file needs its ciphers
  try {
    const decrypter = new Decrypter();
    for (const identity of identities) decrypter.addIdentity(identity);
    const bytes = isArmored(sealed) ? armor.decode(Buffer.from(sealed).toString("utf8")) : sealed;
    return await decrypter.decrypt(bytes, "text");
  } catch {
    // What the library says of an identity may quote it.
    throw sourceFailure(
      "refused",
      `the age file ${file}`,
      "it does not open: it was changed, or encrypted for another identity",
      HOW,
    );
  }
}

const isArmored = (bytes: Uint8Array): boolean =>
  Buffer.from(bytes.subarray(0, 64)).toString("latin1").startsWith("-----BEGIN AGE ENCRYPTED FILE-----");

function jsonIn(text: string, file: string): ReadonlyMap<string, string> {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    data = undefined; // a parser's words quote what they stumble over
  }
  const values = textsIn(data);
  if (values === undefined)
    throw sourceFailure(
      "broken",
      `the age file ${file}`,
      "inside it is neither a .env text nor one JSON object",
    );
  return values;
}

/** A source that was named must be there. */
function bytesOf(file: string, variable: string): Buffer {
  try {
    if (statSync(file).size > MAX_SECRET_BYTES * 4)
      throw sourceFailure("broken", variable, `${file} is larger than ${MAX_SECRET_BYTES * 4} bytes`);
    return readFileSync(file);
  } catch (error) {
    if (error instanceof SecretError) throw error;
    const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    throw sourceFailure(
      code === "EACCES" ? "refused" : "broken",
      variable,
      `${file} cannot be read (${code})`,
      HOW,
    );
  }
}
