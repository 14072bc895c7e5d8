/** Reads rows as what they are: data from outside, checked column by column. */
import { isRecord } from "../../lib/freeze.ts";

export type Row = Readonly<Record<string, unknown>>;

export function rowOf(value: unknown): Row {
  if (!isRecord(value)) throw new TypeError("a database row is not an object");
  return value;
}

export function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw new TypeError(`column ${column} is no text`);
  return value;
}

export function optionalText(row: Row, column: string): string | null {
  return row[column] === null ? null : text(row, column);
}

export function flag(row: Row, column: string): boolean {
  const value = row[column];
  if (typeof value !== "boolean") throw new TypeError(`column ${column} is no boolean`);
  return value;
}

/** A text column that holds one of a few words. */
export function word<const T extends string>(row: Row, column: string, words: readonly T[]): T {
  const value = text(row, column);
  const found = words.find((one) => one === value);
  if (found === undefined) throw new TypeError(`column ${column} holds a word that is not known`);
  return found;
}

/** A whole number: int2 and int4 come as numbers, int8 as text. */
export function count(row: Row, column: string): number {
  const value = Number(row[column]);
  if (row[column] === null || !Number.isSafeInteger(value))
    throw new TypeError(`column ${column} is no number`);
  return value;
}

export function bytes(row: Row, column: string): Uint8Array {
  const value = row[column];
  if (!(value instanceof Uint8Array)) throw new TypeError(`column ${column} is no bytes`);
  return value;
}

export function texts(row: Row, column: string): string[] {
  const value = row[column];
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string"))
    throw new TypeError(`column ${column} is no list of texts`);
  return value;
}

/** A timestamptz column as milliseconds since the epoch. */
export function time(row: Row, column: string): number {
  const value = row[column];
  if (!(value instanceof Date)) throw new TypeError(`column ${column} is no timestamp`);
  return value.getTime();
}

export function optionalTime(row: Row, column: string): number | null {
  return row[column] === null ? null : time(row, column);
}

/** Milliseconds since the epoch as a parameter for a timestamptz column. */
export const at = (milliseconds: number): string => new Date(milliseconds).toISOString();

export const optionalAt = (milliseconds: number | null): string | null =>
  milliseconds === null ? null : at(milliseconds);
