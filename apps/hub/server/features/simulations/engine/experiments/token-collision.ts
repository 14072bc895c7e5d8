import { type Experiment, valueOf } from "../model.ts";
import type { Draw } from "../random.ts";

/** Ids drawn at random until two are the same: the birthday problem, met by every short link and session id. */
export const tokenCollision: Experiment = {
  id: "token-collision",
  title: "When random ids collide",
  question: "How likely are two of so many random ids the same?",
  outcome: "Share of the systems with a collision",
  unit: "share",
  smallest: 0.001,
  technique: "control",
  techniqueText:
    "Control variate: how many pairs collide on average is known exactly, and corrects the runs that saw too many.",
  theory: "The birthday problem: one less the chance that each id missed all before it.",
  lesson: { course: "sessions", lesson: "what-a-session-is" },
  parameters: [
    {
      name: "bits",
      label: "Length of an id",
      unit: "bits",
      help: "A hexadecimal digit has four. A session token of this hub has 256, which no chart could show.",
      lowest: 8,
      highest: 40,
      standard: 20,
      whole: true,
    },
    {
      name: "ids",
      label: "Ids that are given out",
      unit: "ids",
      help: "",
      lowest: 2,
      highest: 2000,
      standard: 400,
      whole: true,
    },
  ],
  model: (values) => {
    const space = 2 ** valueOf(values, "bits");
    const ids = valueOf(values, "ids");
    const pairsOf = drawIds(space, ids);
    return {
      technique: "control",
      lowest: 0,
      highest: 1,
      trial: (draw) => (pairsOf(draw) > 0 ? 1 : 0),
      beside: (draw) => {
        const pairs = pairsOf(draw);
        return [pairs > 0 ? 1 : 0, pairs];
      },
      mean: (ids * (ids - 1)) / 2 / space,
      exact: () => {
        let missed = 0;
        for (let before = 1; before < ids; before++)
          missed += before < space ? Math.log1p(-before / space) : -Infinity;
        return -Math.expm1(missed);
      },
    };
  },
};

const SLOTS = 4096; // more than twice the most ids, so that a search ends soon

/** How many pairs of ids are the same. The table is made once: emptying it is a new round's number. */
function drawIds(space: number, ids: number): (draw: Draw) => number {
  const values = new Float64Array(SLOTS);
  const counts = new Uint16Array(SLOTS);
  const rounds = new Uint32Array(SLOTS);
  let round = 0;
  return (draw) => {
    round += 1;
    let pairs = 0;
    for (let drawn = 0; drawn < ids; drawn++) {
      const id = Math.floor(draw() * space);
      let slot = Math.imul(id ^ (id / 4_294_967_296), 0x9e3779b1) >>> 20;
      while (rounds[slot] === round && values[slot] !== id) slot = (slot + 1) % SLOTS;
      const seen = rounds[slot] === round ? (counts[slot] ?? 0) : 0;
      pairs += seen;
      rounds[slot] = round;
      values[slot] = id;
      counts[slot] = seen + 1;
    }
    return pairs;
  };
}
