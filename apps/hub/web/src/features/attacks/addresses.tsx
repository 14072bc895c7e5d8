import { getRouteApi } from "@tanstack/react-router";
import type { AddressRow } from "../../api/attacks.ts";
import { Badge, type State } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Empty } from "../../ui/states.tsx";
import { cell, type CsvColumn, Download, head, SortHead, TableFrame } from "../../ui/table.tsx";
import { Time } from "../../ui/time.tsx";
import { number } from "../../ui/words.ts";
import { sorted } from "./address-sort.ts";

const route = getRouteApi("/admin/security/attacks");
const count = `${cell} text-right tabular-nums`;

export const addressWords = (address: string | null): string => address ?? "an address that cannot be read";

const STATES: Record<AddressRow["state"], readonly [state: State, word: string]> = {
  banned: ["fail", "Banned"],
  limited: ["warn", "Limited"],
  seen: ["unknown", "Refused"],
};

const COLUMNS: readonly CsvColumn<AddressRow>[] = [
  ["address", ({ address }) => address ?? ""],
  ["state", ({ state }) => STATES[state][1].toLowerCase()],
  ["limited", ({ limited }) => String(limited)],
  ["refused_in_all", ({ refused }) => String(refused)],
  ["failed_sign_ins", (row) => String(row.sign_in_failed)],
  ["requests", ({ requests }) => String(requests)],
  ["first_seen", (row) => row.first_at],
  ["last_seen", (row) => row.last_at],
];

/** How they are sorted stands in the address. */
export function Addresses({
  rows,
  minutes,
  onLift,
}: {
  rows: readonly AddressRow[];
  minutes: number;
  onLift: (row: AddressRow) => void;
}) {
  const { sort = "-limited" } = route.useSearch();
  const navigate = route.useNavigate();
  if (rows.length === 0)
    return (
      <Empty title="Nobody was refused">
        Addresses that were refused in the last {minutes} minutes appear here, the most limited first.
      </Empty>
    );
  const shown = sorted(rows, sort);
  const sorting = {
    sort,
    onSort: (by: typeof sort) => void navigate({ search: { sort: by }, replace: true, resetScroll: false }),
  };
  return (
    <div className="space-y-3">
      <TableFrame label="Most limited addresses" long>
        <caption className="sr-only">The twenty most limited addresses that were refused</caption>
        <thead>
          <tr>
            <SortHead by="address" {...sorting}>
              Address
            </SortHead>
            <th scope="col" className={head}>
              State
            </th>
            <SortHead by="limited" first="largest" {...sorting}>
              Limited
            </SortHead>
            <SortHead by="refused" first="largest" className="max-md:hidden" {...sorting}>
              Refused in all
            </SortHead>
            <SortHead by="sign_in_failed" first="largest" className="max-md:hidden" {...sorting}>
              Failed sign-ins
            </SortHead>
            <SortHead by="requests" first="largest" className="max-sm:hidden" {...sorting}>
              Requests
            </SortHead>
            <SortHead by="last_at" className="max-lg:hidden" {...sorting}>
              Last seen
            </SortHead>
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => {
            const [state, word] = STATES[row.state];
            return (
              <tr key={row.key} className="hover:bg-sunken">
                <th scope="row" className={`${cell} text-left font-normal`}>
                  <code className="font-mono break-all">{addressWords(row.address)}</code>
                </th>
                <td className={cell}>
                  <Badge state={state}>{word}</Badge>
                  {row.state === "banned" ? (
                    <div className="mt-2">
                      <Button
                        look="quiet"
                        aria-label={`Lift the ban of ${addressWords(row.address)}`}
                        onClick={() => onLift(row)}
                      >
                        Lift …
                      </Button>
                    </div>
                  ) : null}
                </td>
                <td className={count}>{number.format(row.limited)}</td>
                <td className={`${count} max-md:hidden`}>{number.format(row.refused)}</td>
                <td className={`${count} max-md:hidden`}>{number.format(row.sign_in_failed)}</td>
                <td className={`${count} max-sm:hidden`}>{number.format(row.requests)}</td>
                <td className={`${cell} whitespace-nowrap max-lg:hidden`}>
                  <Time at={row.last_at} />
                </td>
              </tr>
            );
          })}
        </tbody>
      </TableFrame>
      <Download name="addresses.csv" columns={COLUMNS} rows={shown}>
        Download the addresses (CSV)
      </Download>
    </div>
  );
}
