/** What probes of limits of volume read from the wire, and how they use a limit up. */
import { randomInt } from "node:crypto";
import type { Exchange, ProbeContext, TargetCall, WireClient } from "../../control.ts";
import { requestOf } from "../target.ts";
import { headerOf } from "./header.ts";

export interface Rate {
  readonly amount: number;
  readonly seconds: number;
}

const UNITS = new Map([
  ["second", 1],
  ["minute", 60],
  ["hour", 3600],
  ["day", 86_400],
]);

/** "10/minute" as the policy declares it. */
export function rateOf(text: string): Rate | undefined {
  const [amount = "", unit = "", ...more] = text.split("/");
  const seconds = UNITS.get(unit);
  return seconds === undefined || more.length > 0 || !/^\d+$/.test(amount)
    ? undefined
    : { amount: Number(amount), seconds };
}

/** Items of a structured field (RFC 9651) as they come in RateLimit and RateLimit-Policy; undefined where it is none. */
export function limitItems(text: string): ReadonlyMap<string, ReadonlyMap<string, number>> | undefined {
  const items = new Map<string, ReadonlyMap<string, number>>();
  for (const part of text.split(",")) {
    const match =
      /^ *"([\x20-\x21\x23-\x5b\x5d-\x7e]{1,80})"((?:; *[a-z*][a-z0-9_.*-]*=-?\d{1,15})*) *$/.exec(part);
    if (match === null) return undefined;
    const parameters = (match[2] ?? "")
      .split(";")
      .slice(1)
      .map((one) => one.trim().split("="));
    items.set(match[1] ?? "", new Map(parameters.map(([name = "", value]) => [name, Number(value)])));
  }
  return items;
}

/** How much is left of a limit, as the answer says it; undefined where it does not. */
export const remainingOf = ({ response }: Exchange, name: string): number | undefined =>
  limitItems(headerOf(response, "ratelimit") ?? "")
    ?.get(name)
    ?.get("r");

/** Retry-After in seconds; undefined where it is missing, or no number of one second or more. */
export function retryAfterOf({ response }: Exchange): number | undefined {
  const text = headerOf(response, "retry-after") ?? "";
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
}

/** Addresses for benchmarks (RFC 2544) and for documentation (RFC 3849): nobody's. */
export const someIpv4 = (): string => `198.${randomInt(18, 20)}.${randomInt(256)}.${randomInt(1, 255)}`;
export const someIpv6 = (): bigint =>
  (0x20010db8n << 96n) | (BigInt(randomInt(2 ** 32)) << 64n) | BigInt(randomInt(2 ** 32));
export const ipv6Text = (address: bigint): string =>
  address
    .toString(16)
    .padStart(32, "0")
    .replace(/(.{4})(?!$)/g, "$1:");

export interface UsedUp {
  /** How many were let through, and what the first of them said is left after it. */
  readonly accepted: number;
  readonly firstRemaining: number | undefined;
  /** The refusal; undefined where none came. */
  readonly refusal: Exchange | undefined;
  /** As many as may have been let through, with what came back meanwhile. */
  readonly most: number;
  /** An answer that says that the target is broken, or the call is not what the description says. */
  readonly broken: Exchange | undefined;
}

/** Asks until a 429 comes, or more was let through than the rate allows. */
export async function useUp(
  context: ProbeContext<unknown>,
  { name, rate, call }: { readonly name: string; readonly rate: Rate; readonly call: TargetCall },
  client: WireClient,
): Promise<UsedUp> {
  const started = context.time.now();
  let firstRemaining: number | undefined;
  for (let accepted = 0; ; accepted++) {
    const exchange = await client.send(requestOf(call));
    const elapsed = (context.time.now() - started) / 1000;
    // What drains while we ask comes back; what was let through beyond that is too much.
    const most = rate.amount + Math.ceil((elapsed * rate.amount) / rate.seconds);
    const { status } = exchange.response;
    const found = { accepted, firstRemaining, most, refusal: undefined, broken: undefined };
    if (status === 429) return { ...found, refusal: exchange };
    if (status === 404 || status >= 500) return { ...found, broken: exchange };
    if (accepted === 0) firstRemaining = remainingOf(exchange, name);
    if (accepted + 1 > most) return { ...found, accepted: accepted + 1 };
  }
}
