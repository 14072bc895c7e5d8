import type { Ban, LimitRow } from "../../api/attacks.ts";
import { Button } from "../../ui/button.tsx";
import { Empty } from "../../ui/states.tsx";
import { cell, head, TableFrame } from "../../ui/table.tsx";
import { Time } from "../../ui/time.tsx";
import { counted, number } from "../../ui/words.ts";
import { addressWords } from "./addresses.tsx";

const count = `${cell} text-right tabular-nums`;

const CAUSES: Readonly<Record<string, string>> = {
  sign_in_failed: "failed sign-in",
  not_found: "page that is not there",
  limited: "request beyond a limit",
  forged: "forged request",
  malformed: "malformed request",
};

export const Bans = ({ bans, onLift }: { bans: readonly Ban[]; onLift: (ban: Ban) => void }) =>
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
            onClick={() => onLift(ban)}
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
  tenant: "All members of a tenant",
};

/** "30,000 an hour", of "30000/hour". */
function rateWords(rate: string): string {
  const [most = "", unit = ""] = rate.split("/");
  return `${number.format(Number(most))} ${unit === "hour" ? "an" : "a"} ${unit}`;
}

/** How much of each limit is asked for right now, over all who ask. */
export const Limits = ({ limits }: { limits: readonly LimitRow[] }) => (
  <TableFrame label="Limits">
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
          <td className={cell}>{rateWords(rate)}</td>
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
  </TableFrame>
);
