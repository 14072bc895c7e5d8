/** Whether a Redis is set up to keep what is put into it. What is wrong is a sentence with its remedy. */
import type { RedisCommands } from "./client.ts";

/** Not known to be wrong: a managed service keeps CONFIG for itself. */
export const redisSettingsUnreadable =
  "Redis does not let its settings be read (CONFIG GET): see to it that maxmemory-policy is noeviction and that it persists.";

/**
 * What is wrong, nothing if all is right. Limits and bans that a full Redis throws away, or that a restart forgets, are
 * an invitation to fill it or to make it restart. Where CONFIG may not be asked (managed services), nothing can be
 * said, and that is said.
 */
export async function redisProblems(redis: RedisCommands): Promise<readonly string[]> {
  const [policy, save, appendOnly] = [
    await setting(redis, "maxmemory-policy"),
    await setting(redis, "save"),
    await setting(redis, "appendonly"),
  ];
  if (policy === undefined || save === undefined || appendOnly === undefined)
    return [redisSettingsUnreadable];
  const problems: string[] = [];
  if (policy !== "noeviction")
    problems.push(
      `Redis throws data away when it is full (maxmemory-policy ${policy}): whoever fills it lifts every limit. Set maxmemory-policy noeviction.`,
    );
  if (save === "" && appendOnly !== "yes")
    problems.push(
      "Redis keeps nothing over a restart (no save, no appendonly): each restart lifts every limit. Set appendonly yes.",
    );
  return problems;
}

async function setting(redis: RedisCommands, name: string): Promise<string | undefined> {
  let answer: unknown;
  try {
    answer = await redis.send(name, ["CONFIG", "GET", name]);
  } catch (error) {
    // "unknown command", "no permissions": the server is there and says no. Anything else is not ours to hide.
    if (error instanceof Error && /^(ERR|NOPERM)\b/.test(error.message)) return undefined;
    throw error;
  }
  return valueOf(answer, name);
}

/** RESP2 answers a list of names and values, RESP3 a map. */
function valueOf(answer: unknown, name: string): string | undefined {
  const value: unknown = Array.isArray(answer)
    ? answer[answer.indexOf(name) + 1]
    : answer instanceof Map
      ? answer.get(name)
      : typeof answer === "object" && answer !== null
        ? Reflect.get(answer, name)
        : undefined;
  return typeof value === "string" ? value : undefined;
}
