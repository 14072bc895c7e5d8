import { setTimeout as sleep } from "node:timers/promises";
import { type Exchange, type TargetDescription, unknown, type Verdict } from "../control.ts";
import { type Random, systemRandom } from "../lib/random.ts";
import { fingerprint, type Policy } from "../policy.ts";
import { VERSION } from "../version.ts";
import { type BoundControl, type BoundRoom, catalogue } from "./catalogue.ts";
import { PROBE_HEADER, type RunContext, runContext } from "./context.ts";
import { cellOf, type Counts, countsOf, evidenceOf, type Finding, RUN_FORMAT } from "./finding.ts";
import { hastenedControls, type HastenedAccount, type HastenedControl } from "./hastened.ts";
import { CookieClient } from "./wire/client.ts";
import { WireError, wireDefaults, type WireOptions } from "./wire/connection.ts";
import { printable } from "./wire/text.ts";

export interface VerifyOptions {
  /** Where the target answers, e.g. "https://hub.example". */
  readonly origin: string;
  /** What the target is held against. */
  readonly policy: Policy;
  /** Where the policy comes from, for the report: "preset education", a file's name. */
  readonly policyName?: string;
  readonly target?: TargetDescription;
  /** Time, size and trust on the wire; defaults in `wireDefaults`. */
  readonly wire?: Partial<Omit<WireOptions, "origin">>;
  /** How long the whole run may really wait for time-outs to happen; default 0: such controls stay unknown. */
  readonly maxWaitSeconds?: number;
  /** How long the whole run may take, waiting not counted; default 600. What is not done by then stays unknown. */
  readonly maxRunSeconds?: number;
  /** How long one control may take, waiting not counted; default 90. */
  readonly maxControlSeconds?: number;
  /** For a target in process: moves its clock on. */
  readonly advance?: (seconds: number) => void | Promise<void>;
  /** For a target in process: what its clock says. Default: the time of day. */
  readonly now?: () => number;
  /** Reads the target's mail: texts to an address, oldest first. Without it, controls about codes stay unknown. */
  readonly mailbox?: (address: string) => Promise<readonly string[]>;
  /** The target's probe key: its limits of volume then hold for this run's limit controls alone. */
  readonly probeKey?: string;
  /** Accounts whose time runs faster (`createProbeAccounts`): time-outs are seen to happen on them, without moving a clock. */
  readonly probeAccounts?: readonly HastenedAccount[];
  /** Only these controls; default all. */
  readonly only?: (control: BoundControl) => boolean;
  /** Ends the run at once when it fires; what was not looked at by then stays unknown. */
  readonly signal?: AbortSignal;
  readonly random?: Random;
  readonly rooms?: readonly BoundRoom[];
  readonly onFinding?: (finding: Finding) => void;
}

export interface Report {
  readonly format: typeof RUN_FORMAT;
  readonly tool: { readonly name: "aegis"; readonly version: string };
  /** The verifier's own, not the target's. */
  readonly nodeVersion: string;
  readonly origin: string;
  readonly target: string;
  readonly environment: string;
  readonly policyName?: string;
  readonly fingerprint: string;
  /** What the target was held against: a pass means no more than its settings do. Absent in older runs. */
  readonly policy?: Policy;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly seconds: number;
  /** How many controls there are; fewer findings mean that some were left out on purpose. */
  readonly controlsKnown: number;
  readonly reachable: boolean;
  readonly findings: readonly Finding[];
  readonly counts: Counts;
  /** The same, room by room. */
  readonly rooms: Readonly<Record<string, Counts>>;
  /** Names of throw-away accounts that the run has made on the target. */
  readonly accountsCreated: readonly string[];
}

const MAX_EVIDENCE = 20;
const AT_ONCE = 4;

/**
 * Runs every control against the target. Ends in bounded time and does not throw, whatever the target does.
 * @throws TypeError where `origin` is no address.
 */
