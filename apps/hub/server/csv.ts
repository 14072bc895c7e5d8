/** What a spreadsheet takes for the beginning of a formula, its full-width twins and white space before it included. */
const FORMULA = /^[\s\u0000]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/;

/** One table as CSV (RFC 4180). What a spreadsheet would run as a formula is made text. */
export function csv(rows: readonly (readonly string[])[]): string {
  const cell = (value: string) => `"${(FORMULA.test(value) ? `'${value}` : value).replaceAll('"', '""')}"`;
  return rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}
