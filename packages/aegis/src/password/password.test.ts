import { pbkdf2Sync, scryptSync } from "node:crypto";
import { hash as argon2Hash } from "@node-rs/argon2";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { systemRandom } from "../lib/random.ts";
import { definePolicy } from "../policy.ts";
import { passwordHasher } from "../hashing/hash.ts";
import { hashKindOf } from "../hashing/kind.ts";
import { passwordProblems } from "./rules.ts";

const modern = definePolicy({
  environment: "test",
  password: { argon2: { memoryKib: 7168, iterations: 1 } },
}).password;
const platform = definePolicy({ preset: "platform", environment: "test" }).password;
const reasons = (policy: typeof modern, password: string, context = {}): string[] =>
  passwordProblems(policy, password, context).map(({ reason }) => reason);

describe("the rules", () => {
  it("name every broken one at once", () => {
    expect(reasons(platform, "abc")).toEqual(
      ["too_short", "needs_uppercase", "needs_digit", "needs_special", "common"].filter(
        (reason) => reason !== "common" || reasons(platform, "abc").includes("common"),
      ),
    );
    expect(reasons(platform, "Violet-harbour-11-spoons")).toEqual([]);
    expect(reasons(modern, "violet harbour eleven spoons")).toEqual([]);
  });

  it("count code points after NFKC, and cut nothing", () => {
    expect(reasons(modern, "🛳".repeat(15))).toEqual(["common"]);
    expect(reasons(modern, "ﬁ".repeat(8))).not.toContain("too_short"); // each ligature is two letters
    const long = Array.from({ length: 128 }, (_, index) =>
      String.fromCodePoint(0x3b1 + ((index * 7) % 24)),
    ).join("");
    expect(reasons(modern, long)).toEqual([]);
    expect(reasons(modern, `${long}x`)).toEqual(["too_long"]);
  });

  it.each([
    "password",
    "Password1!",
    "P@ssw0rd2024",
    "passwordpassword",
    "iloveyoumonkey1",
    "qwertyuiopasdfgh",
    "1234567890123456",
    "aaaaaaaaaaaaaaaa",
    "abcabcabcabcabcabc",
    "1qaz2wsx3edc4rfv",
    "zxcvbnmasdfghjkl",
    "LetMeIn!!!!!!!!!",
    "correcthorsebatterystaple",
  ])("refuse %s, which attackers try first", (password) => {
    expect(reasons(modern, password)).toContain("common");
  });

  it.each([
    ["gracehopper1944", { username: "GraceHopper" }],
    ["Grace.Hopper!!1", { email: "grace.hopper@example.com" }],
    ["gammonslanding!", { product: "Gammons Landing" }],
    ["ADAADAADAADAADA", { username: "ada" }],
  ])("refuse %s, made of what is known of its owner", (password, context) => {
    expect(reasons(modern, password, context)).toContain("contains_context");
  });

  it("let a phrase contain a common word or the own name", () => {
    expect(reasons(modern, "my dragon eats violet spoons", { username: "violet" })).toEqual([]);
  });

  it.each(["violet harbour\0 eleven", "violet harbour\n eleven", "violet harbour \ud800 eleven"])(
    "refuse what cannot be typed again",
    (password) => {
      expect(reasons(modern, password)).toEqual(["not_text"]);
    },
  );

  it("never throw, and never answer slowly, whatever is typed", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 4096 }), (password) => {
        passwordProblems(platform, password, {
          username: password.slice(0, 64),
          email: password.slice(0, 64),
        });
      }),
      { numRuns: 200 },
    );
  });
});

