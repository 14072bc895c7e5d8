import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type AtRisk, atRiskQuery, type Risk } from "../../api/upkeep.ts";
import { Answer } from "../../ui/answer.tsx";
import { Badge, type State } from "../../ui/badge.tsx";
import { Empty, Notice } from "../../ui/states.tsx";
import { cell, type CsvColumn, Download, head, TableFrame } from "../../ui/table.tsx";
import { Time } from "../../ui/time.tsx";
import { SecurityPage } from "./security-area.tsx";

export const AtRiskPage = () => (
  <SecurityPage
    title="People at risk"
    lead="Accounts that somebody should look at, and why. Nobody is refused because of it."
  >
    {() => <People />}
  </SecurityPage>
);

const RISKS: Readonly<Record<Risk, readonly [state: State, word: string]>> = {
  no_second_factor: ["fail", "Rights without a second step"],
  locked: ["warn", "Waits after failed tries"],
  failed_tries: ["warn", "Many failed tries"],
  short_password: ["warn", "Short password, no second step"],
  password_expired: ["warn", "Password expired"],
  must_change_password: ["unknown", "Must change the password"],
};

const COLUMNS: readonly CsvColumn<AtRisk>[] = [
  ["username", ({ username }) => username],
  ["roles", ({ roles }) => roles.join(" ")],
  ["risks", ({ risks }) => risks.join(" ")],
  ["failed_tries", (row) => String(row.failed_tries)],
  ["waits_until", (row) => row.waits_until ?? ""],
];

function People() {
  const query = useQuery(atRiskQuery);
  return (
    <Answer query={query} label="people at risk" shape="h-96">
      {({ items, complete }) => (
        <div className="space-y-4">
          {complete ? null : (
            <Notice tone="warn" live={false}>
              There are more accounts that may be at risk than were looked at; the most urgent are shown.
            </Notice>
          )}
          {items.length === 0 ? (
            <Empty title="Nobody is at risk">
              Whoever has rights and no second step, fails to sign in again and again, or has a password that
              is too old or too short appears here.
            </Empty>
          ) : (
            <>
              <TableFrame label="People at risk" long>
                <caption className="sr-only">Accounts at risk, the most urgent first</caption>
                <thead>
                  <tr>
                    <th scope="col" className={head}>
                      Person
                    </th>
                    <th scope="col" className={head}>
                      Why
                    </th>
                    <th scope="col" className={`${head} text-right max-sm:hidden`}>
                      Failed tries
                    </th>
                    <th scope="col" className={`${head} max-md:hidden`}>
                      Roles
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((one) => (
                    <Row key={one.id} one={one} />
                  ))}
                </tbody>
              </TableFrame>
              <Download name="people-at-risk.csv" columns={COLUMNS} rows={items}>
                Download the list (CSV)
              </Download>
            </>
          )}
        </div>
      )}
    </Answer>
  );
}

const Row = ({
  one: { id, username, roles, risks, failed_tries: failed, waits_until: waits },
}: {
  one: AtRisk;
}) => (
  <tr className="hover:bg-sunken">
    <th scope="row" className={`${cell} text-left font-normal`}>
      <Link
        to="/admin/users/$id"
        params={{ id }}
        className="font-medium break-all text-accent underline underline-offset-4"
      >
        {username}
      </Link>
    </th>
    <td className={cell}>
      <span className="flex flex-wrap gap-1.5">
        {risks.map((risk) => (
          <Badge key={risk} state={RISKS[risk][0]}>
            {RISKS[risk][1]}
          </Badge>
        ))}
      </span>
      {waits === null ? null : (
        <span className="mt-1 block text-sm text-muted">
          may try again <Time at={waits} />
        </span>
      )}
    </td>
    <td className={`${cell} text-right tabular-nums max-sm:hidden`}>{failed}</td>
    <td className={`${cell} max-md:hidden`}>{roles.join(", ")}</td>
  </tr>
);
