/**
 * What has still to be sent. Pure. Threat: a receiver that is down when it matters most, and a message that is lost or
 * comes twice because the watcher was killed between sending and noting it. Rule: a parcel is in the state, on the disk,
 * before it is sent, keeps its id through every attempt, and leaves when somebody took it; the list is bounded, and what
 * falls out of it is counted. References: requirement OPS-4; CWE-770.
 */
import type { Random } from "../lib/random.ts";
import { sha256 } from "../lib/bytes.ts";
import { type Change, LIMITS, type Notice, type Parcel, type WatchState } from "./model.ts";

const LONGEST_PAUSE_MS = 900_000;

/** A channel that tells no address to whoever reads the state. */
export const mailChannel = (address: string): string => `mail:${sha256(address).slice(0, 22)}`;

/** One message of what a look has changed, for each channel. */
export function posted(
  state: WatchState,
  changes: readonly Change[],
  channels: readonly string[],
  { at, random }: { readonly at: number; readonly random: Random },
): WatchState {
  if (changes.length === 0 || channels.length === 0) return state;
  // What failed before what is well again: of many the worst are told.
  const order: readonly Change["to"][] = ["bad", "unseen", "other", "good"];
  const sorted = changes.toSorted((a, b) => order.indexOf(a.to) - order.indexOf(b.to));
  const notice: Notice = {
    id: random.uuid(),
    at,
    changes: sorted.slice(0, LIMITS.told),
    more: Math.max(0, sorted.length - LIMITS.told),
  };
  const all = [
    ...state.outbox,
    ...channels.map((channel): Parcel => ({ channel, notice, attempts: 0, nextAt: at })),
  ];
  const lost = Math.max(0, all.length - LIMITS.outbox);
  return {
    ...state,
    outbox: all.slice(lost),
    parcels: { ...state.parcels, lost: state.parcels.lost + lost },
  };
}

/**
 * The next one whose time has come, oldest first: a receiver reads them in their order. Those for a channel that this
 * run was not given wait for a run that is.
 */
export function due(state: WatchState, now: number, channels: ReadonlySet<string>): Parcel | undefined {
  const busy = new Set<string>();
  for (const parcel of state.outbox) {
    if (busy.has(parcel.channel) || !channels.has(parcel.channel)) continue;
    if (parcel.nextAt <= now) return parcel;
    busy.add(parcel.channel); // those behind wait for the first
  }
  return undefined;
}

const isSame = (one: Parcel, other: Parcel): boolean =>
  one.notice.id === other.notice.id && one.channel === other.channel;

export const taken = (state: WatchState, parcel: Parcel): WatchState => ({
  ...state,
  outbox: state.outbox.filter((one) => !isSame(one, parcel)),
  parcels: { ...state.parcels, sent: state.parcels.sent + 1 },
});

/** Nobody will ever take it. */
export const givenUp = (state: WatchState, parcel: Parcel): WatchState => ({
  ...state,
  outbox: state.outbox.filter((one) => !isSame(one, parcel)),
  parcels: { ...state.parcels, lost: state.parcels.lost + 1 },
});

/** Twice as long each time, a quarter of an hour at most; `first` in milliseconds. */
export const refused = (state: WatchState, parcel: Parcel, now: number, first: number): WatchState => ({
  ...state,
  outbox: state.outbox.map((one) =>
    isSame(one, parcel)
      ? {
          ...one,
          attempts: one.attempts + 1,
          nextAt: now + Math.min(LONGEST_PAUSE_MS, first * 2 ** Math.min(one.attempts, 20)),
        }
      : one,
  ),
});
