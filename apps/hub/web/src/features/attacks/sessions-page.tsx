import { useQuery } from "@tanstack/react-query";
import { overviewQuery } from "../../api/attacks.ts";
import { Answer } from "../../ui/answer.tsx";
import { SecurityPage } from "../admin/security-area.tsx";
import { LiveBadge, useLive } from "./live.tsx";
import { ActiveSessions } from "./sessions.tsx";

export const LiveSessionsPage = () => (
  <SecurityPage
    title="Sessions"
    lead="Who is signed in and did something in the last half hour. All sessions of one person are on their page."
  >
    {() => <Sessions />}
  </SecurityPage>
);

function Sessions() {
  const live = useLive(false);
  const query = useQuery(overviewQuery);
  return (
    <div className="space-y-6">
      <div>
        <LiveBadge live={live} />
      </div>
      <Answer query={query} label="the sessions" shape="h-96">
        {({ sessions }) => <ActiveSessions counts={sessions} />}
      </Answer>
    </div>
  );
}
