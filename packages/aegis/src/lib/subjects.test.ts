import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { networkOf, subjectKeys } from "./subjects.ts";

describe("the network of an address", () => {
  it.each([
    ["192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["::FFFF:c000:207", "192.0.2.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2:0:0:0:0/64"],
    ["2001:db8::", "2001:db8:0:0:0:0:0:0/64"],
    ["::1", "0:0:0:0:0:0:0:0/64"],
    ["fe80::1%eth0", "fe80:0:0:0:0:0:0:0/64"],
    ["64:ff9b::192.0.2.7", "64:ff9b:0:0:0:0:0:0/64"],
    ["no address", "no address"],
  ])("%s is %s", (ip, network) => expect(networkOf(ip, 64)).toBe(network));

  it("keeps as many bits as it is told, and is the same for all that share them", () => {
    const group = fc.integer({ min: 0, max: 0xffff });
    fc.assert(
      fc.property(
        fc.array(group, { minLength: 8, maxLength: 8 }),
        fc.integer({ min: 32, max: 127 }),
        (groups, bits) => {
          const text = (all: readonly number[]) => all.map((one) => one.toString(16)).join(":");
          const flip = (bit: number) =>
            groups.map((one, place) => (place === Math.floor(bit / 16) ? one ^ (0x8000 >> (bit % 16)) : one));
          expect(networkOf(text(flip(bits)), bits)).toBe(networkOf(text(groups), bits));
          expect(networkOf(text(flip(bits - 1)), bits)).not.toBe(networkOf(text(groups), bits));
        },
      ),
    );
  });
});

describe("keys of subjects", () => {
  it("hold nothing of the address, differ by kind and secret, and stay the same", () => {
    const keys = subjectKeys(new Uint8Array(32).fill(1), 64);
    const others = subjectKeys(new Uint8Array(32).fill(2), 64);
    expect(keys.address("192.0.2.7")).toBe(keys.address("::ffff:192.0.2.7"));
    expect(keys.address("192.0.2.7")).not.toContain("192");
    const all = [keys.address("x"), keys.user("x"), keys.bearer("x"), keys.tenant("x"), others.address("x")];
    expect(new Set(all).size).toBe(5);
    for (let place = 0; place < 20_000; place++) keys.address(`10.0.${place >> 8}.${place & 255}`);
    expect(keys.address("x")).toBe(all[0]);
  });
});
