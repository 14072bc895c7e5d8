/** Text from outside, written so that a format shows it and obeys none of it (CWE-79, CWE-91, CWE-116). */

const SIGNS: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** For the text of an element and for a value in quotation marks. */
export const htmlText = (text: string): string => text.replaceAll(/[&<>"']/g, (sign) => SIGNS[sign] ?? "");

/** XML 1.0 has no way to write most control characters, halves of characters and the two last of the plane: one of them, and nobody reads the file. */
export const xmlText = (text: string): string =>
  htmlText(
    text.toWellFormed().replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd"),
  );

/** Nothing in it is markup, and it stays on its line (a table ends with a line). */
export const markdownText = (text: string): string =>
  text
    .replaceAll(/[\r\n\t\u2028\u2029]+/g, " ")
    .replaceAll(/[\\`*_{}[\]()#+!|~<>&-]/g, (sign) =>
      sign === "<" ? "&lt;" : sign === "&" ? "&amp;" : `\\${sign}`,
    )
    // No renderer makes a link of it by itself.
    .replaceAll(/:\/\//g, ":\\/\\/")
    .replaceAll(/\bwww\./gi, (word) => `${word.slice(0, 3)}\\.`)
    .replaceAll("@", "\\@");
