import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { liftBan, type Overview, overviewQuery } from "../../api/attacks.ts";
import { Answer } from "../../ui/answer.tsx";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Section } from "../../ui/page.tsx";
import { Notice } from "../../ui/states.tsx";
import { SecurityPage } from "../admin/security-area.tsx";
import { Addresses, addressWords } from "./addresses.tsx";
import { Charts } from "./chart.tsx";
import { Findings } from "./findings.tsx";
import { LiveBadge, useLive } from "./live.tsx";
import { Bans, Limits } from "./tables.tsx";

export const AttacksPage = () => (
  <SecurityPage
    title="Attacks and limits"
    lead="What goes on right now: patterns with their evidence, limits and bans."
  >
    {() => <Attacks />}
  </SecurityPage>
);

function Attacks() {
  const [paused, setPaused] = useState(false);
  const query = useQuery(overviewQuery);
  const live = useLive(paused);
  return (
    <div className="space-y-6">
      <div className="flex flex-wrap items-center gap-3">
        <LiveBadge live={live} />
        <Button look="quiet" onClick={() => setPaused(!paused)}>
          {paused ? "Go on" : "Pause"}
        </Button>
        {live === "reconnecting" ? (
          <span className="text-muted">What is shown may be old; it goes on by itself.</span>
        ) : null}
      </div>
      <Answer query={query} label="the security page" shape="h-96">
        {(overview) => <Picture overview={overview} />}
      </Answer>
    </div>
  );
}

function Picture({ overview }: { overview: Overview }) {
  const client = useQueryClient();
  const [asked, setAsked] = useState<{ readonly key: string; readonly address: string } | null>(null);
  const [said, setSaid] = useState<string | undefined>(undefined);
  const lifting = useMutation({
    mutationFn: ({ key }: { key: string; address: string }) => liftBan(key),
    onMutate: () => setSaid(undefined),
    onSuccess: (_, { address }) => setSaid(`The ban of ${address} is lifted.`),
    onSettled: () => {
      setAsked(null);
      return client.invalidateQueries({ queryKey: overviewQuery.queryKey });
    },
  });
  const { window_minutes: minutes } = overview;
  // Kept as it was when it was asked: a ban may end, and be gone from the picture, while somebody reads the question.
  const ask = ({ key, address }: { readonly key: string; readonly address: string | null }): void =>
    setAsked({ key, address: addressWords(address) });
  return (
    <div className="space-y-12">
      {said === undefined ? null : (
        <Notice tone="pass" catchesFocus>
          {said}
        </Notice>
      )}
      {lifting.error === null ? null : (
        <Notice tone="fail" catchesFocus>
          {lifting.error.message}
        </Notice>
      )}
      <Section
        id="patterns"
        title="Patterns"
        lead="Suspicions for a person to judge. Nobody is refused because of one."
      >
        <Findings findings={overview.findings} minutes={minutes} />
      </Section>
      <Section id="hour" title="The last hour">
        <Charts minutes={overview.minutes} />
      </Section>
      <Section
        id="addresses"
        title="Most limited addresses"
        lead={`Of the last ${minutes} minutes. Behind one address there can be a whole class.`}
      >
        <Addresses rows={overview.addresses} minutes={minutes} onLift={ask} />
      </Section>
      <Section id="bans" title="Bans">
        <Bans bans={overview.bans} onLift={ask} />
      </Section>
      <Section
        id="limits"
        title="Limits"
        lead="What everybody together asks for, in this minute and the one before. The limit is for each address or person."
      >
        <Limits limits={overview.limits} />
      </Section>
      <Confirm
        open={asked !== null}
        title={`Lift the ban of ${asked?.address ?? ""}?`}
        action="Lift the ban"
        busy={lifting.isPending}
        onClose={() => setAsked(null)}
        onConfirm={() => asked !== null && lifting.mutate(asked)}
      >
        Everybody behind this address can ask again at once, and what was held against it is forgotten. If it
        goes on as before, it is banned anew by itself.
      </Confirm>
    </div>
  );
}
