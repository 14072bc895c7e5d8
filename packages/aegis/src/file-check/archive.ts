/** What an archive may hold: as a document of an office program, or as a collection of files that are none themselves. */
import type { Checked, Refusal } from "./verdict.ts";
import { candidatesOf, type KindName } from "./kinds.ts";
import { readZip, type ZipBounds, type ZipEntry } from "./zip.ts";

const CONTENT_TYPES = "[Content_Types].xml";
const MAIN_PARTS: readonly (readonly [KindName, string])[] = [
  ["docx", "word/document.xml"],
  ["xlsx", "xl/workbook.xml"],
  ["pptx", "ppt/presentation.xml"],
];
/** Programs, controls, and files within files. */
const ACTIVE_PARTS =
  /(^|\/)(vbaProject\.bin|vbaData\.xml|activeX\/|embeddings\/|macrosheets\/|dialogsheets\/|customUI\/|externalLinks\/)/i;

export async function checkArchive(bytes: Buffer, kind: KindName, bounds: ZipBounds): Promise<Checked> {
  const read = await readZip(bytes, bounds);
  if ("refused" in read) return read;
  const { entries } = read;
  const office = officeKind(entries);
  if (kind === "zip" ? office !== undefined : office !== kind) return { refused: "mismatch" };
  const refused = office === undefined ? inArchive(entries) : inDocument(entries);
  return refused === undefined ? { bytes } : { refused };
}

function officeKind(entries: readonly ZipEntry[]): KindName | undefined {
  const names = new Set(entries.map(({ name }) => name));
  if (!names.has(CONTENT_TYPES)) return undefined;
  return MAIN_PARTS.find(([, part]) => names.has(part))?.[0];
}

/** An archive in an archive is how bombs hide their size, and programs their kind. */
function inArchive(entries: readonly ZipEntry[]): Refusal | undefined {
  return entries.some(
    ({ head, name }) => isArchive(head) || /\.(zip|jar|7z|rar|gz|xz|bz2|tar|iso|cab)$/i.test(name),
  )
    ? "nested_archive"
    : undefined;
}

function isArchive(head: Buffer): boolean {
  const start = head.toString("latin1", 0, 6);
  return (
    candidatesOf(head).includes("zip") ||
    /^(\x1f\x8b|7z\xbc\xaf|Rar!|BZh|\xfd7zXZ|MSCF)/.test(start) ||
    head.toString("latin1", 257, 262) === "ustar"
  );
}

function inDocument(entries: readonly ZipEntry[]): Refusal | undefined {
  for (const { name, head } of entries) {
    if (ACTIVE_PARTS.test(name)) return "active_content";
    if (!/\.(xml|rels)$/i.test(name)) {
      if (isArchive(head)) return "nested_archive";
      continue;
    }
    const text = textOf(head);
    // Entities of a document type are bombs and readers of local files (CWE-611, CWE-776).
    if (/<!(DOCTYPE|ENTITY)/i.test(text)) return "active_content";
    if (name === CONTENT_TYPES && /macroEnabled|vbaProject|activeX/i.test(text)) return "active_content";
    if (name.endsWith(".rels") && hasOutsideTemplate(text)) return "active_content";
  }
  return undefined;
}

/** XML may come as UTF-16. */
function textOf(head: Buffer): string {
  if (head[0] === 0xff && head[1] === 0xfe) return head.toString("utf16le");
  if (head[0] === 0xfe && head[1] === 0xff)
    return Buffer.from(head.subarray(0, head.length & ~1))
      .swap16()
      .toString("utf16le");
  return head.toString("utf8");
}

/** Links lead outside and may; a template, a frame or an object that is fetched when the document opens may not. */
function hasOutsideTemplate(text: string): boolean {
  return (text.match(/<Relationship\b[^>]*>/g) ?? []).some(
    (one) => /TargetMode\s*=\s*["']External/i.test(one) && !/Type\s*=\s*["'][^"']*\/hyperlink["']/i.test(one),
  );
}
