import type { ReactNode } from "react";
import type { AddressRow, Ban, LimitRow } from "../../api/attacks.ts";
import { Badge, type State } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Empty } from "../../ui/states.tsx";
import { Time } from "../../ui/time.tsx";
import { counted, number } from "../api-keys/words.ts";

const head = "px-4 py-3 text-left font-medium text-muted";
const cell = "px-4 py-3 align-top";
const count = `${cell} text-right`;

export const Scrolling = ({ label, children }: { label: string; children: ReactNode }) => (
  <div
    className="relative overflow-auto rounded-lg border border-line bg-surface"
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

export const addressWords = (address: string | null): string => address ?? "an address that cannot be read";

const STATES: Record<AddressRow["state"], readonly [state: State, word: string]> = {
  banned: ["fail", "Banned"],
  limited: ["warn", "Limited"],
  seen: ["unknown", "Refused"],
};

export function Addresses({
  rows,
  minutes,
  onLift,
}: {
  rows: readonly AddressRow[];
  minutes: number;
  onLift: (key: string) => void;
}) {
  if (rows.length === 0)
    return (
      <Empty title="Nobody was refused">
        Addresses that were refused in the last {minutes} minutes appear here, the most limited first.
      </Empty>
    );
  return (
    <Scrolling label="Most limited addresses">
      <caption className="sr-only">Addresses that were refused, the most limited first</caption>
      <thead>
        <tr>
          <th scope="col" className={head}>
            Address
          </th>
          <th scope="col" className={head}>
            State
          </th>
          <th scope="col" className={`${head} text-right`}>
            Limited
          </th>
          <th scope="col" className={`${head} text-right max-md:hidden`}>
            Refused in all
          </th>
          <th scope="col" className={`${head} text-right max-md:hidden`}>
            Failed sign-ins
          </th>
          <th scope="col" className={`${head} text-right max-sm:hidden`}>
            Requests
          </th>
          <th scope="col" className={`${head} max-lg:hidden`}>
            Last seen
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => {
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
                      onClick={() => onLift(row.key)}
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
    </Scrolling>
  );
}

const CAUSES: Readonly<Record<string, string>> = {
  sign_in_failed: "failed sign-in",
  not_found: "page that is not there",
  limited: "request beyond a limit",
  forged: "forged request",
  malformed: "malformed request",
};

export const Bans = ({ bans, onLift }: { bans: readonly Ban[]; onLift: (key: string) => void }) =>
  bans.length === 0 ? (
    <Empty title="Nobody is banned">
      An address at which too much goes wrong is banned for a while by itself, and appears here with the
      reasons.
    </Empty>
  ) : (
    <ul className="space-y-3">
      {bans.map((ban) => (
        <li
          key={ban.key}
          className="flex flex-wrap items-start justify-between gap-4 rounded-lg border border-line bg-surface p-5"
        >
          <div>
            <h3 className="font-medium">
              <code className="font-mono break-all">{addressWords(ban.address)}</code>
            </h3>
            <p className="text-sm text-muted">
              Banned <Time at={ban.since} />, ends <Time at={ban.until} />
              {ban.bans > 1 ? ` · ban number ${ban.bans} within a day` : ""}
            </p>
            <ul className="mt-2 list-disc pl-5">
              {ban.causes.map(({ cause, count: times, last_at: lastAt }) => (
                <li key={cause}>
                  {times === 1 ? "1 " : `${number.format(times)} × `}
                  {CAUSES[cause] ?? cause}, last <Time at={lastAt} />
                </li>
              ))}
            </ul>
          </div>
          <Button
            look="danger"
            aria-label={`Lift the ban of ${addressWords(ban.address)}`}
            onClick={() => onLift(ban.key)}
          >
            Lift …
          </Button>
        </li>
      ))}
    </ul>
  );

const LIMITS: Readonly<Record<string, string>> = {
  login: "Sign-ins",
  register: "Registrations",
  reset: "Password resets",
  verifyEmail: "Codes for addresses",
  mfaVerify: "Second steps and proofs",
  refresh: "Renewed sessions and tokens",
  upload: "Uploads",
  apiKeyCreate: "New API keys",
  cspReport: "Reports of browsers",
  global: "Everything else that changes something",
  read: "Reading",
  user: "All of one person",
};

/** How much of each limit is asked for right now, over all who ask. */
export const Limits = ({ limits }: { limits: readonly LimitRow[] }) => (
  <Scrolling label="Limits">
    <caption className="sr-only">Limits and how they are used in this minute and the one before</caption>
    <thead>
      <tr>
        <th scope="col" className={head}>
          Limit
        </th>
        <th scope="col" className={head}>
          For each
        </th>
        <th scope="col" className={`${head} text-right`}>
          Asked
        </th>
        <th scope="col" className={`${head} text-right`}>
          Refused
        </th>
      </tr>
    </thead>
    <tbody>
      {limits.map(({ name, rate, used, refused }) => (
        <tr key={name} className="hover:bg-sunken">
          <th scope="row" className={`${cell} text-left font-normal`}>
            {LIMITS[name] ?? name}
          </th>
          <td className={cell}>{rate.replace("/", rate.endsWith("hour") ? " an " : " a ")}</td>
          <td className={count}>{number.format(used)}</td>
          <td className={count}>
            {refused === 0 ? (
              "0"
            ) : (
              <span className="font-medium text-fail">
                <span aria-hidden="true">× </span>
                {number.format(refused)}
                <span className="sr-only"> {counted(refused, "request").replace(/^\S+ /, "")}</span>
              </span>
            )}
          </td>
        </tr>
      ))}
    </tbody>
  </Scrolling>
);
