/** The run: servers take turns in every case of every round, so that what else the machine does falls on all of them. */
import { PEOPLE } from "../servers/shared.ts";
import { checkEqualWork } from "./check.ts";
import { type CaseName, cases, type Route } from "./contract.ts";
import { type Program, SERVER_CORE, start } from "./process.ts";
import { numberOf } from "./records.ts";
import type { ServerRow } from "./servers.ts";
import type { Services } from "./services.ts";
import { stranger, type Visitor, visitor } from "./visitor.ts";

export interface RunOptions {
  readonly rounds: number;
  readonly burstMs: number;
  readonly warmUpMs: number;
  /** Before the first round: the compiler has done most of its work by then. */
  readonly firstWarmUpMs: number;
  readonly isPinned: boolean;
  readonly cases: readonly CaseName[];
  /** Where each server writes a profile of its processor time when it ends. */
  readonly profiles: string | undefined;
  readonly say: (line: string) => void;
}

/** One burst. Processor time in microseconds a request. */
export interface Sample {
  readonly cpu: number;
  readonly main: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly rss: number;
  readonly redis: number;
  readonly busy: number;
}

/** server key -> case -> one sample a round. */
export type Samples = Readonly<Record<string, Readonly<Partial<Record<CaseName, readonly Sample[]>>>>>;

export interface RunResult {
  readonly samples: Samples;
  /** Why something was not measured. */
  readonly faults: readonly string[];
}

interface Running {
  readonly row: ServerRow;
  readonly program: Program;
  readonly port: number;
  visitors: readonly Visitor[];
  good: readonly CaseName[];
  readonly samples: Partial<Record<CaseName, Sample[]>>;
}

/** A server that answers wrong under load does less than the others: what it did so far counts for nothing. */
class UnequalWork extends Error {}

const visitorsOf = async ({ signIn }: ServerRow, port: number): Promise<readonly Visitor[]> =>
  signIn === undefined
    ? [stranger(port)]
    : Promise.all(Array.from({ length: PEOPLE }, (_, place) => visitor(port, signIn, place)));

async function open(row: ServerRow, services: Services, options: RunOptions): Promise<Running> {
  const { isPinned, profiles } = options;
  const program = start(row.file, {
    core: isPinned ? SERVER_CORE : undefined,
    args: row.args,
    env: await services.settingsFor(row.key),
    nodeArgs:
      profiles === undefined
        ? []
        : ["--cpu-prof", `--cpu-prof-dir=${profiles}`, `--cpu-prof-name=${row.key}.cpuprofile`],
  });
  const port = numberOf(await program.next(), "port");
  return { row, program, port, visitors: await visitorsOf(row, port), good: [], samples: {} };
}

async function burst(
  { row, program, port, visitors }: Running,
  name: CaseName,
  route: Route,
  load: Program,
  services: Services,
  milliseconds: number,
): Promise<Sample> {
  const { connections, status, longer = 1 } = cases[name];
  const requests = visitors.map((one) => (name === "login" ? one.loginRequest() : one.request(route)));
  const trips = await services.redisTrips();
  const before = await program.ask("usage");
  const apart = name !== "429"; // whose limit is used up by one address before
  const order = { port, requests, connections, apart, status, milliseconds: milliseconds * longer };
  const result = await load.ask(order);
  const after = await program.ask("usage");
  const completed = numberOf(result, "completed");
  const wrong = numberOf(result, "wrong");
  if (wrong > 0)
    throw new UnequalWork(
      `${row.key}, ${name}: ${wrong} of ${completed} answers had another status than ${status} (${numberOf(result, "wrongStatus")})`,
    );
  return {
    cpu: (numberOf(after, "cpu") - numberOf(before, "cpu")) / completed,
    main: (numberOf(after, "main") - numberOf(before, "main")) / completed,
    perSecond: completed / numberOf(result, "seconds"),
    p50: numberOf(result, "p50"),
    p99: numberOf(result, "p99"),
    rss: numberOf(after, "rss"),
    redis: ((await services.redisTrips()) - trips - 1) / completed, // our own question is one of them
    busy: numberOf(result, "busy"),
  };
}

/** Every round with its own sign-ins: no session grows old enough to be replaced in the middle of a burst. */
async function round(
  number: number,
  running: readonly Running[],
  load: Program,
  services: Services,
  options: RunOptions,
  onFault: (fault: string) => void,
): Promise<void> {
  for (const one of running) one.visitors = await visitorsOf(one.row, one.port);
  for (const name of options.cases)
    for (const one of number % 2 === 0 ? running : running.toReversed()) {
      const route = one.row.routes[name];
      if (route === undefined || !one.good.includes(name)) continue;
      const isFirst = number === 0;
      try {
        await burst(one, name, route, load, services, isFirst ? options.firstWarmUpMs : options.warmUpMs);
        if (isFirst) continue;
        (one.samples[name] ??= []).push(await burst(one, name, route, load, services, options.burstMs));
      } catch (error) {
        if (!(error instanceof UnequalWork)) throw error;
        one.good = one.good.filter((good) => good !== name);
        delete one.samples[name];
        onFault(error.message);
      }
    }
}

export async function run(
  rows: readonly ServerRow[],
  services: Services,
  options: RunOptions,
): Promise<RunResult> {
  const running: Running[] = [];
  const faults: string[] = [];
  const onFault = (fault: string): void => {
    faults.push(fault);
    options.say(`not measured: ${fault}`);
  };
  const load = start("compare/load.ts");
  try {
    for (const row of rows) {
      options.say(`starting ${row.title}`);
      const one = await open(row, services, options);
      running.push(one);
      const [first = stranger(one.port)] = one.visitors;
      const checked = await checkEqualWork(row, one.port, first, options.cases);
      one.good = checked.good;
      for (const fault of checked.faults) onFault(fault);
    }
    // Round 0 warms up and is not counted.
    for (let number = 0; number <= options.rounds; number++) {
      options.say(number === 0 ? "warming up" : `round ${number} of ${options.rounds}`);
      await round(number, running, load, services, options, onFault);
    }
  } finally {
    await Promise.all([load, ...running.map(({ program }) => program)].map((program) => program.stop()));
  }
  return { samples: Object.fromEntries(running.map(({ row, samples }) => [row.key, samples])), faults };
}
