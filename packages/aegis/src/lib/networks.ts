import { BlockList, isIPv4, isIPv6 } from "node:net";

/**
 * Whether an address is one of these, or in one of these networks (CIDR); what is no address is in none.
 * @throws for an entry that is no address or network, naming it
 */
export function networksOf(where: string, entries: readonly string[]): (ip: string) => boolean {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = "", bits] = entry.split("/");
    const family = isIPv6(address) ? "ipv6" : "ipv4";
    try {
      if (bits === undefined) list.addAddress(address, family);
      else list.addSubnet(address, Number(bits), family);
    } catch {
      throw new Error(`${where} holds "${entry}", which is no address or network.`);
    }
  }
  return (ip) => (isIPv4(ip) && list.check(ip)) || (isIPv6(ip) && list.check(ip, "ipv6"));
}
