/** What a token is bound to, pure: the kind of program and the network it was given to, as keyed hashes (TOK-4). */
import type { KeyObject } from "node:crypto";
import { isIP } from "node:net";
import { hmac } from "../lib/bytes.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import type { AtLeastOne } from "../lib/secret-keys.ts";
import type { TokenPolicy } from "./policy.ts";

/** Keyed, because a plain hash of a network of 256 addresses, or of one of ten browsers, is as good as its text. */
export interface Binding {
  readonly userAgent: string;
  readonly network: string;
}

/** The same under every key that is kept: what was bound before a rotation is bound after it. */
export interface SeenBinding extends Binding {
  readonly earlier: readonly Binding[];
}

export interface Mismatch {
  readonly userAgent: boolean;
  readonly network: boolean;
  /** 0 to 100: how unlikely it is that this is the same program at the same place. */
  readonly score: number;
  readonly refused: boolean;
}

export function bindingOf(keys: AtLeastOne<KeyObject>, program: string, ip: string): SeenBinding {
  const network = networkOf(ip);
  const under = (key: KeyObject): Binding => ({
    userAgent: hmac(key, `program ${program}`),
    network: hmac(key, `network ${network}`),
  });
  const [newest, ...earlier] = keys;
  return { ...under(newest), earlier: earlier.map(under) };
}

/** A program changes its kind only in another's hands; people change their network by walking. */
const SCORE = { userAgent: 60, network: 30 };

/** Undefined where nothing differs that the policy looks at. */
export function mismatchOf(
  { userAgentBinding, networkBinding }: DeepReadonly<TokenPolicy>,
  given: Binding,
  seen: SeenBinding,
): Mismatch | undefined {
  const all = [seen, ...seen.earlier];
  const userAgent = userAgentBinding !== "off" && !all.some((one) => one.userAgent === given.userAgent);
  const network = networkBinding !== "off" && !all.some((one) => one.network === given.network);
  if (!userAgent && !network) return undefined;
  return {
    userAgent,
    network,
    score: (userAgent ? SCORE.userAgent : 0) + (network ? SCORE.network : 0),
    refused: (userAgent && userAgentBinding === "strict") || (network && networkBinding === "strict"),
  };
}

/** The name that a program gives itself before its version, where it is no browser: its updates are no other program. */
export function programName(userAgent: string): string {
  return /^[\w.+-]{1,64}(?=[/ ]|$)/.exec(userAgent)?.[0]?.toLowerCase() ?? "";
}

/** IPv4: the first 24 bits; IPv6: the first 64, which one line of a provider's customer shares. */
export function networkOf(ip: string): string {
  const address = ip.startsWith("::ffff:") && isIP(ip.slice(7)) === 4 ? ip.slice(7) : ip;
  if (isIP(address) === 4) return `${address.split(".").slice(0, 3).join(".")}.0/24`;
  if (isIP(address) !== 6) return "unknown";
  const [head = "", tail] = (address.split("%")[0] ?? "").split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const gap = tail === undefined ? 0 : 8 - left.length - right.length;
  const groups = [...left, ...Array.from({ length: Math.max(gap, 0) }, () => "0"), ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}