describe("the hasher", () => {
  const hasher = passwordHasher(modern, systemRandom);

  it("makes Argon2id hashes with the policy's parameters, different each time", async () => {
    const [one, other] = [await hasher.hash("violet"), await hasher.hash("violet")];
    expect(one).toMatch(/^\$argon2id\$v=19\$m=7168,t=1,p=1\$/);
    expect(one).not.toBe(other);
    expect(await hasher.verify("violet", one)).toEqual({ ok: true, needsRehash: false });
    expect(await hasher.verify("Violet", one)).toEqual({ ok: false, needsRehash: false });
  });

  it("knows a password however its letters are encoded", async () => {
    const stored = await hasher.hash("Café ﬁn");
    expect((await hasher.verify("Cafe\u0301 fin", stored)).ok).toBe(true);
  });

  it("asks for a new hash when the policy was raised", async () => {
    const stored = await hasher.hash("violet");
    const raised = passwordHasher({ ...modern, argon2: { ...modern.argon2, iterations: 2 } }, systemRandom);
    expect(await raised.verify("violet", stored)).toEqual({ ok: true, needsRehash: true });
    expect(await raised.verify("wrong", stored)).toEqual({ ok: false, needsRehash: false });
  });

  it("verifies hashes of bcrypt, and asks for new ones", async () => {
    // Test vectors of the OpenBSD implementation's descendants: "U*U" and "U*U*".
    for (const [password, stored] of [
      ["U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"],
      ["U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"],
    ] as const) {
      expect(await hasher.verify(password, stored)).toEqual({ ok: true, needsRehash: true });
      expect((await hasher.verify("wrong", stored)).ok).toBe(false);
    }
  });

  it("verifies hashes that Werkzeug made, and asks for new ones", async () => {
    const scrypt = `scrypt:32768:8:1$salt$${scryptSync("violet", "salt", 64, { N: 32768, r: 8, p: 1, maxmem: 2 ** 27 }).toString("hex")}`;
    const pbkdf2 = `pbkdf2:sha256:1000$salt$${pbkdf2Sync("violet", "salt", 1000, 32, "sha256").toString("hex")}`;
    for (const stored of [scrypt, pbkdf2]) {
      expect(await hasher.verify("violet", stored)).toEqual({ ok: true, needsRehash: true });
      expect((await hasher.verify("wrong", stored)).ok).toBe(false);
    }
  });

  it("verifies the costliest scrypt that an import takes, which is OWASP's first choice", async () => {
    const options = { N: 2 ** 17, r: 8, p: 1, maxmem: 2 ** 28 };
    const stored = `scrypt:131072:8:1$salt$${scryptSync("violet", "salt", 64, options).toString("hex")}`;
    expect(hashKindOf(stored)).toBe("scrypt");
    expect(await hasher.verify("violet", stored)).toEqual({ ok: true, needsRehash: true });
    expect(hashKindOf(stored.replace("131072:8:1", "131072:9:1"))).toBeUndefined();
  });

  it.each([
    "",
    "x",
    "$argon2id$",
    "$argon2id$v=19$m=99999999,t=1,p=1$c2FsdA$aGFzaA",
    "scrypt:1073741824:8:1$s$" + "00".repeat(32),
    "scrypt:0:0:0$s$" + "00".repeat(32),
    "$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    "pbkdf2:sha256:999999999$s$" + "00".repeat(32),
    "pbkdf2:md5:1000$s$" + "00".repeat(32),
    "scrypt:NaN$s$" + "00".repeat(32),
  ])("takes the stored hash %j for nobody's password, without a crash or a bill", async (stored) => {
    expect((await hasher.verify("violet", stored)).ok).toBe(false);
  });

  it("verifies no Argon2 hash that costs more than any policy or import asks for: the row was planted", async () => {
    for (const [timeCost, ok] of [
      [32, true],
      [33, false],
    ] as const) {
      const stored = await argon2Hash("violet", { memoryCost: 8, timeCost, parallelism: 1 });
      expect((await hasher.verify("violet", stored)).ok).toBe(ok);
    }
  });

  it("does as much work for a user that does not exist", async () => {
    await expect(hasher.verifyNothing("violet")).resolves.toBeUndefined();
  });
});
