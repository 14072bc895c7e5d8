/** Keeps the picture fresh by server-sent events, and says how that goes. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { overview, overviewQuery, STREAM } from "../../api/attacks.ts";
import { sessionQuery } from "../../api/queries.ts";
import { Badge, type State } from "../../ui/badge.tsx";

export type Live = "connecting" | "live" | "reconnecting" | "paused";

const WORDS: Record<Live, readonly [state: State, word: string]> = {
  connecting: ["unknown", "Connecting"],
  live: ["pass", "Live"],
  reconnecting: ["warn", "Reconnecting"],
  paused: ["unknown", "Paused"],
};

export const LiveBadge = ({ live }: { live: Live }) => (
  <span role="status">
    <Badge state={WORDS[live][0]}>{WORDS[live][1]}</Badge>
  </span>
);

/** After a refusal the browser does not come again by itself. */
const AGAIN_MS = 5000;

export function useLive(paused: boolean): Live {
  const client = useQueryClient();
  const [live, setLive] = useState<Live>("connecting");
  useEffect(() => {
    if (paused) return;
    let source: EventSource | undefined;
    let timer: number | undefined;
    const connect = () => {
      source = new EventSource(STREAM);
      source.addEventListener("open", () => setLive("live"));
      source.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
        try {
          client.setQueryData(overviewQuery.queryKey, overview(JSON.parse(String(data))));
          setLive("live");
        } catch {
          // A newer server with an older page: what is shown stays, and asking afresh says what is wrong.
          void client.invalidateQueries({ queryKey: overviewQuery.queryKey });
        }
      });
      source.addEventListener("error", () => {
        setLive("reconnecting");
        if (source?.readyState !== EventSource.CLOSED) return;
        // Refused: perhaps the session is over, which its own question finds out.
        void client.invalidateQueries({ queryKey: sessionQuery.queryKey });
        timer = window.setTimeout(connect, AGAIN_MS);
      });
    };
    setLive("connecting");
    connect();
    return () => {
      window.clearTimeout(timer);
      source?.close();
    };
  }, [client, paused]);
  return paused ? "paused" : live;
}