export async function verify(options: VerifyOptions): Promise<Report> {
  const { policy, target = {}, random = systemRandom, maxWaitSeconds = 0 } = options;
  const { maxRunSeconds = 600, maxControlSeconds = 90 } = options;
  const started = performance.now();
  const startedAt = new Date().toISOString();
  // Fires when the time is up, and at the end: a probe that was given up on must not go on using the target.
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), (maxRunSeconds + maxWaitSeconds) * 1000);
  const endEarly = (): void => over.abort();
  if (options.signal?.aborted === true) endEarly();
  options.signal?.addEventListener("abort", endEarly);
  const wire: WireOptions = {
    ...wireDefaults,
    ...options.wire,
    edgeHeaders: {
      ...options.wire?.edgeHeaders,
      ...(options.probeKey === undefined ? {} : { [PROBE_HEADER]: options.probeKey }),
    },
    origin: new URL(options.origin),
    signal: over.signal,
  };
  const passTime = timePasser(options, maxWaitSeconds, over.signal);
  const { now = Date.now, mailbox } = options;
  const run = runContext({ wire, policy, target, random, passTime, now, mailbox });
  if (options.probeKey !== undefined) run.secrets.add(options.probeKey);
  const known = (options.rooms ?? catalogue).flatMap((room) => room.controls);
  const controls = known.filter(options.only ?? (() => true));
  const findings: Finding[] = [];
  try {
    const unreachable = await reach(wire, target);
    const limitMs = (maxControlSeconds + maxWaitSeconds) * 1000;
    const conclude = async (control: BoundControl, faster?: HastenedControl): Promise<void> => {
      const finding =
        unreachable !== undefined
          ? findingOf(control, unknown(unreachable), 0, [], run)
          : over.signal.aborted
            ? findingOf(
                control,
                unknown("the run was out of time: the target answers too slowly"),
                0,
                [],
                run,
              )
            : faster === undefined
              ? await judge(control, run, policy, limitMs, over.signal)
              : await judgeHastened(faster, run, limitMs, over.signal);
      findings.push(finding);
      options.onFinding?.(finding);
    };
    // A clock that is moved for one control moves for all: those that let time pass come last, one by one.
    await inParallel(
      controls.filter(({ slow }) => !slow),
      AT_ONCE,
      (control) => conclude(control),
    );
    const faster =
      options.advance === undefined ? hastenedControls(controls, options.probeAccounts ?? [], policy) : [];
    // These wait for accounts of their own, each for itself: all at once.
    await inParallel(faster, faster.length, (one) => conclude(one.control, one));
    await inParallel(
      controls.filter((control) => control.slow && !faster.some((one) => one.control === control)),
      1,
      (control) => conclude(control),
    );
    const order = new Map(controls.map(({ id }, index) => [id, index]));
    findings.sort((a, b) => (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0));
    const rooms = Map.groupBy(findings, ({ room }) => room);
    return {
      format: RUN_FORMAT,
      tool: { name: "aegis", version: VERSION },
      nodeVersion: process.version,
      origin: wire.origin.origin,
      target: printable(target.name ?? wire.origin.host, 80),
      environment: policy.environment,
      ...(options.policyName === undefined ? {} : { policyName: printable(options.policyName, 80) }),
      fingerprint: fingerprint(policy),
      policy,
      startedAt,
      endedAt: new Date().toISOString(),
      seconds: (performance.now() - started) / 1000,
      controlsKnown: known.length,
      reachable: unreachable === undefined,
      findings,
      counts: countsOf(findings),
      rooms: Object.fromEntries([...rooms].map(([room, found]) => [room, countsOf(found)])),
      accountsCreated: [...run.accounts],
    };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", endEarly);
    over.abort();
  }
}

