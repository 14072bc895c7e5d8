import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { type Backups, type Certificate, type Panel, upkeepQuery } from "../../api/upkeep.ts";
import { Answer } from "../../ui/answer.tsx";
import { Badge, type State } from "../../ui/badge.tsx";
import { Fact } from "../../ui/fact.tsx";
import { Section } from "../../ui/page.tsx";
import { Empty, Notice } from "../../ui/states.tsx";
import { duration, Time } from "../../ui/time.tsx";
import { SecurityPage } from "../admin/security-area.tsx";
import { counted, number } from "../../ui/words.ts";
import { SignOff } from "./checklist.tsx";
import { Deployed } from "./releases.tsx";

export const UpkeepPage = () => (
  <SecurityPage
    title="Upkeep"
    lead="What ages beside the application: certificate, backups, releases, and the record of its deployment."
  >
    {() => <Whole />}
  </SecurityPage>
);

function Whole() {
  const query = useQuery(upkeepQuery);
  return (
    <Answer query={query} label="the upkeep" shape="h-96">
      {({ certificate, backups, releases, checklist }) => (
        <div className="space-y-12">
          <Section id="certificate" title="Certificate">
            <Part
              panel={certificate}
              what="How long the certificate lasts, and for which names it is good"
              command="npx aegis certs issue NAME"
            >
              {(known) => <Lasting certificate={known} />}
            </Part>
          </Section>
          <Section id="backups" title="Backups">
            <Part
              panel={backups}
              what="How old the newest backup is, and whether it is what was signed"
              command="npx aegis backup create"
            >
              {(known) => <Kept backups={known} />}
            </Part>
          </Section>
          <Section id="releases" title="Releases">
            <Part
              panel={releases}
              what="What is live since when, and what was taken back"
              command="npx aegis release FOLDER --id NAME --from BUILD"
            >
              {(known) => <Deployed releases={known} />}
            </Part>
          </Section>
          <Section id="checklist" title="Checklist and sign-off">
            <Part
              panel={checklist}
              what="What is done and what is open before and after a deployment, and who approved it"
              command="npx aegis checklist start FILE --application NAME"
            >
              {(known) => <SignOff checklist={known} />}
            </Part>
          </Section>
        </div>
      )}
    </Answer>
  );
}

/** Not said, not readable, or what is known. */
function Part<T>({
  panel,
  what,
  command,
  children,
}: {
  panel: Panel<T>;
  what: string;
  command: string;
  children: (known: T) => ReactNode;
}) {
  if (panel.state === "unset")
    return (
      <Empty title="Not known here">
        <p>
          {what} appears here once <code className="font-mono">{panel.setting}</code> of the server says where
          to look. It comes from:
        </p>
        <p className="mt-2">
          <code className="font-mono break-words">{command}</code>
        </p>
      </Empty>
    );
  if (panel.state === "unreadable")
    return (
      <Notice tone="warn" live={false}>
        {panel.problem} So nothing is known; it appears here when it can be read.
      </Notice>
    );
  return <>{children(panel)}</>;
}

const facts = "grid gap-x-8 gap-y-1 sm:grid-cols-[auto_1fr] sm:gap-y-2";

const CHECKS: Readonly<Record<string, string>> = {
  "days-left": "Days left",
  "already-valid": "Begins",
  names: "Names",
  "chain-order": "Order of the chain",
  strength: "Strength",
};
const STATES: Record<Certificate["findings"][number]["outcome"], readonly [state: State, word: string]> = {
  pass: ["pass", "As it should be"],
  fail: ["fail", "Wrong"],
  unknown: ["unknown", "Not seen"],
};

