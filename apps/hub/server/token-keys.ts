/** What access tokens are signed with: a secret of the operator's, in a file that names nothing else. */
import { readFileSync } from "node:fs";
import { type KeyRing, parseKeyRing } from "aegis";
import { ConfigError } from "./config-error.ts";

export function readTokenKeys({
  tokenKeysFile: file,
}: {
  readonly tokenKeysFile: string | undefined;
}): KeyRing | undefined {
  if (file === undefined) return undefined;
  let data: unknown;
  try {
    data = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    // A parser's words quote what they stumble over.
    const reason =
      error instanceof SyntaxError ? "it is no JSON" : error instanceof Error ? error.message : "";
    throw new ConfigError(`The key ring in ${file} (TOKEN_KEYS_FILE) cannot be read: ${reason}.`);
  }
  return parseKeyRing(data);
}
