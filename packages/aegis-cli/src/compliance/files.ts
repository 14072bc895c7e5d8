/** Statements in their file: added to, never rewritten; replaced whole or not at all, by one at a time. */
import { open, rename, rm, stat } from "node:fs/promises";
import { attestationsText, MAX_ATTESTATIONS_BYTES, readAttestations } from "aegis/report";
import { readBounded } from "../report/files.ts";
import { UsageError } from "../talk.ts";

export const statementsIn = (file: string): readonly unknown[] =>
  readAttestations(readBounded(file, MAX_ATTESTATIONS_BYTES).toString("utf8"));

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code;

/** A new file beside it is the lock, and takes its place when it is whole. */
export async function addStatement(file: string, statement: unknown): Promise<number> {
  const made = `${file}.new`;
  const handle = await open(made, "wx", 0o600).catch((error: unknown) => {
    if (hasCode(error, "EEXIST"))
      throw new UsageError(
        `There is a file ${made}: somebody is writing, or was interrupted.`,
        "Remove it if nobody is.",
      );
    throw new UsageError(`${made} cannot be written.`, "Does its folder exist?");
  });
  try {
    const there = await stat(file).then(
      () => true,
      () => false,
    );
    const statements = [...(there ? statementsIn(file) : []), statement];
    const text = attestationsText(statements);
    readAttestations(text); // what could not be read again is not written
    await handle.writeFile(text);
    await handle.sync();
    await handle.close();
    await rename(made, file);
    return statements.length;
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(made, { force: true });
    throw error;
  }
}
