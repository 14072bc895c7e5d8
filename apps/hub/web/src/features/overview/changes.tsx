import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Overview } from "../../api/attacks.ts";
import type { Posture } from "../../api/posture.ts";
import type { Upkeep } from "../../api/upkeep.ts";
import { Badge, type State } from "../../ui/badge.tsx";
import { Empty } from "../../ui/states.tsx";
import { Time } from "../../ui/time.tsx";
import { addressWords } from "../attacks/addresses.tsx";
import { points } from "../posture/words.ts";

interface Change {
  readonly key: string;
  readonly at: string;
  readonly state: State;
  readonly word: string;
  readonly words: ReactNode;
}

const MOST = 12;
const link = "font-medium text-accent underline underline-offset-4";

/** What moved, of all that the area knows, the newest first. */
export function Changes({
  posture,
  attacks,
  upkeep,
}: {
  posture: Posture | undefined;
  attacks: Overview | undefined;
  upkeep: Upkeep | undefined;
}) {
  const changes = [...ofPosture(posture), ...ofAttacks(attacks), ...ofReleases(upkeep)]
    .toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at))
    .slice(0, MOST);
  if (changes.length === 0)
    return (
      <Empty title="Nothing has changed">
        Controls that pass or fail anew, attacks, bans and releases appear here, the newest first.
      </Empty>
    );
  return (
    <ol className="divide-y divide-line rounded-lg border border-line bg-surface">
      {changes.map(({ key, at, state, word, words }) => (
        <li key={key} className="flex flex-wrap items-start gap-x-4 gap-y-1 px-4 py-3 sm:px-5">
          <span className="w-28 shrink-0">
            <Badge state={state}>{word}</Badge>
          </span>
          <span className="min-w-0 grow basis-60 break-words">
            {words}
            <span className="block text-sm text-muted">
              <Time at={at} />
            </span>
          </span>
        </li>
      ))}
    </ol>
  );
}

function ofPosture(posture: Posture | undefined): readonly Change[] {
  return (posture?.changes ?? []).map(({ file, at, delta, is_worse: isWorse, causes, differences }) => {
    const [first] = causes;
    const more = causes.length - 1;
    return {
      key: `posture ${file}`,
      at,
      state: isWorse ? "fail" : causes.some(({ effect }) => effect === "better") ? "pass" : "unknown",
      word: isWorse ? "Worse" : "Score",
      words: (
        <>
          The score {points(delta)}
          {first === undefined ? (
            `: ${differences[0] ?? ""}`
          ) : (
            <>
              {": "}
              <Link to="/admin/security/posture/$control" params={{ control: first.id }} className={link}>
                {first.claim}
              </Link>
              {more > 0 ? ` and ${more} more` : ""}
            </>
          )}
        </>
      ),
    };
  });
}

function ofAttacks(attacks: Overview | undefined): readonly Change[] {
  const found = (attacks?.findings ?? []).map(
    ({ pattern, title, first_at: at, addresses, account }, place): Change => ({
      key: `attack ${pattern} ${place}`,
      at,
      state: "warn",
      word: "Attack",
      words: (
        <>
          <Link to="/admin/security/attacks" className={link}>
            {title}
          </Link>
          {account === null ? "" : ` of ${account}`} from {addressWords(addresses[0]?.address ?? null)}
          {addresses.length > 1 ? ` and ${addresses.length - 1} more` : ""}
        </>
      ),
    }),
  );
  const bans = (attacks?.bans ?? []).map(({ key, address, since, until }): Change => ({
    key: `ban ${key}`,
    at: since,
    state: "warn",
    word: "Ban",
    words: (
      <>
        {addressWords(address)} was banned; that ends <Time at={until} />
      </>
    ),
  }));
  return [...found, ...bans];
}

function ofReleases(upkeep: Upkeep | undefined): readonly Change[] {
  if (upkeep?.releases.state !== "known") return [];
  return upkeep.releases.items.slice(0, 5).map(({ id, kind, started_at: at, outcome, reason }): Change => ({
    key: `release ${id} ${at}`,
    at,
    state: outcome === "live" ? "pass" : outcome === "failed" ? "fail" : "warn",
    word: "Release",
    words: `${kind === "release" ? "Release" : "Way back to"} ${id} ${
      outcome === "live" ? "went live" : outcome === "failed" ? "failed" : "was taken back"
    }${reason === null ? "" : `: ${reason}`}`,
  }));
}
