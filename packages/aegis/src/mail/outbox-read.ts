/** Reads what the outbox wrote, and only that: a parser of the one form of message that mime.ts makes. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { wireAddress } from "./address.ts";

/** A file of the outbox; its name sorts by time. Anything else in the folder is none of ours. */
export const OUTBOX_FILE = /^\d{8}T\d{6}\.\d{3}Z-[A-Za-z0-9_-]+\.eml$/;

export interface OutboxMail {
  readonly subject: string;
  readonly text: string;
}

/** The messages to an address that are still there, oldest first. */
export async function readOutbox(directory: string, address: string): Promise<readonly OutboxMail[]> {
  const wanted = wireAddress(address)?.toLowerCase();
  if (wanted === undefined) return [];
  const found: OutboxMail[] = [];
  for (const name of await outboxFiles(directory)) {
    const mail = parse(await readOr(join(directory, name), ""));
    if (mail !== undefined && wireAddress(mail.to)?.toLowerCase() === wanted)
      found.push({ subject: mail.subject, text: mail.text });
  }
  return found;
}

/** Names of the outbox's files, oldest first; none where there is no folder. */
export async function outboxFiles(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).filter((name) => OUTBOX_FILE.test(name)).toSorted();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** The file may have been cleared away since its name was read. */
async function readOr(file: string, otherwise: string): Promise<string> {
  try {
    return await readFile(file, "latin1");
  } catch (error) {
    if (isMissing(error)) return otherwise;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

function parse(mail: string): { to: string; subject: string; text: string } | undefined {
  const { headers, body } = entity(mail);
  const boundary = /boundary="?([^";]+)"?/.exec(headers.get("content-type") ?? "")?.[1];
  if (boundary === undefined) return undefined;
  const plain = body
    .split(`--${boundary}`)
    .map((part) => entity(part.replace(/^\r\n/, "").replace(/\r\n$/, "")))
    .find((part) => part.headers.get("content-type")?.startsWith("text/plain"));
  if (plain === undefined) return undefined;
  const encoded = plain.headers.get("content-transfer-encoding") === "quoted-printable";
  return {
    to: (headers.get("to") ?? "").replace(/^<|>$/g, ""),
    subject: words(headers.get("subject") ?? ""),
    text: (encoded ? quotedPrintable(plain.body) : plain.body).replaceAll("\r\n", "\n"),
  };
}

function entity(text: string): { headers: Map<string, string>; body: string } {
  const end = text.indexOf("\r\n\r\n");
  const head = end < 0 ? text : text.slice(0, end);
  const headers = new Map<string, string>();
  for (const line of head.replaceAll(/\r\n[ \t]+/g, " ").split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return { headers, body: end < 0 ? "" : text.slice(end + 4) };
}

/** Encoded words in base64 (RFC 2047); the space between two of them is no part of the text. */
function words(header: string): string {
  return header
    .replaceAll(/(=\?UTF-8\?B\?[^?]*\?=)\s+(?==\?UTF-8\?B\?)/gi, "$1")
    .replaceAll(/=\?UTF-8\?B\?([^?]*)\?=/gi, (_, base64: string) =>
      Buffer.from(base64, "base64").toString("utf8"),
    );
}

function quotedPrintable(text: string): string {
  const bytes = text
    .replaceAll(/=\r\n/g, "")
    .replaceAll(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}
