/** Runs and reports as files. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { MAX_RUN_BYTES, parseRun, ReportError, type Run } from "aegis/report";
import { UsageError } from "../talk.ts";

export function readRun(file: string): Run {
  return readRunText(file).run;
}

/** The run, and the text of its file, whose digest names it. */
export function readRunText(file: string): { readonly run: Run; readonly text: string } {
  const text = readBounded(file, MAX_RUN_BYTES).toString("utf8");
  try {
    return { run: parseRun(text), text };
  } catch (error) {
    if (!(error instanceof ReportError)) throw error;
    throw new UsageError(`${file}: ${error.message}`, error.hint);
  }
}

export function readBounded(file: string, maxBytes: number): Buffer {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) throw new UsageError(`There is no file ${file}.`);
  if (!found.isFile()) throw new UsageError(`${file} is no file.`);
  if (found.size > maxBytes) throw new UsageError(`${file} is larger than ${maxBytes} bytes.`);
  try {
    return readFileSync(file);
  } catch {
    throw new UsageError(`${file} cannot be read.`);
  }
}

export function writeOut(file: string, content: string | Uint8Array): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  } catch {
    throw new UsageError(`${file} cannot be written.`, "Is it a folder, or another user's?");
  }
}
