import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type Device, revokeDevice, revokeOthers } from "../../api/account.ts";
import { devicesQuery } from "../../api/queries.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Empty, Notice } from "../../ui/states.tsx";
import { Time } from "../../ui/time.tsx";

type Asked = { readonly kind: "one"; readonly device: Device } | { readonly kind: "others" } | null;

export function Devices({ items }: { items: readonly Device[] }) {
  const client = useQueryClient();
  const [asked, setAsked] = useState<Asked>(null);
  const [done, setDone] = useState<string | undefined>(undefined);
  const ending = useMutation({
    mutationFn: (what: NonNullable<Asked>) =>
      what.kind === "one" ? revokeDevice(what.device.id) : revokeOthers(),
    onSuccess: ({ revoked }) =>
      setDone(revoked === 1 ? "One session has ended." : `${revoked} sessions have ended.`),
    onSettled: () => {
      setAsked(null);
      return client.invalidateQueries({ queryKey: devicesQuery.queryKey });
    },
  });
  const others = items.filter(({ current }) => !current);
  return (
    <div className="space-y-4">
      {done === undefined ? null : (
        <Notice tone="pass" catchesFocus>
          {done}
        </Notice>
      )}
      {ending.error === null ? null : <Notice tone="fail">{ending.error.message}</Notice>}
      <ul className="space-y-3">
        {items
          .toSorted((a, b) => Number(b.current) - Number(a.current))
          .map((device) => (
            <Row key={device.id} device={device} onEnd={() => setAsked({ kind: "one", device })} />
          ))}
      </ul>
      {others.length === 0 ? (
        <Empty title="No other sessions">When you sign in on another device, it appears here.</Empty>
      ) : (
        <Button look="danger" onClick={() => setAsked({ kind: "others" })}>
          Sign out everywhere else
        </Button>
      )}
      <Confirm
        open={asked !== null}
        title={asked?.kind === "one" ? "End this session?" : "Sign out everywhere else?"}
        action={asked?.kind === "one" ? "End session" : "Sign out"}
        busy={ending.isPending}
        onClose={() => setAsked(null)}
        onConfirm={() => asked !== null && ending.mutate(asked)}
      >
        {asked?.kind === "one"
          ? `${asked.device.device} at ${asked.device.ip} is signed out at once. Work that is not saved there is lost.`
          : `${others.length === 1 ? "One other session is" : `${others.length} other sessions are`} signed out at once. This one stays.`}{" "}
        This cannot be undone; they can sign in again.
      </Confirm>
    </div>
  );
}

const Row = ({ device, onEnd }: { device: Device; onEnd: () => void }) => (
  <li className="flex flex-wrap items-center justify-between gap-4 rounded-lg border border-line bg-surface p-5">
    <div>
      <p className="font-medium">
        {device.device}
        {device.current ? (
          <span className="ml-3 rounded-full bg-pass-soft px-2.5 py-0.5 text-sm text-pass">✓ this one</span>
        ) : null}
      </p>
      <p className="mt-1 text-sm text-muted">
        <span className="inline-block max-w-full font-mono break-all">{device.ip}</span>
        {typeof device.place === "string" ? ` (${device.place})` : ""} · signed in{" "}
        <Time at={device.created_at} /> · last seen <Time at={device.last_seen_at} />
      </p>
    </div>
    {device.current ? null : (
      <Button
        look="danger"
        onClick={onEnd}
        aria-label={`End the session of ${device.device} at ${device.ip}`}
      >
        End session
      </Button>
    )}
  </li>
);
