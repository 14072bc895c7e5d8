/** Rows of a page; the server gives no more than a hundred at a time. */
export const PAGE_SIZES = [25, 50, 100] as const;
/** The router hands on what stood in the address beside what it has looked at: so it is looked at where it is used. */
export const pageSize = (value: unknown, otherwise: number): number =>
  isPageSize(value) ? value : otherwise;
export const isPageSize = (value: unknown): value is number => PAGE_SIZES.some((size) => size === value);
