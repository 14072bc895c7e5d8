/** What tables share: a frame that scrolls under its head, heads that sort, and rows to take along as a file. */
import type { ReactNode } from "react";
import { Button } from "./button.tsx";
import { csv } from "./csv.ts";
import { saveFile } from "./save-file.ts";

export const head =
  "sticky top-0 bg-surface px-2 py-3 text-left font-medium text-muted shadow-[0_1px_0_var(--line)] sm:px-4";
export const cell = "px-2 py-3 align-top sm:px-4";

export const TableFrame = ({
  label,
  long = false,
  children,
}: {
  label: string;
  /** May have more rows than a window: then it scrolls by itself, under its head. */
  long?: boolean;
  children: ReactNode;
}) => (
  <div
    className={`relative overflow-auto rounded-lg border border-line bg-surface ${long ? "md:max-h-[70dvh]" : ""}`}
    role="region"
    aria-label={label}
    // Scrolls, so the keyboard must be able to get to it.
    tabIndex={0}
  >
    <table className="w-full border-separate border-spacing-0 [&_tbody_td]:border-t [&_tbody_td]:border-line [&_tbody_th]:border-t [&_tbody_th]:border-line">
      {children}
    </table>
  </div>
);

/** A column's name, with a minus in front where the largest comes first. */
export type Sort<By extends string> = By | `-${By}`;

export interface Sorting<By extends string> {
  readonly sort: Sort<By>;
  readonly onSort: (sort: Sort<By>) => void;
}

/** A head that sorts by its column, and the other way round when pressed again. */
export function SortHead<By extends string>({
  by,
  sort,
  onSort,
  first = "smallest",
  className = "",
  children,
}: Sorting<By> & { by: By; first?: "smallest" | "largest"; className?: string; children: string }) {
  const up = sort === by;
  const down = sort === `-${by}`;
  const next = up || (!down && first === "largest") ? (`-${by}` as const) : by;
  return (
    <th
      scope="col"
      className={`${head} ${className}`}
      aria-sort={up ? "ascending" : down ? "descending" : "none"}
    >
      <button
        type="button"
        // Over numbers the name stands at their end, and the arrow before it.
        className={`flex min-h-8 items-center gap-1 hover:text-text ${first === "largest" ? "ml-auto flex-row-reverse" : ""}`}
        onClick={() => onSort(next)}
      >
        {children}
        <span aria-hidden="true" className={up || down ? "" : "invisible"}>
          {down ? "↓" : "↑"}
        </span>
      </button>
    </th>
  );
}

/** One column of a file: its name, and what stands in it for a row. Times stay in ISO 8601, for programs. */
export type CsvColumn<Row> = readonly [name: string, of: (row: Row) => string];

export const csvFile = <Row,>(columns: readonly CsvColumn<Row>[], rows: readonly Row[]): Blob =>
  new Blob([csv([columns.map(([name]) => name), ...rows.map((row) => columns.map(([, of]) => of(row)))])], {
    type: "text/csv",
  });

export const Download = <Row,>({
  name,
  columns,
  rows,
  children,
}: {
  name: string;
  columns: readonly CsvColumn<Row>[];
  rows: readonly Row[];
  children: string;
}) => (
  <Button look="quiet" onClick={() => saveFile(name, csvFile(columns, rows))}>
    {children}
  </Button>
);
