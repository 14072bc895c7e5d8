/** The kinds of files that can be told from their content: one table says what each is called and served as. */
export type Family = "document" | "image" | "video" | "csv" | "general";

export interface Kind {
  readonly family: Family;
  /** What it is served as, whatever it was sent as. */
  readonly mediaType: string;
  /** The first is given to a name that has none. */
  readonly extensions: readonly string[];
  /** What else programs call it when they send it. */
  readonly aliases: readonly string[];
}

const office = (part: string): string => `application/vnd.openxmlformats-officedocument.${part}`;
const kind = (family: Family, mediaType: string, extensions: string[], ...aliases: string[]): Kind => ({
  family,
  mediaType,
  extensions,
  aliases,
});

export const kinds = {
  png: kind("image", "image/png", ["png"], "image/x-png"),
  jpeg: kind("image", "image/jpeg", ["jpg", "jpeg", "jfif"], "image/jpg", "image/pjpeg"),
  webp: kind("image", "image/webp", ["webp"]),
  gif: kind("image", "image/gif", ["gif"]),
  pdf: kind("document", "application/pdf", ["pdf"], "application/x-pdf"),
  docx: kind("document", office("wordprocessingml.document"), ["docx"]),
  xlsx: kind("document", office("spreadsheetml.sheet"), ["xlsx"]),
  pptx: kind("document", office("presentationml.presentation"), ["pptx"]),
  text: kind("document", "text/plain; charset=utf-8", ["txt", "md", "log"], "text/plain", "text/markdown"),
  csv: kind("csv", "text/csv; charset=utf-8", ["csv"], "text/csv", "text/plain", "application/vnd.ms-excel"),
  zip: kind("general", "application/zip", ["zip"], "application/x-zip-compressed", "application/x-zip"),
  mp4: kind("video", "video/mp4", ["mp4", "m4v", "mov"], "video/quicktime", "video/x-m4v"),
  webm: kind("video", "video/webm", ["webm"], "audio/webm"),
} as const satisfies Readonly<Record<string, Kind>>;

export type KindName = keyof typeof kinds;

const isKind = (name: string): name is KindName => Object.hasOwn(kinds, name);
export const kindNames: readonly KindName[] = Object.keys(kinds).filter(isKind);

export const kindOf = (name: KindName): Kind => kinds[name];

const ascii = (bytes: Uint8Array, from: number, to: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1", from, to);

/** What a text may hold: no control character but tab and the ends of lines (and the end of a page). */
export const NO_TEXT = /[\0-\u0008\u000b\u000e-\u001f\u007f]/;
/** Text that a program would act on: pages, pictures, scripts, typesetting. None of it is a note or a table. */
const ACTIVE_TEXT =
  /^\s*(<(!doctype|!--|\?|html|head|body|script|svg|iframe|style|title|meta|link|base|img|a[\s>]|div|p[\s>]|math|x?ml)|#!|%!|\{\\rtf|MIME-Version:|From |BEGIN:V)/i;

/**
 * What a file can be, by its first bytes: none for what is not known. Several where only the whole file, or its name,
 * says which: a document of an office program is an archive, a table is a text.
 */
export function candidatesOf(head: Uint8Array): readonly KindName[] {
  const at = (from: number, text: string): boolean => ascii(head, from, from + text.length) === text;
  if (at(0, "\x89PNG\r\n\x1a\n")) return ["png"];
  if (at(0, "\xff\xd8\xff")) return ["jpeg"];
  if (at(0, "RIFF") && at(8, "WEBP")) return ["webp"];
  if (at(0, "GIF87a") || at(0, "GIF89a")) return ["gif"];
  if (at(0, "%PDF-")) return ["pdf"];
  if (at(0, "PK\x03\x04") || at(0, "PK\x05\x06")) return ["zip", "docx", "xlsx", "pptx"];
  if (at(4, "ftyp")) return ["mp4"];
  if (at(0, "\x1aE\xdf\xa3")) return ["webm"];
  return isText(head) ? ["text", "csv"] : [];
}

/** The head may end in the middle of a character. */
function isText(head: Uint8Array): boolean {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: true });
    return !NO_TEXT.test(text) && !ACTIVE_TEXT.test(text);
  } catch {
    return false;
  }
}

export interface Declared {
  /** Lower case, without the dot; "" for none. */
  readonly extension: string;
  /** As it was sent; "" or application/octet-stream says nothing. */
  readonly mediaType: string;
}

/** The kind that content, name and declared type agree on; undefined where they do not. */
export function agreedKind(
  candidates: readonly KindName[],
  { extension, mediaType }: Declared,
): KindName | undefined {
  const sent = (mediaType.split(";")[0] ?? "").trim().toLowerCase();
  const saysNothing = sent === "" || sent === "application/octet-stream" || sent === "binary/octet-stream";
  const byName = candidates.filter((name) => extension === "" || kindOf(name).extensions.includes(extension));
  return byName.find((name) => {
    const { mediaType: own, aliases } = kindOf(name);
    return saysNothing || own.split(";")[0] === sent || aliases.includes(sent);
  });
}
