/** Ways to get from trials to an estimate: each says what it believes and how far it may be off. */
import type { Model } from "./model.ts";
import type { Draw } from "./random.ts";
import { Moments, PairMoments } from "./statistics.ts";

export interface Reading {
  readonly samples: number;
  readonly estimate: number;
  /** The standard error of the estimate. */
  readonly error: number;
}

export interface Estimator {
  /** Makes about so many trials more: pairs and strata come whole. */
  add(trials: number): void;
  read(): Reading;
}

const STRATA = 32;

export function standard(model: Model, draw: Draw): Estimator {
  return plain(() => model.trial(draw));
}

/** The technique that suits the model. */
export function advanced(model: Model, draw: Draw): Estimator {
  switch (model.technique) {
    case "antithetic":
      return antithetic(model.trial, draw);
    case "stratified":
      return stratified(model.trial, draw);
    case "control":
      return withControl(() => model.beside(draw), model.mean);
    case "importance":
      return plain(() => model.weighted(draw));
  }
}

function plain(trial: () => number, each = 1): Estimator {
  const seen = new Moments();
  return {
    add: (trials) => {
      for (let done = 0; done < trials; done += each) seen.add(trial());
    },
    read: () => ({
      samples: seen.count * each,
      estimate: seen.mean,
      error: seen.error,
    }),
  };
}

/** Each trial is made again with every draw mirrored; what the one has too much the other has too little. */
function antithetic(trial: Model["trial"], draw: Draw): Estimator {
  const drawn: number[] = [];
  let place = 0;
  const remembered: Draw = () => {
    const value = draw();
    drawn.push(value);
    return value;
  };
  const mirrored: Draw = () => {
    const value = drawn[place] ?? draw();
    place += 1;
    return 1 - value;
  };
  return plain(() => {
    drawn.length = 0;
    place = 0;
    return (trial(remembered) + trial(mirrored)) / 2;
  }, 2);
}

/** The first draw comes from each thirty-second part of its range equally often, so that chance decides only within. */
function stratified(trial: Model["trial"], draw: Draw): Estimator {
  const strata = Array.from({ length: STRATA }, () => new Moments());
  let samples = 0;
  return {
    add: (trials) => {
      for (let done = 0; done < trials; done += STRATA)
        for (const [place, seen] of strata.entries()) {
          let isFirst = true;
          seen.add(
            trial(() => {
              if (!isFirst) return draw();
              isFirst = false;
              return (place + draw()) / STRATA;
            }),
          );
          samples += 1;
        }
    },
    read: () => ({
      samples,
      estimate: strata.reduce((sum, { mean }) => sum + mean, 0) / STRATA,
      error: Math.sqrt(strata.reduce((sum, { error }) => sum + error ** 2, 0)) / STRATA,
    }),
  };
}

/** What is known of the control's mean corrects the outcome's, by as much as the two go together. */
function withControl(trial: () => readonly [number, number], mean: number): Estimator {
  const seen = new PairMoments();
  return {
    add: (trials) => {
      for (let done = 0; done < trials; done++) {
        const [outcome, control] = trial();
        seen.add(outcome, control);
      }
    },
    read: () => {
      const { left, right, slope, errorLeft } = seen;
      return { samples: left.count, estimate: left.mean - slope * (right.mean - mean), error: errorLeft };
    },
  };
}
