/** Reads answers as data from outside: small parsers that either give the type or throw. */
export type Parser<T> = (value: unknown) => T;

export class ShapeError extends Error {
  override readonly name = "ShapeError";
}

const wrong = (wanted: string): never => {
  throw new ShapeError(`the server's answer is not as expected (${wanted})`);
};

export const text: Parser<string> = (value) => (typeof value === "string" ? value : wrong("text"));
export const number: Parser<number> = (value) =>
  typeof value === "number" && Number.isFinite(value) ? value : wrong("number");
export const flag: Parser<boolean> = (value) => (typeof value === "boolean" ? value : wrong("true or false"));
export const nullable =
  <T>(parse: Parser<T>): Parser<T | null> =>
  (value) =>
    value === null ? null : parse(value);
/** Where the answer says nothing beyond that it worked. */
export const nothing: Parser<undefined> = () => undefined;
export const optional =
  <T>(parse: Parser<T>): Parser<T | undefined> =>
  (value) =>
    value === undefined ? undefined : parse(value);
export const list =
  <T>(parse: Parser<T>): Parser<readonly T[]> =>
  (value) =>
    Array.isArray(value) ? value.map((item: unknown) => parse(item)) : wrong("list");
export const word =
  <const T extends string>(...words: readonly T[]): Parser<T> =>
  (value) =>
    words.find((one) => one === value) ?? wrong(words.join(" or "));

export type Parsed<S extends Record<string, Parser<unknown>>> = { readonly [K in keyof S]: ReturnType<S[K]> };

export function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? { ...value }
    : wrong("object");
}

export function object<S extends Record<string, Parser<unknown>>>(shape: S): Parser<Parsed<S>>;
export function object(shape: Record<string, Parser<unknown>>): Parser<Record<string, unknown>> {
  return (value) => {
    const data = record(value);
    return Object.fromEntries(Object.entries(shape).map(([key, parse]) => [key, parse(data[key])]));
  };
}
