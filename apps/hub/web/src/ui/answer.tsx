import type { ReactNode } from "react";
import { ApiError } from "../api/client.ts";
import { Button } from "./button.tsx";
import { ErrorState, Loading, Notice, Skeleton } from "./states.tsx";

interface Query<T> {
  readonly data: T | undefined;
  readonly error: Error | null;
  readonly refetch: () => Promise<unknown>;
}

/** A part of a page that waits for one answer: its shape first, then what came, or why nothing did. */
export function Answer<T>({
  query,
  label,
  shape = "h-24",
  children,
}: {
  query: Query<T>;
  label: string;
  shape?: string;
  children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined)
    return (
      <>
        {query.error === null || isSessionOver(query.error) ? null : <Stale query={query} />}
        {children(query.data)}
      </>
    );
  if (query.error !== null) return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  return (
    <Loading label={label}>
      <Skeleton className={`${shape} w-full`} />
    </Loading>
  );
}

/** Told above the page, where the way back is. */
const isSessionOver = (error: Error): boolean => error instanceof ApiError && error.status === 401;

/** What came before stays, so that nothing is lost; but nobody may take it for what is so now. */
const Stale = <T,>({ query }: { query: Query<T> }) => (
  <div className="mb-4">
    <Notice tone="warn">
      <p>What is shown may be old: it could not be asked again. {query.error?.message}</p>
      <Button look="quiet" className="mt-2" onClick={() => void query.refetch()}>
        Try again
      </Button>
    </Notice>
  </div>
);
