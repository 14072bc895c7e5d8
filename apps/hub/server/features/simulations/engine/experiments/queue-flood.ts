import { type Experiment, valueOf, type Values } from "../model.ts";
import type { Draw } from "../random.ts";

const REQUESTS = 300;

/** A bounded queue in front of password hashing, empty when the flood begins. */
export const queueFlood: Experiment = {
  id: "queue-flood",
  title: "A bounded queue under a flood",
  question: "How many sign-ins does a server turn away when hashing cannot keep up?",
  outcome: "Share of the first 300 sign-ins that is turned away",
  unit: "share",
  smallest: 0.001,
  technique: "antithetic",
  techniqueText:
    "Antithetic variates: each rush is paired with one that has its lulls where the other has its crowds.",
  theory: "The chain of arrivals and departures (M/M/c/K), followed from an empty queue.",
  lesson: { course: "passwords", lesson: "storing-hashes" },
  parameters: [
    whole("servers", "Hashes at a time", "threads", "", 1, 8, 2),
    whole("milliseconds", "One hash takes", "milliseconds", "On average.", 10, 1000, 100),
    whole("arrivals", "Sign-ins come", "a second", "On average.", 1, 400, 24),
    whole("queue", "Places in the queue", "places", "Beyond it, 503 and a time to come again.", 0, 200, 20),
  ],
  model: (values) => ({
    technique: "antithetic",
    lowest: 0,
    highest: 1,
    trial: flood(values),
    exact: () => chain(values),
  }),
};

function whole(
  name: string,
  label: string,
  unit: string,
  help: string,
  lowest: number,
  highest: number,
  standard: number,
) {
  return { name, label, unit, help, lowest, highest, standard, whole: true };
}

/** For so many inside, the chance that the next thing to happen is an arrival, and no departure. */
function chances(values: Values): Float64Array {
  const servers = valueOf(values, "servers");
  const arrivals = valueOf(values, "arrivals");
  const each = 1000 / valueOf(values, "milliseconds");
  return Float64Array.from(
    { length: servers + valueOf(values, "queue") + 1 },
    (_, inside) => arrivals / (arrivals + Math.min(inside, servers) * each),
  );
}

function flood(values: Values): (draw: Draw) => number {
  const arrival = chances(values);
  const full = arrival.length - 1;
  return (draw) => {
    let [inside, came, refused] = [0, 0, 0];
    while (came < REQUESTS) {
      if (draw() >= (arrival[inside] ?? 1)) {
        inside -= 1;
        continue;
      }
      came += 1;
      if (inside === full) refused += 1;
      else inside += 1;
    }
    return refused / REQUESTS;
  };
}

/** The same, as chances that flow from one arrival to the next. */
function chain(values: Values): number {
  const arrival = chances(values);
  const full = arrival.length - 1;
  let seen = new Float64Array(full + 1);
  seen[0] = 1;
  let refused = 0;
  for (let came = 0; came < REQUESTS; came++) {
    refused += seen[full] ?? 0;
    const next = new Float64Array(full + 1);
    let flow = 0; // what comes down to this state, or was there after the arrival
    for (let inside = full; inside >= 0; inside--) {
      flow += (inside > 0 ? (seen[inside - 1] ?? 0) : 0) + (inside === full ? (seen[full] ?? 0) : 0);
      const stays = flow * (arrival[inside] ?? 1);
      next[inside] = stays;
      flow -= stays;
    }
    seen = next;
  }
  return refused / REQUESTS;
}