const Lasting = ({ certificate }: { certificate: Certificate }) => (
  <div className="space-y-4">
    <dl className={facts}>
      <Fact label="Lasts">
        <span className="font-medium">
          {certificate.days_left < 0 ? "no longer" : counted(certificate.days_left, "day")}
        </span>
        , ends <Time at={certificate.ends_at} />
      </Fact>
      <Fact label="Good for">{certificate.names.map((name) => name.replace(/^DNS:/, "")).join(", ")}</Fact>
      <Fact label="Made by">{certificate.issuer}</Fact>
    </dl>
    <ul className="divide-y divide-line rounded-lg border border-line bg-surface">
      {certificate.findings.map(({ check, outcome, observed, fix }) => (
        <li
          key={`${check} ${observed}`}
          className="flex flex-wrap items-start justify-between gap-x-4 gap-y-1 px-4 py-3"
        >
          <span className="min-w-0 grow basis-60 break-words">
            <span className="font-medium">{CHECKS[check] ?? check}</span>
            <span className="block text-sm text-muted">
              {observed}
              {fix === "" ? "" : `. ${fix}`}
            </span>
          </span>
          <Badge state={STATES[outcome][0]}>{STATES[outcome][1]}</Badge>
        </li>
      ))}
    </ul>
    <p className="text-muted">
      What the host really shows, and whether browsers know who made it:{" "}
      <code className="font-mono">aegis certs inspect https://HOST</code>
    </p>
  </div>
);

const ROUND: readonly (readonly [limit: number, unit: string])[] = [
  [1e9, "GB"],
  [1e6, "MB"],
  [1e3, "kB"],
];
function size(bytes: number): string {
  const [least, unit] = ROUND.find(([limit]) => bytes >= limit) ?? [1, bytes === 1 ? "byte" : "bytes"];
  return `${number.format(Math.round((bytes / least) * 10) / 10)} ${unit}`;
}

const Kept = ({ backups }: { backups: Backups }) => (
  <div className="space-y-4">
    <dl className={facts}>
      <Fact label="Newest">
        {backups.newest_at === null ? (
          <Badge state="fail">None that can be believed</Badge>
        ) : (
          <span className="flex flex-wrap items-center gap-3">
            <Time at={backups.newest_at} />
            <Badge state={backups.overdue ? "fail" : "pass"}>{backups.overdue ? "Overdue" : "In time"}</Badge>
          </span>
        )}
      </Fact>
      <Fact label="Wanted">
        {backups.schedule}, overdue after {duration(backups.max_age_seconds)}
      </Fact>
    </dl>
    {backups.has_key ? null : (
      <Notice tone="warn" live={false}>
        Nobody can tell whether these are ours: BACKUP_PUBLIC_KEY_FILE of the server is not set. Print the key
        where backups are made: <code className="font-mono">aegis backup key</code>
      </Notice>
    )}
    {backups.items.length === 0 ? (
      <Empty title="No backups in that folder">
        They appear here once <code className="font-mono">aegis backup create</code> has made one.
      </Empty>
    ) : (
      <ul className="divide-y divide-line rounded-lg border border-line bg-surface">
        {backups.items.map(({ id, created_at: at, bytes, parts, problem }) => (
          <li key={id} className="flex flex-wrap items-start justify-between gap-x-4 gap-y-1 px-4 py-3">
            <span className="min-w-0 grow basis-60">
              <code className="font-mono text-sm break-all">{id}</code>
              <span className="block text-sm break-words text-muted">
                {problem ?? (
                  <>
                    {at === null ? "" : <Time at={at} />}
                    {bytes === null ? "" : `, ${size(bytes)}`}
                    {parts.length === 0 ? "" : `: ${parts.join(", ")}`}
                  </>
                )}
              </span>
            </span>
            <Badge state={problem === null ? "pass" : "fail"}>
              {problem === null ? "Signed" : "Not believed"}
            </Badge>
          </li>
        ))}
      </ul>
    )}
    {backups.total > backups.items.length ? (
      <p className="text-muted">And {counted(backups.total - backups.items.length, "older one")}.</p>
    ) : null}
    <p className="text-muted">
      Whether one can be restored is proven by restoring it:{" "}
      <code className="font-mono">aegis backup drill</code>
    </p>
  </div>
);
