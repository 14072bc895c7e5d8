/** What access tokens are signed with: a secret of the operator's, in a file that names nothing else. */
import { readFileSync } from "node:fs";
import { type KeyRing, parseKeyRing } from "aegis";
import { ConfigError } from "./config-error.ts";

export function readTokenKeys({
  tokenKeysFile: file,
}: {
  readonly tokenKeysFile: string | undefined;
}): KeyRing | undefined {
  return file === undefined ? undefined : parseKeyRing(readRingFile(file, "TOKEN_KEYS_FILE"));
}

/** What the end of the audit log is signed with. */
export const readAuditKeys = ({
  auditKeysFile: file,
}: {
  readonly auditKeysFile: string | undefined;
}): KeyRing | undefined =>
  file === undefined ? undefined : parseKeyRing(readRingFile(file, "AUDIT_KEYS_FILE"));

export function readRingFile(file: string, variable: string): unknown {
  try {
    const data: unknown = JSON.parse(readFileSync(file, "utf8"));
    return data;
  } catch (error) {
    // A parser's words quote what they stumble over.
    const reason =
      error instanceof SyntaxError ? "it is no JSON" : error instanceof Error ? error.message : "";
    throw new ConfigError(`The key ring in ${file} (${variable}) cannot be read: ${reason}.`);
  }
}
