/**
 * Who counts as one. Addresses are personal data: what leaves the process is a keyed hash. An IPv6 address counts by
 * its network, because whoever has one address of it has them all; one that wraps an IPv4 address counts as that.
 */
import { isIPv4, isIPv6 } from "node:net";
import { hmac } from "./bytes.ts";

export interface SubjectKeys {
  address(ip: string): string;
  user(id: string): string;
  /** A token or API key, by its public handle. */
  bearer(id: string): string;
  tenant(id: string): string;
}

/** Remembered hashes; forgotten all at once when there are too many, which costs a few microseconds each. */
const MOST_REMEMBERED = 10_000;

export function subjectKeys(key: Uint8Array, ipv6PrefixLength: number): SubjectKeys {
  const keyed = (kind: string, nameOf = (text: string): string => text): ((text: string) => string) => {
    const known = new Map<string, string>();
    return (text) => {
      const found = known.get(text);
      if (found !== undefined) return found;
      const made = kind + hmac(key, `${kind} ${nameOf(text)}`);
      if (known.size >= MOST_REMEMBERED) known.clear();
      known.set(text, made);
      return made;
    };
  };
  return {
    address: keyed("a", (ip) => networkOf(ip, ipv6PrefixLength)),
    user: keyed("u"),
    bearer: keyed("b"),
    tenant: keyed("t"),
  };
}

/** "192.0.2.7" as it is, "2001:db8:1:2:3::4" as "2001:db8:1:2::/64"; what is no address, as it stands. */
export function networkOf(ip: string, ipv6PrefixLength: number): string {
  const address = ip.split("%", 1)[0] ?? "";
  if (isIPv4(address) || !isIPv6(address)) return address;
  const groups = groupsOf(address);
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) return ipv4Of(groups);
  const kept = groups.map((group, place) => {
    const bits = Math.min(16, Math.max(0, ipv6PrefixLength - place * 16));
    return (group & (0xffff << (16 - bits)) & 0xffff).toString(16);
  });
  return `${kept.join(":")}/${ipv6PrefixLength}`;
}

const ipv4Of = (groups: readonly number[]): string =>
  groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 0xff])
    .join(".");

/** The eight groups of an address that `isIPv6` accepts. */
function groupsOf(address: string): readonly number[] {
  const dotted = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const [a = 0, b = 0, c = 0, d = 0] = (dotted?.slice(1) ?? []).map(Number);
  const plain =
    dotted === null
      ? address
      : `${address.slice(0, dotted.index)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  const [head = "", tail] = plain.split("::");
  const of = (text: string): number[] =>
    text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
  const [left, right] = [of(head), of(tail ?? "")];
  return tail === undefined
    ? left
    : [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right];
}
