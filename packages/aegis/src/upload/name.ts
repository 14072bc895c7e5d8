/** The name of a file, for people: whatever was sent becomes one that no program takes for anything but a name. */
const MAX_EXTENSION = 16;
/** Controls, direction overrides and what is invisible: "report\u202efdp.exe" looks like a PDF. */
const UNSEEN =
  /[\0-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;
/** What paths, shells, headers and file systems take for something else. */
const RESERVED = /[/\\:*?"<>|%;`$]/g;
/** Devices of Windows, whatever follows the dot. */
const DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)/i;

/** The last extension, lower case, without the dot; "" for none. */
export function extensionOf(sent: string): string {
  const name = lastPart(sent);
  const dot = name.lastIndexOf(".");
  const extension =
    dot < 0
      ? ""
      : name
          .slice(dot + 1)
          .trim()
          .toLowerCase();
  // Only letters and digits are ever one; anything else is an extension that no kind has.
  return extension === "" || extension.length > MAX_EXTENSION ? (dot < 0 ? "" : "?") : extension;
}

/** `extension`: what a name without one is given. */
export function displayName(sent: string, extension: string, maxLength: number): string {
  const given = lastPart(sent)
    .replace(RESERVED, "_")
    .replace(/\s+/gu, " ")
    .replace(/^[.\s~-]+|[.\s]+$/g, "");
  const dot = given.lastIndexOf(".");
  const [stem, end] =
    dot < 0 ? [given, extension] : [given.slice(0, dot), given.slice(dot + 1).toLowerCase()];
  const safe = stem === "" ? "file" : DEVICE.test(`${stem}.`) ? `_${stem}` : stem;
  const room = maxLength - end.length - 1;
  return `${[...safe].slice(0, room).join("").trimEnd()}.${end}`;
}

/** Browsers send a name, some programs a path. */
function lastPart(sent: string): string {
  const seen = sent.toWellFormed().normalize("NFC").replace(UNSEEN, "");
  return seen.slice(Math.max(seen.lastIndexOf("/"), seen.lastIndexOf("\\")) + 1);
}
