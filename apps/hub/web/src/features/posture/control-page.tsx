import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type Exchange, type Proof, proofQuery } from "../../api/posture.ts";
import { Answer } from "../../ui/answer.tsx";
import { Fact } from "../../ui/fact.tsx";
import { HistoryStrip, OUTCOME_WORDS, OutcomeBadge } from "../../ui/outcome.tsx";
import { Card, Section } from "../../ui/page.tsx";
import { Empty } from "../../ui/states.tsx";
import { Time } from "../../ui/time.tsx";
import { SecurityPage } from "../admin/security-area.tsx";
import { counted } from "../../ui/words.ts";

const route = getRouteApi("/admin/security/posture/$control");

export function ControlPage() {
  const { control } = route.useParams();
  const search = route.useSearch();
  return (
    <SecurityPage title={control}>
      {() => (
        <>
          <p className="-mt-4 mb-6">
            <Link
              to="/admin/security/posture"
              search={search}
              className="inline-flex min-h-11 items-center text-accent underline underline-offset-4"
            >
              All controls
            </Link>
          </p>
          <Whole id={control} target={search.target} />
        </>
      )}
    </SecurityPage>
  );
}

function Whole({ id, target }: { id: string; target: string | undefined }) {
  const query = useQuery(proofQuery(id, target));
  return (
    <Answer query={query} label="the control" shape="h-96">
      {(proof) => (
        <div className="space-y-12">
          <Facts proof={proof} />
          {proof.outcome === "pass" || proof.outcome === "not-applicable" ? null : <Fix proof={proof} />}
          <Section id="evidence" title="Evidence" lead="As it was stored: secrets are cut out before.">
            <Evidence proof={proof} />
          </Section>
          {proof.cells.total === 0 ? null : (
            <Section id="cells" title="Route by route">
              <Cells proof={proof} />
            </Section>
          )}
          <Section id="history" title="History">
            <History proof={proof} />
          </Section>
        </div>
      )}
    </Answer>
  );
}

const Facts = ({ proof }: { proof: Proof }) => (
  <Card className="space-y-4">
    <div className="flex flex-wrap items-start justify-between gap-3">
      <p className="min-w-0 grow basis-60 text-lg font-medium">{proof.claim}</p>
      <OutcomeBadge outcome={proof.outcome} />
    </div>
    <dl className="grid gap-x-8 gap-y-1 sm:grid-cols-[auto_1fr] sm:gap-y-2">
      <Fact label="Seen">{proof.observed}</Fact>
      {proof.expected === null ? null : <Fact label="Wanted">{proof.expected}</Fact>}
      <Fact label="When">
        <Time at={proof.at} />
      </Fact>
      <Fact label="Where">
        <span className="break-all">{proof.origin}</span> ({proof.target})
      </Fact>
      {proof.proves.length === 0 ? null : (
        <Fact label="Proves">
          <Codes words={proof.proves} />
        </Fact>
      )}
      {proof.references.length === 0 ? null : (
        <Fact label="References">
          <Codes words={proof.references} />
        </Fact>
      )}
      <Fact label="Saved in">
        <code className="font-mono text-sm break-all">{proof.file}</code>
      </Fact>
    </dl>
  </Card>
);

const Codes = ({ words }: { words: readonly string[] }) => (
  <span className="flex flex-wrap gap-x-3">
    {words.map((one) => (
      <code key={one} className="font-mono text-sm break-all">
        {one}
      </code>
    ))}
  </span>
);

const Fix = ({ proof: { advice } }: { proof: Proof }) => (
  <Section id="fix" title="How to mend it">
    <dl className="grid gap-x-8 gap-y-1 sm:grid-cols-[auto_1fr] sm:gap-y-2">
      <Fact label="What it does">{advice.symptom}</Fact>
      <Fact label="Where it comes from">{advice.cause}</Fact>
      <Fact label="What to do">
        <span className="font-medium">{advice.fix}</span>
      </Fact>
    </dl>
  </Section>
);

const Evidence = ({ proof: { evidence, more_evidence: more } }: { proof: Proof }) =>
  evidence.length === 0 ? (
    <Empty title="No exchange was stored">
      What was asked and answered appears here when a control keeps it.
    </Empty>
  ) : (
    <>
      <ol className="space-y-3">
        {evidence.map((exchange, place) => (
          <li key={place}>
            <Shown exchange={exchange} />
          </li>
        ))}
      </ol>
      {more === 0 ? null : <p className="text-muted">And {counted(more, "exchange")} more, in the file.</p>}
    </>
  );

const Shown = ({ exchange: { request, status, headers, body } }: { exchange: Exchange }) => (
  <details className="rounded-lg border border-line bg-surface" open>
    <summary className="flex min-h-11 cursor-pointer flex-wrap items-center gap-x-3 px-4 py-2">
      <code className="font-mono text-sm break-all">{request}</code>
      <span className="text-sm text-muted tabular-nums">answered {status}</span>
    </summary>
    <pre
      className="overflow-x-auto border-t border-line px-4 py-3 font-mono text-sm whitespace-pre-wrap break-all"
      tabIndex={0}
      aria-label={`Answer to ${request}`}
      role="region"
    >
      {headers.join("\n")}
      {body === "" ? "" : `\n\n${body}`}
    </pre>
  </details>
);

const Cells = ({ proof: { cells } }: { proof: Proof }) => (
  <>
    <p className="text-muted">
      {counted(cells.total, "call")}: {cells.counts.pass} proven, {cells.counts.fail + cells.counts.error}{" "}
      failing, {cells.counts.unknown} not proven.
      {cells.items.length < cells.total ? ` The first ${cells.items.length}, the worst on top:` : ""}
    </p>
    <ul className="divide-y divide-line rounded-lg border border-line bg-surface">
      {cells.items.map(({ method, path, outcome, observed }, place) => (
        <li key={place} className="flex flex-wrap items-start justify-between gap-x-4 gap-y-1 px-4 py-2">
          <span className="min-w-0 grow basis-60">
            <code className="font-mono text-sm break-all">
              {method} {path}
            </code>
            <span className="block text-sm break-words text-muted">{observed}</span>
          </span>
          <OutcomeBadge outcome={outcome} />
        </li>
      ))}
    </ul>
  </>
);

const History = ({ proof: { history } }: { proof: Proof }) => (
  <>
    <p>
      <HistoryStrip history={history.map(({ outcome }) => outcome).toReversed()} />
    </p>
    <ol className="divide-y divide-line rounded-lg border border-line bg-surface">
      {history.map(({ file, at, outcome, observed }) => (
        <li key={file} className="flex flex-wrap items-start gap-x-4 gap-y-1 px-4 py-2">
          <span className="w-36 shrink-0 text-muted">
            <Time at={at} />
          </span>
          <span className="min-w-0 grow basis-60 break-words">
            <span className="sr-only">{OUTCOME_WORDS[outcome]}: </span>
            {observed}
          </span>
          <span aria-hidden="true">
            <OutcomeBadge outcome={outcome} />
          </span>
        </li>
      ))}
    </ol>
  </>
);
