import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { endProgram, type Program } from "../../api/programs.ts";
import { policyQuery } from "../../api/queries.ts";
import { programsQuery } from "../../api/security-queries.ts";
import { Answer } from "../../ui/answer.tsx";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Section } from "../../ui/page.tsx";
import { Empty, Notice } from "../../ui/states.tsx";
import { Time } from "../../ui/time.tsx";
import { scopeWords } from "./scope-words.ts";

/** Programs that act for this account without a session in a browser; each can be ended alone. */
export function ProgramsPart() {
  const client = useQueryClient();
  const givesOut = useQuery(policyQuery).data?.tokens === true;
  const programs = useQuery({ ...programsQuery, enabled: givesOut });
  const [said, setSaid] = useState<string | undefined>(undefined);
  const [asked, setAsked] = useState<Program | null>(null);
  const ending = useMutation({
    mutationFn: ({ id }: Program) => endProgram(id),
    onSuccess: async (_, { client: name }) => {
      setSaid(`“${name}” no longer has access.`);
      await client.invalidateQueries({ queryKey: ["me"] });
    },
    onSettled: () => setAsked(null),
  });
  if (!givesOut) return null;
  return (
    <Section
      id="programs"
      title="Programs with access"
      lead="Programs that you let use this account, on a phone for example. If you do not know one of them, end it and change your password."
    >
      {said === undefined ? null : (
        <Notice tone="pass" catchesFocus>
          {said}
        </Notice>
      )}
      {ending.error === null ? null : <Notice tone="fail">{ending.error.message}</Notice>}
      <Answer query={programs} label="your programs">
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No programs">No program has access to this account.</Empty>
          ) : (
            <ul className="space-y-3">
              {items.map((program) => (
                <Row key={program.id} program={program} onEnd={() => setAsked(program)} />
              ))}
            </ul>
          )
        }
      </Answer>
      <Confirm
        open={asked !== null}
        title={`End the access of “${asked?.client ?? ""}”?`}
        action="End access"
        busy={ending.isPending}
        onClose={() => setAsked(null)}
        onConfirm={() => asked !== null && ending.mutate(asked)}
      >
        It stops working at once. To use it again, you would have to sign in to it anew.
      </Confirm>
    </Section>
  );
}

function Row({ program, onEnd }: { program: Program; onEnd: () => void }) {
  return (
    <li className="flex flex-wrap items-center justify-between gap-4 rounded-lg border border-line bg-surface p-5">
      <div className="min-w-0">
        <p className="font-medium break-words">{program.client}</p>
        <p className="mt-1 text-sm text-muted">
          {program.device} · <span className="font-mono break-all">{program.ip}</span> · since{" "}
          <Time at={program.created_at} /> · last used <Time at={program.last_used_at} />
        </p>
        <p className="mt-1 text-sm text-muted">
          {program.scopes.length === 0
            ? "It may do nothing."
            : `It may ${program.scopes.map(scopeWords).join(", ")}.`}
        </p>
      </div>
      <Button look="danger" onClick={onEnd} aria-label={`End the access of ${program.client}`}>
        End access
      </Button>
    </li>
  );
}
