import type { AddressRow } from "../../api/attacks.ts";
import type { Sort } from "../../ui/table.tsx";

const ORDERS = ["address", "limited", "refused", "sign_in_failed", "requests", "last_at"] as const;
export type AddressOrder = (typeof ORDERS)[number];
export type AddressSort = Sort<AddressOrder>;

export const isAddressSort = (value: unknown): value is AddressSort =>
  ORDERS.some((order) => value === order || value === `-${order}`);

/** "10.0.0.9" before "10.0.0.10". */
const byNumber = new Intl.Collator("en", { numeric: true });

/** Rows that are alike keep the server's order: the most limited first. */
export function sorted(rows: readonly AddressRow[], sort: AddressSort): readonly AddressRow[] {
  const order = ORDERS.find((one) => sort.endsWith(one)) ?? "limited";
  const turn = sort.startsWith("-") ? -1 : 1;
  return rows.toSorted((a, b) => turn * byNumber.compare(String(a[order] ?? ""), String(b[order] ?? "")));
}
