/** Reads what came over a process boundary: a number that is none stops the run. */

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function numberOf(record: Readonly<Record<string, unknown>>, key: string): number {
  const value = record[key];
  if (typeof value !== "number" || Number.isNaN(value)) throw new Error(`no number named "${key}"`);
  return value;
}
