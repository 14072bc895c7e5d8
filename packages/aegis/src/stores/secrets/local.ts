/** Sources on this machine: the environment, a `.env` file, files that are named or lie in a folder, systemd credentials. */
import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseEnv } from "node:util";
import { SecretError, sourceFailure } from "../../secret/errors.ts";
import { type Env, found, MAX_SECRET_BYTES, present, type SecretSource } from "../../secret/source.ts";

export const environmentSource = (env: Env): SecretSource => ({
  kind: "environment",
  where: "the environment",
  read: async (names) => found(names, (name) => env[name]),
});

/** @param file absent is no error */
export const dotenvSource = (file: string): SecretSource => ({
  kind: "dotenv",
  where: file,
  folders: [dirname(file)],
  read: async (names) => {
    const text = readIfThere(file, file);
    const values: Env = text === undefined ? {} : parseEnv(text);
    return found(names, (name) => values[name]);
  },
});

/** `NAME_FILE` names the file of one secret; `SECRETS_DIRECTORY` a folder with a file per secret, as containers mount them. */
export function filesSource(env: Env): SecretSource {
  const folder = env["SECRETS_DIRECTORY"];
  const placeOf = (name: string): string | undefined => {
    const named = env[`${name}_FILE`];
    if (present(named)) return named;
    return present(folder) ? join(folder, name) : undefined;
  };
  return {
    kind: "files",
    where: present(folder) ? `files (NAME_FILE, ${folder})` : "files (NAME_FILE)",
    get folders() {
      const named = Object.entries(env).flatMap(([name, file]) =>
        name.endsWith("_FILE") && present(file) ? [dirname(file)] : [],
      );
      return [...new Set(present(folder) ? [folder, ...named] : named)];
    },
    read: async (names) =>
      found(names, (name) => {
        const file = placeOf(name);
        if (file === undefined) return undefined;
        const text = readIfThere(file, `${name}_FILE`);
        // A file that somebody named must be there; a folder need not have every one.
        if (text === undefined && present(env[`${name}_FILE`]))
          throw sourceFailure("broken", `${name}_FILE`, `there is no file ${file}`);
        return text === undefined ? undefined : withoutLineEnd(text);
      }),
  };
}

/** `LoadCredential=` and `SetCredentialEncrypted=` of systemd: files that the service alone can read, not inherited by children. */
export const credentialsSource = (folder: string): SecretSource => ({
  kind: "credentials",
  where: `systemd credentials (${folder})`,
  folders: [folder],
  read: async (names) =>
    found(names, (name) => {
      const text = readIfThere(join(folder, name), `the credential ${name}`);
      return text === undefined ? undefined : withoutLineEnd(text);
    }),
});

/** Undefined where there is none. What is in it is in no message. */
function readIfThere(file: string, name: string): string | undefined {
  try {
    if (statSync(file).size > MAX_SECRET_BYTES)
      throw sourceFailure("broken", name, `${file} is larger than ${MAX_SECRET_BYTES} bytes`);
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof SecretError || !(error instanceof Error && "code" in error)) throw error;
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    if (error.code === "EACCES" || error.code === "EPERM")
      throw sourceFailure("refused", name, `${file} may not be read by this user`);
    throw sourceFailure("broken", name, `${file} cannot be read (${String(error.code)})`);
  }
}

/** Editors and `echo` end a file with one. */
const withoutLineEnd = (text: string): string => text.replace(/\r?\n$/, "");
