import { Button } from "../../ui/button.tsx";
import type { Item } from "./queue.ts";

const words: Record<Item["state"], string> = {
  waiting: "Waiting",
  sending: "Uploading",
  checking: "Being checked",
  failed: "Not uploaded",
};

/** Files on their way, each with its bar, its way to stop it, and what went wrong with it. */
export function SendingList({
  items,
  onCancel,
}: {
  items: readonly Item[];
  onCancel: (key: number) => void;
}) {
  if (items.length === 0) return null;
  return (
    <section aria-labelledby="on-their-way">
      <h2 id="on-their-way" className="mb-3 text-lg font-semibold">
        On their way
      </h2>
      <ul className="space-y-3">
        {items.map((item) => (
          <SendingRow key={item.key} item={item} onCancel={() => onCancel(item.key)} />
        ))}
      </ul>
    </section>
  );
}

function SendingRow({ item, onCancel }: { item: Item; onCancel: () => void }) {
  const { name, state, progress, problem } = item;
  const percent = Math.round(progress * 100);
  const failed = state === "failed";
  return (
    <li className="rounded-lg border border-line bg-surface p-4">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="min-w-0 grow basis-40 font-medium break-words">{name}</p>
        <Button look="quiet" aria-label={`${failed ? "Put away" : "Cancel"} ${name}`} onClick={onCancel}>
          {failed ? "Put away" : "Cancel"}
        </Button>
      </div>
      {failed ? (
        <p role="alert" className="mt-2 text-fail">
          <span aria-hidden="true">× </span>
          {problem}
        </p>
      ) : (
        <div className="mt-2">
          <div
            role="progressbar"
            aria-label={`Upload of ${name}`}
            aria-valuemin={0}
            aria-valuemax={100}
            aria-valuenow={percent}
          >
            <svg viewBox="0 0 100 6" preserveAspectRatio="none" className="h-1.5 w-full" aria-hidden="true">
              <rect width="100" height="6" rx="1" className="fill-line" />
              <rect width={Math.max(1, percent)} height="6" rx="1" className="fill-accent" />
            </svg>
          </div>
          <p className="mt-1 text-sm text-muted tabular-nums">
            {words[state]}
            {state === "sending" ? `, ${percent} %` : ""}
          </p>
        </div>
      )}
    </li>
  );
}
