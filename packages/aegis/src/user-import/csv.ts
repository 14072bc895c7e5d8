import {
  type ImportColumn,
  importColumns,
  ImportError,
  type ImportRow,
  isImportColumn,
  MOST_ROW_LENGTH,
  utf8,
} from "./row.ts";

/** CSV as RFC 4180 has it, with a row of names first. */
export async function* csvRows(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ImportRow> {
  let names: readonly ImportColumn[] | undefined;
  for await (const { line, cells } of csvRecords(utf8(chunks))) {
    if (names === undefined) names = namesOf(cells);
    else if (cells.length !== names.length)
      yield {
        line,
        problems: [
          { column: "row", message: `has ${cells.length} columns, and the first row ${names.length}` },
        ],
      };
    else {
      const record: Partial<Record<ImportColumn, unknown>> = {};
      for (const [index, name] of names.entries()) {
        const cell = cells[index] ?? "";
        if (cell !== "") record[name] = cell;
      }
      yield { line, record };
    }
  }
  if (names === undefined) throw new ImportError("The file is empty.");
}

function namesOf(cells: readonly string[]): readonly ImportColumn[] {
  const names = cells.map((cell) => cell.trim().toLowerCase());
  const known = names.filter(isImportColumn);
  const hint = `The first row has names, comma between: ${importColumns.join(",")}. At least username.`;
  if (known.length !== names.length)
    throw new ImportError(
      `Column ${names.findIndex((name) => !isImportColumn(name)) + 1} of the first row has a name that is not known.`,
      hint,
    );
  if (new Set(known).size !== known.length) throw new ImportError("The first row has a name twice.", hint);
  if (!known.includes("username")) throw new ImportError("The first row has no username.", hint);
  return known;
}

interface CsvRecord {
  readonly line: number;
  readonly cells: readonly string[];
}

type Place = "start" | "plain" | "quoted" | "closed";

/**
 * A quote where none may stand has two readings, and so has everything behind it: there the file ends.
 * @throws ImportError
 */
async function* csvRecords(texts: AsyncIterable<string>): AsyncGenerator<CsvRecord> {
  let place: Place = "start";
  let cells: string[] = [];
  let cell = "";
  let size = 0;
  let line = 1;
  let begin = 1;
  let afterReturn = false;

  const take = (): CsvRecord | undefined => {
    const all = [...cells, cell];
    const record = { line: begin, cells: all };
    [cells, cell, size, place] = [[], "", 0, "start"];
    begin = line;
    return all.length === 1 && all[0] === "" ? undefined : record; // an empty line
  };
  for await (const text of texts) {
    for (const char of text) {
      const isEnd = char === "\n" && place !== "quoted";
      if (afterReturn && !isEnd)
        throw new ImportError(`Line ${line} has a carriage return that ends no line.`);
      afterReturn = false;
      if (char === "\n") line += 1;
      if (isEnd) {
        const record = take();
        if (record !== undefined) yield record;
        continue;
      }
      if ((size += char.length) > MOST_ROW_LENGTH)
        throw new ImportError(
          `The row that begins in line ${begin} is longer than ${MOST_ROW_LENGTH} characters.`,
          "Is a quote open there that was never closed?",
        );
      if (place === "quoted") {
        if (char === '"') place = "closed";
        else cell += char;
      } else if (char === ",") {
        cells.push(cell);
        [cell, place] = ["", "start"];
      } else if (char === "\r") afterReturn = true;
      else if (char === '"') {
        if (place === "plain")
          throw new ImportError(
            `Line ${line} has a quote in the middle of a cell.`,
            'A cell with a quote, a comma or a new line stands in quotes, and a quote in it is doubled: "so ""said"" she".',
          );
        if (place === "closed") cell += char; // doubled
        place = "quoted";
      } else if (place === "closed")
        throw new ImportError(`Line ${line} goes on behind the closing quote of a cell.`);
      else {
        cell += char;
        place = "plain";
      }
    }
  }
  if (place === "quoted")
    throw new ImportError(`The quote of the row that begins in line ${begin} is never closed.`);
  const last = take();
  if (last !== undefined) yield last;
}
