/** The watch itself: a beat, now and then a look, and a message where something changed. */
import { setTimeout as sleep } from "node:timers/promises";
import { lookAtHealth } from "aegis/verify";
import {
  beaten,
  certificateObservations,
  controlsSeen,
  identityOf,
  identitySeen,
  inDoubt,
  isThere,
  observed,
  type WatchPlan,
} from "aegis/watch";
import { tell } from "../talk.ts";
import type { Deliverer } from "./deliver.ts";
import type { Keeper } from "./keeper.ts";
import {
  type Aim,
  type ControlsLook,
  endedFindings,
  lookAtCertificate,
  lookAtControls,
  type Scope,
} from "./looks.ts";

export interface Watching {
  readonly aim: Aim;
  readonly plan: WatchPlan;
  readonly scope: Scope;
  readonly everyMs: number;
  readonly minDays: number;
  readonly healthPath: string;
  readonly readyPath: string;
  readonly keeper: Keeper;
  readonly deliverer: Deliverer;
  readonly signal: AbortSignal;
}

/** A look that goes on beside the beats. */
interface Look {
  readonly controls: Promise<void>;
  result: ControlsLook | undefined;
  /** The target was away at some beat meanwhile. */
  wasAway: boolean;
}

/** Until its end, or until the signal. */
export async function watch(watching: Watching): Promise<void> {
  const { keeper, deliverer, plan, signal, aim } = watching;
  const over = new AbortController(); // a look that is under way at the end has nobody to tell
  const looking = AbortSignal.any([signal, over.signal]);
  let [nextLook, nextCertificate] = [0, 0];
  let look: Look | undefined;
  let areGone = false;
  const end = keeper.state.until;
  while (!signal.aborted && Date.now() < end) {
    const began = Date.now();
    const beat = await lookAtHealth(
      {
        origin: aim.origin,
        wire: { ...aim.wire, signal }, // told to end, it asks no further
        healthPath: watching.healthPath,
        readyPath: watching.readyPath,
      },
      Date.now,
    );
    if (signal.aborted) break;
    keeper.take(beaten(keeper.state, beat, Math.min(Date.now(), end), plan, look !== undefined));
    const there = isThere(keeper.state);
    if (look !== undefined && !there) look.wasAway = true;
    if (look?.result !== undefined) {
      // A beat after its end: a target that went away under its last probes has been noticed by now.
      const { result, wasAway } = look;
      const { findings, accountsMade } = result;
      keeper.take(
        controlsSeen(
          keeper.state,
          { findings, accountsMade, wasThere: result.reachable && !wasAway },
          Date.now(),
        ),
      );
      look = undefined;
    }
    const doubtful = inDoubt(keeper.state);
    if (began >= nextCertificate || isCertificateInDoubt(keeper, doubtful)) {
      if (began >= nextCertificate) nextCertificate = began + watching.everyMs;
      await certificateLook(watching);
    }
    const until = aim.probes?.until;
    if (until !== undefined && !areGone && Date.parse(until) <= Date.now()) {
      areGone = true;
      tell(`the probe accounts ended at ${until}: what they show cannot be seen any more`);
      // Twice: it will not be otherwise at a second look.
      for (let time = 0; time < 2; time++)
        keeper.take(
          controlsSeen(
            keeper.state,
            { findings: endedFindings(watching.scope, until), accountsMade: 0, wasThere: true },
            Date.now(),
          ),
        );
    }
    if (look === undefined && there) {
      const all = new Set([...watching.scope.fast, ...(areGone ? [] : watching.scope.hastened)]);
      const doubted = doubtful.map((one) => one.replace(/^control:/, "")).filter((id) => all.has(id));
      const ids = began >= nextLook ? all : new Set(doubted);
      if (began >= nextLook) nextLook = began + watching.everyMs;
      if (ids.size > 0) look = begin(aim, ids, looking);
    }
    await keeper.save();
    deliverer.run();
    const pause = Math.min(began + plan.beatMs, end) - Date.now();
    await sleep(Math.max(0, pause), undefined, { signal }).catch(() => undefined); // told to end
  }
  over.abort();
  await look?.controls;
}

function begin(aim: Aim, ids: ReadonlySet<string>, signal: AbortSignal): Look {
  const look: Look = { controls: Promise.resolve(), result: undefined, wasAway: false };
  const controls = lookAtControls(aim, ids, signal).then((result) => {
    look.result = result;
  });
  return Object.assign(look, { controls });
}

const isCertificateInDoubt = ({ state }: Keeper, doubtful: readonly string[]): boolean =>
  state.newIdentity !== "" || doubtful.some((one) => one.startsWith("certificate"));

async function certificateLook({ aim, keeper, minDays }: Watching): Promise<void> {
  if (!aim.origin.startsWith("https:")) return;
  const facts = await lookAtCertificate(aim);
  const own = facts?.chain[0];
  if (facts === undefined || own === undefined) return;
  const now = Date.now();
  keeper.take(observed(keeper.state, certificateObservations(facts, minDays, now), now));
  keeper.take(identitySeen(keeper.state, identityOf(own), now));
}
