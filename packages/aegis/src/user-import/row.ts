/**
 * People out of a file of another system. Threat: a file that nobody here has written, which makes administrators, names
 * that pass for others, hashes that cost a minute each, or half an import. Rule: each row is read by closed rules and
 * refused by its number; no value of a row is ever repeated, because in a file whose columns are shifted any of them
 * may be a hash. References: ASVS 5.0 1.2, 2.2, 6.2; CWE-209; requirement PWD-5.
 */
export const importColumns = [
  "username",
  "email",
  "password_hash",
  "roles",
  "display_name",
  "about_me",
  "email_verified",
  "created_at",
  "disabled",
] as const;
export type ImportColumn = (typeof importColumns)[number];

export interface RowProblem {
  /** A column, or "row" where it is about all of it. */
  readonly column: ImportColumn | "row";
  readonly message: string;
}

/** What stands in one row, as the file has it; what is absent or empty is not there. */
export type ImportRecord = Readonly<Partial<Record<ImportColumn, unknown>>>;

/** `line`: where it begins, from 1. */
export type ImportRow =
  | { readonly line: number; readonly record: ImportRecord }
  | { readonly line: number; readonly problems: readonly RowProblem[] };

/** The file as a whole cannot be read on; nothing behind the place can be told. */
export class ImportError extends Error {
  override readonly name = "ImportError";
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** A row is held in memory: nobody has more to say of a person. */
export const MOST_ROW_LENGTH = 65_536;

export const isImportColumn = (name: string): name is ImportColumn =>
  importColumns.some((one) => one === name);

/** Chunks of a file as text. @throws ImportError for what is no UTF-8 */
export async function* utf8(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true });
    yield decoder.decode();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ImportError("The file is not UTF-8.", "Convert it: iconv -f LATIN1 -t UTF-8 OLD > NEW");
  }
}
