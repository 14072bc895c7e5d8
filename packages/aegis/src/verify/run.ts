import type { Exchange, Outcome, TargetDescription, Verdict } from "../control.ts";
import { type Random, systemRandom } from "../lib/random.ts";
import { fingerprint, type Policy } from "../policy.ts";
import { type BoundControl, type BoundRoom, catalogue } from "./catalogue.ts";
import { type RunContext, runContext } from "./context.ts";
import { evidenceOf, type Finding } from "./finding.ts";
import { CookieClient } from "./wire/client.ts";
import { WireError, wireDefaults, type WireOptions } from "./wire/connection.ts";
import { printable } from "./wire/text.ts";

export interface VerifyOptions {
  /** Where the target answers, e.g. "https://hub.example". */
  readonly origin: string;
  /** What the target is held against. */
  readonly policy: Policy;
  readonly target?: TargetDescription;
  /** Time, size and trust on the wire; defaults in `wireDefaults`. */
  readonly wire?: Partial<Omit<WireOptions, "origin">>;
  /** How long the whole run may really wait for time-outs to happen; default 0: such controls stay unknown. */
  readonly maxWaitSeconds?: number;
  /** For a target in process: moves its clock on. */
  readonly advance?: (seconds: number) => void | Promise<void>;
  /** Only these controls; default all. */
  readonly only?: (control: BoundControl) => boolean;
  readonly random?: Random;
  readonly rooms?: readonly BoundRoom[];
  readonly onFinding?: (finding: Finding) => void;
}

export interface Report {
  readonly origin: string;
  readonly target: string;
  readonly environment: string;
  readonly fingerprint: string;
  readonly startedAt: string;
  readonly seconds: number;
  readonly reachable: boolean;
  readonly findings: readonly Finding[];
  readonly counts: Readonly<Record<Outcome, number>>;
  /** Names of throw-away accounts that the run has made on the target. */
  readonly accountsCreated: readonly string[];
}

const CONTROL_TIME_MS = 90_000;
/** A target that drags every answer out must not hold a run for hours; what is left is unknown then. */
const RUN_TIME_MS = 600_000;
const MAX_EVIDENCE = 20;
const AT_ONCE = 4;

/** Runs every control against the target. Ends in bounded time and does not throw, whatever the target does. */
export async function verify(options: VerifyOptions): Promise<Report> {
  const { policy, target = {}, random = systemRandom, maxWaitSeconds = 0 } = options;
  const started = performance.now();
  const startedAt = new Date().toISOString();
  const wire: WireOptions = { ...wireDefaults, ...options.wire, origin: new URL(options.origin) };
  const budget = { seconds: maxWaitSeconds };
  const run = runContext({ wire, policy, target, random, passTime: timePasser(options, budget) });
  const controls = (options.rooms ?? catalogue)
    .flatMap((room) => room.controls)
    .filter(options.only ?? (() => true));

  const unreachable = await reach(wire, target);
  const findings: Finding[] = [];
  const conclude = async (control: BoundControl): Promise<void> => {
    const late = performance.now() - started > RUN_TIME_MS + maxWaitSeconds * 1000;
    const cannot = late ? "the run was out of time: the target answers too slowly" : unreachable;
    const finding =
      cannot === undefined
        ? await judge(control, run, policy, CONTROL_TIME_MS + maxWaitSeconds * 1000)
        : findingOf(control, { outcome: "unknown", observed: cannot }, 0, []);
    findings.push(finding);
    options.onFinding?.(finding);
  };
  // A clock that is moved for one control moves for all: those that let time pass come last, one by one.
  await inParallel(
    controls.filter(({ slow }) => !slow),
    AT_ONCE,
    conclude,
  );
  await inParallel(
    controls.filter(({ slow }) => slow),
    1,
    conclude,
  );

  const order = new Map(controls.map(({ id }, index) => [id, index]));
  findings.sort((a, b) => (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0));
  const count = (outcome: Outcome): number =>
    findings.filter((finding) => finding.outcome === outcome).length;
  return {
    origin: wire.origin.origin,
    target: target.name ?? wire.origin.host,
    environment: policy.environment,
    fingerprint: fingerprint(policy),
    startedAt,
    seconds: (performance.now() - started) / 1000,
    reachable: unreachable === undefined,
    findings,
    counts: {
      pass: count("pass"),
      fail: count("fail"),
      "not-applicable": count("not-applicable"),
      unknown: count("unknown"),
      error: count("error"),
    },
    accountsCreated: run.accounts,
  };
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
    if (error instanceof WireError) return `the target gives no usable answer: ${error.message}`;
    throw error;
  }
}

function timePasser({ advance }: VerifyOptions, budget: { seconds: number }) {
  return async (seconds: number): Promise<boolean> => {
    if (advance !== undefined) {
      await advance(seconds);
      return true;
    }
    if (seconds > budget.seconds) return false;
    budget.seconds -= seconds;
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    return true;
  };
}

async function judge(
  control: BoundControl,
  run: RunContext,
  policy: Policy,
  limitMs: number,
): Promise<Finding> {
  const started = performance.now();
  const exchanges: Exchange[] = [];
  const note = (exchange: Exchange): void => {
    if (exchanges.length < MAX_EVIDENCE) exchanges.push(exchange);
  };
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<Verdict>((resolve) => {
    timer = setTimeout(
      () => resolve({ outcome: "unknown", observed: "the probe was not done in time" }),
      limitMs,
    );
  });
  const verdict = await Promise.race([control.run(run, policy, note), limit]).catch(verdictOfError);
  clearTimeout(timer);
  return findingOf(control, verdict, (performance.now() - started) / 1000, exchanges);
}

/** The target's faults leave us not knowing; a fault of the probe is ours, and says so. */
function verdictOfError(error: unknown): Verdict {
  if (error instanceof WireError)
    return { outcome: "unknown", observed: `no usable answer: ${error.message}` };
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
): Finding {
  const { id, room, claim, advice, proves, references } = control;
  return {
    id,
    room,
    claim,
    outcome: verdict.outcome,
    observed: printable(verdict.observed, 300),
    ...(verdict.expected === undefined ? {} : { expected: printable(verdict.expected, 300) }),
    advice,
    proves,
    references,
    seconds,
    evidence: exchanges.map(evidenceOf),
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
