/**
 * Plain text without what nobody sees: control characters, which end lines in logs and strings in C; the bidirectional
 * embeddings and overrides that show "exe.txt" for "txt.exe" (CVE-2021-42574); tags and marks that are invisible.
 * Direction marks and joiners stay, because scripts and emoji need them. Half of a surrogate pair becomes U+FFFD.
 */
const UNSEEN =
  /[\0-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

/** The same characters, however they were composed (NFC), lines ended by "\n". */
export const cleanText = (text: string): string =>
  withoutUnseen(text.replaceAll("\r\n", "\n").replaceAll("\r", "\n")).normalize("NFC");

/** Without composing: markup that is cleaned must not change under it. */
export const withoutUnseen = (text: string): string => text.toWellFormed().replace(UNSEEN, "");
