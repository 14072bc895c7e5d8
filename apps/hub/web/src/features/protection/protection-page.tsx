import { useQuery } from "@tanstack/react-query";
import { policyQuery } from "../../api/queries.ts";
import { Card, Page } from "../../ui/page.tsx";
import { ErrorState, Loading, Skeleton } from "../../ui/states.tsx";
import { promises } from "./promises.ts";

export function ProtectionPage() {
  const { data, error, refetch } = useQuery(policyQuery);
  return (
    <Page
      title="How we protect your account"
      lead="What you read here is drawn from the rules that the server enforces at this moment."
    >
      {data !== undefined ? (
        <dl className="space-y-4">
          {promises(data).map(([title, text]) => (
            <Card key={title}>
              <dt className="text-lg font-semibold">{title}</dt>
              <dd className="mt-1 text-muted">{text}</dd>
            </Card>
          ))}
        </dl>
      ) : error !== null ? (
        <ErrorState error={error} retry={() => void refetch()} />
      ) : (
        <Loading label="the rules">
          <Skeleton className="mb-4 h-28 w-full" />
          <Skeleton className="mb-4 h-28 w-full" />
        </Loading>
      )}
    </Page>
  );
}
