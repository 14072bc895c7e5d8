import { getRouteApi, Link } from "@tanstack/react-router";
import { type ControlCell, type Outcome, OUTCOMES, type RoomRow } from "../../api/posture.ts";
import { Button } from "../../ui/button.tsx";
import {
  HistoryStrip,
  OUTCOME_CELLS,
  OUTCOME_GLYPHS,
  OUTCOME_WORDS,
  OutcomeBadge,
} from "../../ui/outcome.tsx";
import { Empty } from "../../ui/states.tsx";
import { Time } from "../../ui/time.tsx";
import { counted } from "../../ui/words.ts";
import { scoreWords } from "./words.ts";

const route = getRouteApi("/admin/security/posture");

const isOpen = ({ outcome }: ControlCell): boolean => outcome !== "pass" && outcome !== "not-applicable";
const exact = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });

/** The worst of a room in each run: what its strip shows. */
const RANK: readonly Outcome[] = ["fail", "error", "unknown", "pass", "not-applicable"];
const worstOf = (controls: readonly ControlCell[]): readonly (Outcome | null)[] =>
  (controls[0]?.history ?? []).map(
    (_, place) => RANK.find((one) => controls.some(({ history }) => history[place] === one)) ?? null,
  );

export function Wall({ rooms }: { rooms: readonly RoomRow[] }) {
  const { open = false } = route.useSearch();
  const navigate = route.useNavigate();
  const shown = open
    ? rooms.flatMap((room) => {
        const controls = room.controls.filter(isOpen);
        return controls.length === 0 ? [] : [{ ...room, controls, of: room.controls.length }];
      })
    : rooms.map((room) => ({ ...room, of: room.controls.length }));
  return (
    <div className="space-y-4">
      <div className="flex flex-wrap items-center gap-x-6 gap-y-3">
        <Button
          look="quiet"
          aria-pressed={open}
          onClick={() =>
            void navigate({
              search: ({ open: _was, ...old }) => (open ? old : { ...old, open: true }),
              replace: true,
              resetScroll: false,
            })
          }
        >
          {open ? "Show all controls" : "Show only what is not proven"}
        </Button>
        <ul className="flex flex-wrap gap-x-4 gap-y-1 text-sm text-muted" aria-label="Meaning of the cells">
          {OUTCOMES.map((outcome) => (
            <li key={outcome} className="flex items-center gap-1.5">
              <span
                aria-hidden="true"
                className={`grid size-5 place-items-center rounded-sm text-sm font-bold ${OUTCOME_CELLS[outcome]}`}
              >
                {OUTCOME_GLYPHS[outcome]}
              </span>
              {OUTCOME_WORDS[outcome]}
            </li>
          ))}
        </ul>
      </div>
      {shown.length === 0 ? (
        <Empty title="All that applies is proven">What fails or could not be seen appears here.</Empty>
      ) : (
        <ul className="divide-y divide-line rounded-lg border border-line bg-surface">
          {shown.map((room) => (
            <Room key={room.room} room={room} list={open} />
          ))}
        </ul>
      )}
    </div>
  );
}

const Room = ({
  room: { room, score, controls, of },
  list,
}: {
  room: RoomRow & { readonly of: number };
  list: boolean;
}) => (
  <li className="grid gap-x-6 gap-y-2 px-4 py-3 sm:grid-cols-[11rem_1fr] sm:px-5">
    <div>
      <h3 className="font-medium">{room}</h3>
      <p className="text-sm text-muted tabular-nums">
        {scoreWords(score)}
        {score === null ? "" : " of 100"} · {controls.length < of ? `${controls.length} of ` : ""}
        {counted(of, "control")}
      </p>
      <p className="mt-1">
        <HistoryStrip history={worstOf(controls)} />
      </p>
    </div>
    {list ? (
      <ul className="space-y-3">
        {controls.map((control) => (
          <Row key={control.id} control={control} />
        ))}
      </ul>
    ) : (
      <ul className="flex flex-wrap content-start gap-1.5">
        {controls.map((control) => (
          <Cell key={control.id} control={control} />
        ))}
      </ul>
    )}
  </li>
);

const Cell = ({ control: { id, claim, outcome, at } }: { control: ControlCell }) => (
  <li>
    <Link
      to="/admin/security/posture/$control"
      params={{ control: id }}
      search={keptTarget}
      // Three hundred of them: what each leads to is asked for when it is opened.
      preload={false}
      title={`${claim}\n${OUTCOME_WORDS[outcome]}, ${exact.format(new Date(at))}`}
      aria-label={`${OUTCOME_WORDS[outcome]}: ${claim}`}
      className={`grid size-7 place-items-center rounded-sm font-bold hover:outline-2 hover:outline-offset-1 hover:outline-accent ${OUTCOME_CELLS[outcome]}`}
    >
      <span aria-hidden="true">{OUTCOME_GLYPHS[outcome]}</span>
    </Link>
  </li>
);

const Row = ({
  control: { id, claim, outcome, at, passed_at: passed, history },
}: {
  control: ControlCell;
}) => (
  <li className="flex flex-wrap items-start justify-between gap-x-4 gap-y-1">
    <span className="min-w-0 grow basis-60">
      <Link
        to="/admin/security/posture/$control"
        params={{ control: id }}
        search={keptTarget}
        preload={false}
        className="font-medium text-accent underline underline-offset-4"
      >
        {claim}
      </Link>
      <span className="block text-sm text-muted">
        looked at <Time at={at} />,{" "}
        {passed === null ? (
          "never proven"
        ) : (
          <>
            last proven <Time at={passed} />
          </>
        )}
      </span>
      <HistoryStrip history={history} />
    </span>
    <OutcomeBadge outcome={outcome} />
  </li>
);

/** The target goes along to a control and back. */
const keptTarget = ({ target }: { target?: string }) => (target === undefined ? {} : { target });
