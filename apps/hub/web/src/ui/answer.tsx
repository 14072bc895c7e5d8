import type { ReactNode } from "react";
import { ErrorState, Loading, Skeleton } from "./states.tsx";

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
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error !== null) return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  return (
    <Loading label={label}>
      <Skeleton className={`${shape} w-full`} />
    </Loading>
  );
}
