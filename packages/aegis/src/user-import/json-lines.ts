import {
  type ImportColumn,
  importColumns,
  ImportError,
  type ImportRow,
  isImportColumn,
  MOST_ROW_LENGTH,
  utf8,
} from "./row.ts";

/** Reads one JSON text that has exactly one meaning; the reason where it has none. */
export type ReadJson = (text: string) => { readonly value: unknown } | { readonly refused: string };

/** One JSON object a line (JSON Lines). A line that cannot be read is a row with problems; the others stand. */
export async function* jsonRows(
  chunks: AsyncIterable<Uint8Array>,
  readJson: ReadJson,
): AsyncGenerator<ImportRow> {
  let line = 0;
  let rest = "";
  let isTooLong = false;
  const row = function* (text: string): Generator<ImportRow> {
    line += 1;
    if (isTooLong || text.length > MOST_ROW_LENGTH)
      yield problem(line, `longer than ${MOST_ROW_LENGTH} characters`);
    else if (text.trim() !== "") yield rowOf(line, text, readJson);
    isTooLong = false;
  };
  for await (const text of utf8(chunks)) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const one of lines) yield* row(one);
    // What is so long is told once, when its end comes; until then nothing of it is kept.
    if (rest.length > MOST_ROW_LENGTH) {
      isTooLong = true;
      rest = "";
    }
  }
  if (rest !== "" || isTooLong) yield* row(rest);
  if (line === 0) throw new ImportError("The file is empty.");
}

function rowOf(line: number, text: string, readJson: ReadJson): ImportRow {
  const read = readJson(text);
  if ("refused" in read) return problem(line, `no JSON that can be read: ${read.refused}`);
  const { value } = read;
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return problem(line, "not one JSON object");
  const record: Partial<Record<ImportColumn, unknown>> = {};
  for (const [name, one] of Object.entries(value)) {
    if (!isImportColumn(name))
      return problem(line, `has a field that is not known; known: ${importColumns.join(", ")}`);
    if (one !== null && one !== "") record[name] = one;
  }
  return { line, record };
}

const problem = (line: number, message: string): ImportRow => ({
  line,
  problems: [{ column: "row", message }],
});