/** Why the target cannot be reached, or undefined. An answer that is no HTTP counts as no answer. */
async function reach(wire: WireOptions, target: TargetDescription): Promise<string | undefined> {
  try {
    await new CookieClient(wire, () => undefined).send({
      path: target.samples?.html ?? "/",
      headers: { accept: "text/html" },
    });
    return undefined;
  } catch (error) {
    return error instanceof WireError
      ? `the target gives no usable answer: ${error.message}`
      : verdictOfError(error).observed;
  }
}

function timePasser({ advance }: VerifyOptions, maxWaitSeconds: number, signal: AbortSignal) {
  let left = maxWaitSeconds;
  return async (seconds: number): Promise<boolean> => {
    if (advance !== undefined) {
      await advance(seconds);
      return true;
    }
    if (seconds > left) return false;
    left -= seconds;
    return sleep(seconds * 1000, true, { signal }).catch(() => false); // cut short: the time has not passed
  };
}

/** Longer than any time-out that a probe account has is waited for without asking. */
const MAX_HASTENED_SECONDS = 120;

async function judgeHastened(
  { control, account, policy, note }: HastenedControl,
  run: RunContext,
  limitMs: number,
  runOver: AbortSignal,
): Promise<Finding> {
  run.secrets.add(account.password);
  let left = MAX_HASTENED_SECONDS;
  const wait = async (seconds: number): Promise<boolean> => {
    if (seconds > left) return false;
    left -= seconds;
    return sleep(seconds * 1000, true, { signal: runOver }).catch(() => false);
  };
  const within = limitMs + MAX_HASTENED_SECONDS * 1000;
  const finding = await judge(control, run.entering(account, wait), policy, within, runOver);
  return { ...finding, observed: printable(`${finding.observed} (${note})`, 400) };
}

async function judge(
  control: BoundControl,
  run: RunContext,
  policy: Policy,
  limitMs: number,
  runOver: AbortSignal,
): Promise<Finding> {
  const started = performance.now();
  const exchanges: Exchange[] = [];
  const note = (exchange: Exchange): void => {
    if (exchanges.length < MAX_EVIDENCE) exchanges.push(exchange);
  };
  const end = new AbortController();
  const stop = (): void => end.abort();
  const timer = setTimeout(stop, limitMs);
  runOver.addEventListener("abort", stop);
  const limit = new Promise<Verdict>((resolve) => {
    end.signal.addEventListener("abort", () => resolve(unknown("the probe was not done in time")));
  });
  const attempt = async (): Promise<Verdict> => control.run(run.during(end.signal), policy, note);
  const probe = attempt().catch(verdictOfError);
  const verdict = await Promise.race([probe, limit]);
  clearTimeout(timer);
  runOver.removeEventListener("abort", stop);
  end.abort();
  return findingOf(control, verdict, (performance.now() - started) / 1000, [...exchanges], run);
}

/** The target's faults leave us not knowing; a fault of the probe is ours, and says so. */
function verdictOfError(error: unknown): Verdict {
  if (error instanceof WireError) return unknown(`no usable answer: ${error.message}`);
  return {
    outcome: "error",
    observed: `the probe broke: ${error instanceof Error ? error.message : String(error)}`,
  };
}

function findingOf(
  control: BoundControl,
  verdict: Verdict,
  seconds: number,
  exchanges: readonly Exchange[],
  { secrets }: RunContext,
): Finding {
  const { id, room, claim, advice, proves, references } = control;
  return {
    id,
    room,
    claim,
    outcome: verdict.outcome,
    observed: printable(secrets.hide(verdict.observed), 300),
    ...(verdict.expected === undefined ? {} : { expected: printable(secrets.hide(verdict.expected), 300) }),
    advice,
    proves,
    references,
    seconds,
    evidence: exchanges.map((exchange) => evidenceOf(exchange, secrets)),
    ...(verdict.matrix === undefined ? {} : { matrix: verdict.matrix.map((cell) => cellOf(cell, secrets)) }),
  };
}

async function inParallel<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const next = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: limit }, next));
}
