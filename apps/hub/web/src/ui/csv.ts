/** One table as CSV (RFC 4180). What a spreadsheet would run as a formula is made text. */
export function csv(rows: readonly (readonly string[])[]): string {
  const cell = (value: string) =>
    `"${(/^[=+\-@\t\r\n＝＋－＠]/.test(value) ? `'${value}` : value).replaceAll('"', '""')}"`;
  return rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}
