import { useQuery } from "@tanstack/react-query";
import { devicesQuery } from "../../api/queries.ts";
import { Page } from "../../ui/page.tsx";
import { ErrorState, Loading, Skeleton } from "../../ui/states.tsx";
import { Devices } from "./devices.tsx";

export function SessionsPage() {
  const { data, error, refetch } = useQuery(devicesQuery);
  return (
    <Page
      title="Devices and sessions"
      lead="Everywhere you are signed in. If you do not know one of them, end it."
    >
      {data !== undefined ? (
        <Devices items={data.items} />
      ) : error !== null ? (
        <ErrorState error={error} retry={() => void refetch()} />
      ) : (
        <Loading label="your sessions">
          <Skeleton className="mb-3 h-24 w-full" />
          <Skeleton className="h-24 w-full" />
        </Loading>
      )}
    </Page>
  );
}
