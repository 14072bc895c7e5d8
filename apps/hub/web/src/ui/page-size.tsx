import { PAGE_SIZES } from "../api/page-sizes.ts";

/** How many rows a page of a list has. Stands in the address with the rest of what is looked for. */
export const PageSize = ({ size, onSize }: { size: number; onSize: (size: number) => void }) => (
  <label className="flex items-center gap-2 text-muted">
    Rows
    <select
      className="min-h-11 rounded-sm border border-line-strong bg-surface px-2 text-text"
      value={size}
      onChange={(event) => onSize(Number(event.target.value))}
    >
      {PAGE_SIZES.map((one) => (
        <option key={one} value={one}>
          {one}
        </option>
      ))}
    </select>
  </label>
);
