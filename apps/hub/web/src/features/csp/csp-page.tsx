import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { type CspReport, type CspReports, cspReportsQuery } from "../../api/upkeep.ts";
import { Answer } from "../../ui/answer.tsx";
import { Badge, type State } from "../../ui/badge.tsx";
import { CopyButton } from "../../ui/copy.tsx";
import { Section } from "../../ui/page.tsx";
import { Empty, Notice } from "../../ui/states.tsx";
import { type CsvColumn, Download } from "../../ui/table.tsx";
import { Time } from "../../ui/time.tsx";
import { SecurityPage } from "../admin/security-area.tsx";
import { number } from "../../ui/words.ts";

export const CspPage = () => (
  <SecurityPage
    title="Page policy"
    lead="What browsers blocked because the Content-Security-Policy says so, and what would allow it."
  >
    {() => <Whole />}
  </SecurityPage>
);

function Whole() {
  const query = useQuery(cspReportsQuery);
  return (
    <Answer query={query} label="the reports" shape="h-96">
      {(reports) => (
        <div className="space-y-12">
          {reports.reports ? null : (
            <Notice tone="warn" live={false}>
              Browsers are not asked to report: set headers.csp.reports in the policy.
            </Notice>
          )}
          <Section id="reports" title="What was reported" lead={LEAD}>
            <Reports reports={reports} />
          </Section>
          <Section id="proposal" title="A policy that would allow it">
            <Proposal reports={reports} />
          </Section>
          <Section id="policy" title="The page policy now">
            <p className="text-muted">
              {reports.mode === "enforce"
                ? "Browsers block what is not allowed."
                : "Browsers only report what is not allowed (headers.csp.mode)."}{" "}
              NONCE stands for a value that is another one for every page.
            </p>
            <Policy text={reports.policy} label="The page policy" />
          </Section>
        </div>
      )}
    </Answer>
  );
}

const LEAD =
  "Anybody can send such a report, and extensions of browsers cause many: a report is a hint, and never a reason by itself.";

const RISKS: Record<CspReport["proposal"]["risk"], readonly [state: State, word: string]> = {
  none: ["unknown", "Nothing to allow"],
  some: ["warn", "Can be allowed"],
  high: ["fail", "Dangerous to allow"],
};

const COLUMNS: readonly CsvColumn<CspReport>[] = [
  ["directive", ({ directive }) => directive],
  ["blocked", ({ blocked }) => blocked],
  ["page", ({ page }) => page],
  ["reports", ({ count }) => String(count)],
  ["first_at", (row) => row.first_at],
  ["last_at", (row) => row.last_at],
  ["addition", ({ proposal }) => proposal.addition ?? ""],
  ["risk", ({ proposal }) => proposal.risk],
];

function Reports({ reports: { items, kept_days: days } }: { reports: CspReports }) {
  if (items.length === 0)
    return (
      <Empty title="Nothing was blocked">
        What browsers report of the last {days} days appears here by itself, in groups.
      </Empty>
    );
  return (
    <>
      <ul className="space-y-3">
        {items.map((item) => (
          <li
            key={`${item.directive} ${item.blocked} ${item.page}`}
            className="rounded-lg border border-line bg-surface p-4 sm:p-5"
          >
            <One item={item} />
          </li>
        ))}
      </ul>
      <Download name="page-policy-reports.csv" columns={COLUMNS} rows={items}>
        Download the reports (CSV)
      </Download>
    </>
  );
}

const BLOCKED: Readonly<Record<string, string>> = {
  inline: "script or style inside of the page",
  eval: "text that was to become script",
  "wasm-eval": "code for WebAssembly",
  self: "something of this site itself",
  data: "a data: address",
  blob: "a blob: address",
  extension: "something of a browser's extension",
  "trusted-types-sink": "text that was to become markup",
  "trusted-types-policy": "a policy for trusted types",
  other: "something without an address",
};

const One = ({
  item: { directive, blocked, page, count, first_at: first, last_at: last, proposal },
}: {
  item: CspReport;
}) => (
  <>
    <div className="flex flex-wrap items-start justify-between gap-3">
      <h3 className="min-w-0 font-medium break-words">
        <code className="font-mono">{directive}</code> <span className="font-normal text-muted">blocked</span>{" "}
        <span>{BLOCKED[blocked] ?? blocked}</span>
      </h3>
      <Badge state={RISKS[proposal.risk][0]}>{RISKS[proposal.risk][1]}</Badge>
    </div>
    <p className="mt-1 text-sm text-muted">
      On <code className="font-mono break-all">{page}</code>, reported{" "}
      {count === 1 ? "once" : `${number.format(count)} times`}, first <Time at={first} />, last{" "}
      <Time at={last} />
    </p>
    <p className={`mt-2 ${proposal.risk === "high" ? "text-fail" : ""}`}>{proposal.advice}</p>
    {proposal.addition === null ? null : (
      <p className="mt-2 flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className="text-sm text-muted">It would take</span>
        <code className="font-mono text-sm break-all">{proposal.addition}</code>
        {proposal.setting === null ? null : (
          <span className="text-sm text-muted">({proposal.setting.path})</span>
        )}
        <CopyButton text={proposal.addition} label="Copy the addition" />
      </p>
    )}
  </>
);

function Proposal({ reports: { proposed, items } }: { reports: CspReports }) {
  const dangerous = items.filter(({ proposal }) => proposal.risk === "high").length;
  const warning: ReactNode =
    dangerous === 0 ? null : (
      <Notice tone="warn" live={false}>
        {dangerous === 1 ? "One of them is" : `${dangerous} of them are`} left out: allowing{" "}
        {dangerous === 1 ? "it" : "them"} would take away what the policy is there for. Change the page
        instead.
      </Notice>
    );
  if (proposed === null)
    return (
      <>
        {warning}
        <Empty title="Nothing to propose">
          Settings that would allow what was blocked appear here, if there are any that are not dangerous.
        </Empty>
      </>
    );
  const settings = JSON.stringify(proposed.settings, undefined, 2);
  return (
    <>
      {warning}
      <p>
        Only if you know each of these addresses and mean to use it. In the file that{" "}
        <code className="font-mono">AEGIS_POLICY</code> names:
      </p>
      <pre
        className="overflow-x-auto rounded-lg border border-line bg-surface p-4 font-mono text-sm"
        tabIndex={0}
        role="region"
        aria-label="Settings to copy"
      >
        {settings}
      </pre>
      <CopyButton text={settings} label="Copy the settings" />
      <p className="text-muted">Pages would then say:</p>
      <Policy text={proposed.policy} label="The proposed page policy" />
    </>
  );
}

/** A directive a line. */
const Policy = ({ text, label }: { text: string; label: string }) => (
  <>
    <pre
      className="overflow-x-auto rounded-lg border border-line bg-surface p-4 font-mono text-sm"
      tabIndex={0}
      role="region"
      aria-label={label}
    >
      {text.replaceAll("; ", ";\n")}
    </pre>
    <CopyButton text={text} label={`Copy ${label.toLowerCase()}`} />
  </>
);
