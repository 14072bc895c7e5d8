/**
 * PDF (ISO 32000-2): refused where it could act. Every name in the file counts, wherever it stands, however it is
 * spelt ("/J#61vaScript"), and those in packed objects, too; a reader that repairs broken files finds more than any
 * one way of reading would.
 */
import { promisify } from "node:util";
import { constants, inflate, type ZlibOptions } from "node:zlib";
import type { Checked, Refusal } from "./verdict.ts";

/** What runs, starts, sends or carries something, or hides it. */
const ACTIVE: ReadonlyMap<string, Refusal> = new Map([
  ...["JavaScript", "Launch", "Rendition", "RichMedia", "SubmitForm", "ImportData", "GoToE", "GoToR"].map(
    (name): [string, Refusal] => [name, "active_content"],
  ),
  ...["XFA", "3D", "Movie", "Sound"].map((name): [string, Refusal] => [name, "active_content"]),
  ...["EmbeddedFile", "EmbeddedFiles", "FileAttachment"].map((name): [string, Refusal] => [
    name,
    "embedded_file",
  ]),
  ["Encrypt", "encrypted"],
]);
/** Short enough to come about by chance in packed pictures: there they do not count. */
const BY_CHANCE = new Set(["3D", "XFA"]);
/** Packings that are not undone here; nobody packs objects so, but somebody who hides them. */
const UNUSUAL = [
  "ASCIIHexDecode",
  "AHx",
  "ASCII85Decode",
  "A85",
  "LZWDecode",
  "LZW",
  "RunLengthDecode",
  "RL",
  "Crypt",
];
const MAX_NAME = 64;
/** Pages scanned without loss unpack to so much; a bomb to more. */
const MAX_UNPACKED = 256 * 1024 * 1024;
const TAIL = 2048;
const NEAR = 16_384;

const inflated = promisify<Buffer, ZlibOptions, Buffer>(inflate);

export async function checkPdf(bytes: Buffer): Promise<Checked> {
  const end = bytes.lastIndexOf("%%EOF");
  if (end < 0 || end < bytes.length - TAIL) return { refused: "damaged" };
  if (!/^%%EOF\s*$/.test(bytes.toString("latin1", end))) return { refused: "trailing_data" };
  const names = namesIn(bytes);
  const found = activeOf(names, true) ?? (await findPacked(bytes, names));
  return found === undefined ? { bytes } : { refused: found };
}

function activeOf(names: ReadonlySet<string>, mayBeChance: boolean): Refusal | undefined {
  for (const [name, refusal] of ACTIVE)
    if (names.has(name) && !(mayBeChance && BY_CHANCE.has(name))) return refusal;
  return undefined;
}

function namesIn(bytes: Buffer): ReadonlySet<string> {
  const names = new Set<string>();
  for (let at = bytes.indexOf(0x2f); at >= 0; at = bytes.indexOf(0x2f, at + 1)) {
    const name = nameAt(bytes, at + 1);
    if (ACTIVE.has(name) || STRUCTURE.has(name)) names.add(name);
  }
  return names;
}
const STRUCTURE = new Set(["ObjStm", "XRef", "Predictor", ...UNUSUAL]);

/** The name that begins here, with "#61" read as "a". */
function nameAt(bytes: Buffer, from: number): string {
  let end = from;
  while (end - from < MAX_NAME * 3 && !isDelimiter(bytes[end])) end += 1;
  const text = bytes.toString("latin1", from, end);
  return text.includes("#")
    ? text.replace(/#([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : text;
}

const DELIMITERS = new Set(Buffer.from("()<>[]{}/%"));
const isDelimiter = (byte: number | undefined): boolean =>
  byte === undefined || byte <= 0x20 || DELIMITERS.has(byte);

/**
 * Looks into whatever is deflated, whichever dictionary belongs to it: which one does is what readers disagree about.
 * Between the streams, short names count as well.
 */
async function findPacked(bytes: Buffer, names: ReadonlySet<string>): Promise<Refusal | undefined> {
  const packsObjects = names.has("ObjStm") || names.has("XRef");
  if (packsObjects && UNUSUAL.some((name) => names.has(name))) return "unreadable";
  let budget = MAX_UNPACKED;
  let plainFrom = 0;
  for (let at = bytes.indexOf("stream"); at >= 0; at = bytes.indexOf("stream", at + 6)) {
    if (bytes.toString("latin1", at - 3, at) === "end") {
      plainFrom = at + 6;
      continue;
    }
    const before = bytes.subarray(plainFrom, at);
    const found = activeOf(namesIn(before), false);
    if (found !== undefined) return found;
    const near = namesIn(before.subarray(Math.max(0, before.length - NEAR)));
    if (near.has("ObjStm") && near.has("Predictor")) return "unreadable";
    const from = [6, 7, 8].map((offset) => at + offset).find((one) => isDeflated(bytes, one));
    if (from === undefined) continue;
    const unpacked = await unpack(bytes.subarray(from), budget);
    if (unpacked === "too_large") return "bomb";
    if (unpacked === undefined) continue; // no reader gets further
    budget -= unpacked.length;
    const inner = activeOf(namesIn(unpacked), true);
    if (inner !== undefined) return inner;
  }
  return activeOf(namesIn(bytes.subarray(plainFrom)), false);
}

/** The two bytes that zlib data begins with (RFC 1950 2.2). */
function isDeflated(bytes: Buffer, at: number): boolean {
  const [method = 0, flags = 0] = [bytes[at], bytes[at + 1]];
  return (method & 0x0f) === 8 && method >> 4 <= 7 && (method * 256 + flags) % 31 === 0;
}

async function unpack(data: Buffer, budget: number): Promise<Buffer | "too_large" | undefined> {
  try {
    return await inflated(data, {
      maxOutputLength: Math.max(1, budget),
      finishFlush: constants.Z_SYNC_FLUSH,
    });
  } catch (error) {
    const isBudget = error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
    return isBudget ? "too_large" : undefined;
  }
}
