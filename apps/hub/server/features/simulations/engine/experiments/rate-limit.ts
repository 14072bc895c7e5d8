import { type Experiment, valueOf } from "../model.ts";
import { type Draw, exponential } from "../random.ts";

const MINUTES = 3;
const WINDOW = 0;

/** Three minutes of requests that come at random, against a limit a minute. */
export const rateLimit: Experiment = {
  id: "rate-limit",
  title: "Whom a rate limit refuses",
  question: "How many requests of honest people does a limit refuse when they come at random?",
  outcome: "Share of the requests that is refused",
  unit: "share",
  smallest: 0.002,
  technique: "control",
  techniqueText:
    "Control variate: how many requests come on average is known, so a run that had too many by chance is corrected.",
  theory: "For the fixed window, the mean of a Poisson count beyond the limit.",
  parameters: [
    {
      name: "limit",
      label: "Limit",
      unit: "requests a minute",
      help: "What the policy lets one address do.",
      lowest: 1,
      highest: 200,
      standard: 60,
      whole: true,
    },
    {
      name: "demand",
      label: "Demand",
      unit: "requests a minute",
      help: "What everybody behind that address asks for together, on average.",
      lowest: 1,
      highest: 400,
      standard: 90,
      whole: true,
    },
    {
      name: "algorithm",
      label: "How it counts",
      unit: "",
      help: "GCRA lets the whole number come at once, then evenly. A fixed window starts anew each minute.",
      lowest: 0,
      highest: 1,
      standard: 1,
      whole: true,
      choices: [
        { value: WINDOW, label: "Fixed window" },
        { value: 1, label: "GCRA" },
      ],
    },
  ],
  model: (values) => {
    const limit = valueOf(values, "limit");
    const demand = valueOf(values, "demand");
    const isWindow = valueOf(values, "algorithm") === WINDOW;
    const count = isWindow ? fixedWindow(limit, demand) : gcra(limit, demand);
    const mean = demand * MINUTES;
    return {
      technique: "control",
      lowest: 0,
      highest: 1,
      trial: (draw) => count(draw)[1] / mean,
      beside: (draw) => {
        const [came, refused] = count(draw);
        return [refused / mean, came];
      },
      mean,
      exact: () => (isWindow ? beyond(demand, limit) / demand : undefined),
    };
  },
};

type Count = (draw: Draw) => readonly [came: number, refused: number];

const fixedWindow =
  (limit: number, demand: number): Count =>
  (draw) => {
    let [came, refused, inWindow, window] = [0, 0, 0, 0];
    for (let now = exponential(draw, 1 / demand); now < MINUTES; now += exponential(draw, 1 / demand)) {
      if (Math.floor(now) !== window) [window, inWindow] = [Math.floor(now), 0];
      came += 1;
      inWindow += 1;
      if (inWindow > limit) refused += 1;
    }
    return [came, refused];
  };

/** The time at which all that was let through is paid for may lie a minute ahead, no further (I.371). */
const gcra =
  (limit: number, demand: number): Count =>
  (draw) => {
    const each = 1 / limit;
    let [came, refused, paid] = [0, 0, 0];
    for (let now = exponential(draw, 1 / demand); now < MINUTES; now += exponential(draw, 1 / demand)) {
      came += 1;
      const next = Math.max(paid, now) + each;
      if (next - now > 1 + 1e-12) refused += 1;
      else paid = next;
    }
    return [came, refused];
  };

/** E[(X - limit)+] for a Poisson X: the mean, less what the limit lets through. */
function beyond(mean: number, limit: number): number {
  let chance = Math.exp(-mean);
  let through = 0;
  let sum = chance;
  for (let count = 1; count < limit; count++) {
    chance *= mean / count;
    through += count * chance;
    sum += chance;
  }
  return mean - through - limit * (1 - sum);
}
