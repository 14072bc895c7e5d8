import { useQuery } from "@tanstack/react-query";
import type { PublicPolicy } from "../../api/policy.ts";
import { policyQuery } from "../../api/queries.ts";
import { Card, Page } from "../../ui/page.tsx";
import { ErrorState, Loading, Skeleton } from "../../ui/states.tsx";
import { duration } from "../../ui/time.tsx";

/** Made from the policy that the server enforces, so that it cannot promise anything else. */
function promises({ password, session }: PublicPolicy): readonly (readonly [title: string, text: string])[] {
  const classes = [
    password.require_uppercase ? "upper case" : "",
    password.require_lowercase ? "lower case" : "",
    password.require_digit ? "a digit" : "",
    password.require_special ? "a special character" : "",
  ].filter(Boolean);
  return [
    [
      "Your password",
      `It has ${password.min_length} characters or more${classes.length > 0 ? `, with ${classes.join(", ")}` : ", of any kind"}.${password.common_passwords_refused ? " Passwords that attackers try first are refused." : ""} We store only an Argon2id hash: nobody here can read it.`,
    ],
    [
      "Your session",
      `It ends after ${duration(session.idle_timeout_seconds)} without use, and after ${duration(session.absolute_timeout_seconds)} in any case.${session.remember_me_enabled ? ` If you ask to stay signed in: ${duration(session.remember_me_seconds)}.` : ""} Signing out ends it on the server, not only in your browser.`,
    ],
    [
      "Your browser",
      "Scripts cannot read the session cookie, and the browser is told to run nothing on our pages that we did not write.",
    ],
    [
      "Other sites",
      "A request that another site makes in your name is refused. Changes need a token that only your own pages know.",
    ],
    [
      "What we do not do",
      "No third party is loaded on any page, and your browser keeps only your choice of colours and, until you sign out, what you have begun to type in this tab.",
    ],
  ];
}

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
