/** Answers of Redis as data. */
import { isRecord } from "../../lib/freeze.ts";

/** A script answers a list of names and values; HGETALL under RESP3 a map or an object. */
export function fieldsOf(answer: unknown): ReadonlyMap<string, string> {
  if (answer instanceof Map)
    return new Map([...answer].map(([name, value]) => [String(name), String(value)]));
  if (isRecord(answer)) return new Map(Object.entries(answer).map(([name, value]) => [name, String(value)]));
  const fields = new Map<string, string>();
  if (Array.isArray(answer))
    for (let place = 0; place + 1 < answer.length; place += 2)
      fields.set(String(answer[place]), String(answer[place + 1]));
  return fields;
}
