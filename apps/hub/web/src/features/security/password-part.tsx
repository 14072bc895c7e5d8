import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { policyQuery } from "../../api/queries.ts";
import { passwordQuery } from "../../api/security-queries.ts";
import type { SignedIn } from "../../api/sign-in.ts";
import { Answer } from "../../ui/answer.tsx";
import { Button } from "../../ui/button.tsx";
import { Card, Section } from "../../ui/page.tsx";
import { Notice } from "../../ui/states.tsx";
import { Time } from "../../ui/time.tsx";
import { useArrive } from "../account/arrive.ts";
import { ChangePasswordForm } from "../account/change-password-form.tsx";

export function PasswordPart({ session: { user } }: { session: SignedIn }) {
  const client = useQueryClient();
  const arrive = useArrive("/account/security");
  const password = useQuery(passwordQuery);
  const policy = useQuery(policyQuery).data;
  const [changing, setChanging] = useState(false);
  const [ended, setEnded] = useState<number | undefined>(undefined);
  return (
    <Section id="password" title="Password">
      {ended === undefined ? null : (
        <Notice tone="pass" catchesFocus>
          Your password is changed.{" "}
          {ended === 0
            ? "No other session was open."
            : `${ended} other session${ended === 1 ? " has" : "s have"} ended.`}
        </Notice>
      )}
      <Answer query={password} label="your password's state">
        {(data) => (
          <Card>
            <p>
              Changed <Time at={data.changed_at} />.{" "}
              {data.expires_at === null ? (
                <span className="text-muted">It does not expire.</span>
              ) : (
                <>
                  It expires <Time at={data.expires_at} />.
                </>
              )}
            </p>
            {changing && policy !== undefined ? (
              <div className="mt-5 max-w-md border-t border-line pt-5">
                <p className="mb-4 text-muted">All your other sessions end. This one stays.</p>
                <ChangePasswordForm
                  policy={policy}
                  minLength={data.min_length}
                  username={user.username}
                  words={[user.username, ...(user.email ?? "").split("@"), policy.product]}
                  onChanged={async (result) => {
                    setEnded(result.sessions_ended);
                    setChanging(false);
                    await client.invalidateQueries({ queryKey: ["me"] });
                    if (result.next !== undefined && result.next.step !== "complete")
                      await arrive(result.next);
                  }}
                  aside={
                    <Button look="quiet" onClick={() => setChanging(false)}>
                      Cancel
                    </Button>
                  }
                />
              </div>
            ) : (
              <Button look="quiet" className="mt-4" onClick={() => setChanging(true)}>
                Change password
              </Button>
            )}
          </Card>
        )}
      </Answer>
    </Section>
  );
}
