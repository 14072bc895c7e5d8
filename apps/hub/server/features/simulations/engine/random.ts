/**
 * Randomness for experiments: xoshiro128** (Blackman and Vigna, 2018), begun by splitmix32. Repeatable from its seed, so
 * that a run can be looked at again; never for secrets.
 */

/** A uniform number between 0 and 1, neither of them: a logarithm of it is always finite. */
export type Draw = () => number;

export type State = readonly [number, number, number, number];

const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by));

/** 32 random bits at a time. A state of four zeros would stay there for ever. */
export function xoshiro(state: State): () => number {
  let [a, b, c, d] = state;
  if ((a | b | c | d) === 0) throw new RangeError("the state may not be zero");
  return () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return result;
  };
}

/** Spreads a seed over the whole state, so that seeds beside each other begin far apart. */
function splitmix(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
}

/** `seed`: a whole number below 2^32. */
export function seeded(seed: number): Draw {
  const fill = splitmix(seed);
  const bits = xoshiro([fill(), fill(), fill(), fill() | 1]);
  return () => ((bits() >>> 5) * 0x4000000 + (bits() >>> 6) + 0.5) / 0x20000000000000;
}

/** Exponentially distributed with this mean. */
export const exponential = (draw: Draw, mean: number): number => -mean * Math.log(draw());
