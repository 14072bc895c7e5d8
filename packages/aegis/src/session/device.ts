import { BlockList, isIP } from "node:net";

/** A user agent in words a person knows ("Firefox on Windows"). For display only: the client chooses what it says. */
const browsers: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(e|A|iOS)?\//, "Edge"],
  [/\bOPR\//, "Opera"],
  [/\b(Firefox|FxiOS)\//, "Firefox"],
  [/\b(HeadlessChrome|Chrome|CriOS)\//, "Chrome"],
  [/\bSafari\//, "Safari"],
  [/^curl\//, "curl"],
  [/^aegis-verify\//, "aegis verify"],
];

const systems: readonly (readonly [RegExp, string])[] = [
  [/\b(iPhone|iPad)\b/, "iOS"],
  [/\bAndroid\b/, "Android"],
  [/\bWindows NT\b/, "Windows"],
  [/\bMac OS X\b/, "macOS"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bLinux\b/, "Linux"],
];

export function deviceName(userAgent: string): string {
  const find = (table: readonly (readonly [RegExp, string])[]) =>
    table.find(([pattern]) => pattern.test(userAgent))?.[1];
  const browser = find(browsers);
  const system = find(systems);
  if (browser === undefined) return system ?? "Unknown device";
  return system === undefined ? browser : `${browser} on ${system}`;
}

/** Networks that say where somebody is without a map of the world (RFC 1918, RFC 4193, RFC 6598, RFC 4291 2.5.6). */
const places = new BlockList();
for (const [network, prefix] of [
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["100.64.0.0", 10],
  ["169.254.0.0", 16],
] as const)
  places.addSubnet(network, prefix, "ipv4");
places.addSubnet("fc00::", 7, "ipv6");
places.addSubnet("fe80::", 10, "ipv6");

/** Where an address stands, in words; null for one out in the world: a place guessed wrong would alarm its owner for nothing. */
export function placeOf(ip: string): string | null {
  const address = ip.startsWith("::ffff:") ? ip.slice("::ffff:".length) : ip;
  const family = isIP(address);
  if (family === 0) return null;
  if (address === "::1" || address.startsWith("127.")) return "This machine";
  return places.check(address, family === 4 ? "ipv4" : "ipv6") ? "Local network" : null;
}
