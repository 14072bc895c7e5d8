import type { Finding } from "../../api/attacks.ts";
import { Badge } from "../../ui/badge.tsx";
import { Empty } from "../../ui/states.tsx";
import { Time } from "../../ui/time.tsx";
import { number } from "../../ui/words.ts";

/** Patterns that look like an attack, each with its evidence and what to do. */
export const Findings = ({ findings, minutes }: { findings: readonly Finding[]; minutes: number }) =>
  findings.length === 0 ? (
    <Empty title="No pattern of an attack">
      Stuffing, spraying, guessing, enumeration and scraping of the last {minutes} minutes appear here, with
      their evidence.
    </Empty>
  ) : (
    <ul className="space-y-3">
      {findings.map((finding) => (
        <li
          key={`${finding.pattern} ${finding.addresses[0]?.key ?? ""} ${finding.account ?? ""}`}
          className="rounded-lg border border-line bg-surface p-5"
        >
          <Card finding={finding} />
        </li>
      ))}
    </ul>
  );

const Card = ({ finding }: { finding: Finding }) => (
  <>
    <div className="flex flex-wrap items-start justify-between gap-3">
      <h3 className="text-lg font-semibold">
        {finding.title}
        {finding.account === null ? null : (
          <>
            : <span className="break-all">{finding.account}</span>
          </>
        )}
      </h3>
      <Badge state="fail">Suspected</Badge>
    </div>
    <p className="text-sm text-muted">
      First seen <Time at={finding.first_at} />, last <Time at={finding.last_at} />
    </p>
    <dl className="mt-3 grid gap-x-6 gap-y-1 sm:grid-cols-2">
      {finding.evidence.map(({ label, value }) => (
        <div key={label} className="flex justify-between gap-3 border-b border-line py-1">
          <dt className="text-muted">{label}</dt>
          <dd className="font-medium tabular-nums">{number.format(value)}</dd>
        </div>
      ))}
      {finding.example === null ? null : (
        <div className="flex justify-between gap-3 border-b border-line py-1">
          <dt className="text-muted">one of the accounts</dt>
          <dd className="font-medium">{finding.example}</dd>
        </div>
      )}
    </dl>
    <p className="mt-3">
      <span className="text-muted">From </span>
      {finding.addresses.map(({ key, address, banned }, place) => (
        <span key={key}>
          {place === 0 ? "" : ", "}
          <code className="font-mono break-all">{address ?? "an address that cannot be read"}</code>
          {banned ? " (banned)" : ""}
        </span>
      ))}
    </p>
    <p className="mt-3 max-w-2xl">{finding.advice}</p>
  </>
);
