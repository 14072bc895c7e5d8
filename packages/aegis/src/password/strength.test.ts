import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { repository, run } from "../../../../test/support/processes.ts";
import { passwordStrength } from "./strength.ts";

const LABELS = ["Very Weak", "Weak", "Fair", "Strong", "Very Strong"];
const scoreOf = (password: string, words: readonly string[] = []): number =>
  passwordStrength(password, words).score;

/** What people type, and what the estimator has trouble with. */
const typed = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc
    .array(
      fc.oneof(
        fc.constantFrom(
          "password",
          "constructor",
          "__proto__",
          "toString",
          "violet",
          "2024",
          "qwerty",
          "aaa",
          "@4$5",
        ),
        fc.string({ maxLength: 6 }),
      ),
      { maxLength: 8 },
    )
    .map((parts) => parts.join("")),
);

describe("the strength of a password", () => {
  it("is a whole number from 0 to 100 with the label of its fifth, whatever is typed", () => {
    fc.assert(
      fc.property(typed, fc.array(typed, { maxLength: 4 }), (password, words) => {
        const { score, label, advice } = passwordStrength(password, words);
        expect(Number.isInteger(score) && score >= 0 && score <= 100).toBe(true);
        expect(label).toBe(LABELS[Math.min(4, Math.floor(score / 20))]);
        expect(advice === undefined).toBe(score >= 60);
      }),
      { numRuns: 300 },
    );
  });

  it("is never raised by knowing more of its owner", () => {
    fc.assert(
      fc.property(typed, fc.array(typed, { maxLength: 4 }), (password, words) => {
        expect(scoreOf(password, words)).toBeLessThanOrEqual(scoreOf(password));
      }),
      { numRuns: 300 },
    );
  });

  it("is lower for a password with the user's name in it than for one without", () => {
    const name = fc.string({ unit: fc.constantFrom(..."bdfgklmnprtvz"), minLength: 6, maxLength: 12 });
    fc.assert(
      fc.property(name, (user) => {
        expect(scoreOf(`${user}-1944`, [user])).toBeLessThan(scoreOf(`${user}-1944`, ["somebody"]));
        expect(scoreOf(user, [user])).toBeLessThan(20);
      }),
      { numRuns: 100 },
    );
  });

  it("grows with random characters, up to 100 and no further", () => {
    const random = "xK9#mP2$vL8@qR5!wT3%zN7&";
    const scores = Array.from({ length: random.length }, (_, index) => scoreOf(random.slice(0, index + 1)));
    expect(scores).toEqual(scores.toSorted((a, b) => a - b));
    expect(scores.at(-1)).toBe(100);
  });

  it.each([
    ["", "Very Weak"],
    ["password", "Very Weak"],
    ["qwertyuiop", "Very Weak"],
    ["aaaaaaaaaaaaaaaaaaaaaaaa", "Very Weak"],
    ["abcdefghijklmnop", "Very Weak"],
    ["P@ssw0rd2024", "Weak"],
    ["dragon1985", "Weak"],
    ["Tr0ub4dor&3", "Fair"],
    ["zebra quartz lamp", "Strong"],
    ["xK9#mP2$vL8@qR5!", "Very Strong"],
    ["correct horse battery staple", "Very Strong"],
    ["violet harbour eleven spoons", "Very Strong"],
  ])("of %j is %s", (password, label) => {
    expect(passwordStrength(password, []).label).toBe(label);
  });

  it.each([
    ["gracehopper1944", ["Grace Hopper"]],
    ["grace.hopper!", ["grace.hopper@example.com"]],
    ["GRACE-HOPPER", ["grace_hopper"]],
    ["GammonsLanding", ["Gammons Landing"]],
    ["ＧＲＡＣＥ", ["grace"]],
  ])("of %j is low for the owner of %j", (password, words) => {
    expect(scoreOf(password, words)).toBeLessThan(40);
    expect(passwordStrength(password, words).advice).toMatch(/your name or the name of this service/);
  });

  it("counts no single letters of a name against a password", () => {
    expect(scoreOf("xK9#mP2$vL8@", ["x k", "m", ""])).toBe(scoreOf("xK9#mP2$vL8@"));
  });

  // Found in the estimator's dictionaries without having a rank, these make every count with them no number.
  it.each([
    ["constructor-constructorconstructorconstructorlikes tea", 65],
    ["-mymyconstructorconstructorconstructor", 45],
    ["my constructor likes tea", 80],
    ["xqdragon__proto____proto____proto____proto__", 85],
    ["password c0nstruct0r", 50],
    ["rotcurtsnoc", 10],
  ])("of %s is not raised by a word that every object has", (password, most) => {
    expect(scoreOf(password)).toBeLessThanOrEqual(most);
  });

  it("is one for every way to type a password", () => {
    expect(scoreOf("Café ﬁn 27")).toBe(scoreOf("Cafe\u0301 fin 27"));
  });

  it("looks at the beginning of a long password, which can only be weaker than the whole", () => {
    const long = "violet harbour eleven spoons ".repeat(200_000);
    expect(scoreOf(long)).toBe(100);
    expect(scoreOf(`${"a".repeat(48)}xK9#mP2$vL8@qR5!`)).toBe(scoreOf("a".repeat(48)));
  });

  it.each([
    ["password", /passwords that attackers try first/],
    ["dragon1985", /Common words/],
    ["asdfghjkl;'", /Neighbouring keys/],
    ["xqxqxqxqxq", /Repeating/],
    ["lmnopqrs", /Sequences/],
    ["1944-12-09", /Dates/],
    ["kx#9", /longer/],
  ])("comes with advice that fits: %s", (password, advice) => {
    expect(passwordStrength(password, []).advice).toMatch(advice);
  });
});

describe("the file that estimates it", () => {
  it("runs where no code may be made from text, as under a strict CSP", async () => {
    const code = `const { passwordStrength } = await import("aegis/strength");
      console.log(passwordStrength("P@ssw0rd2024", ["ada"]).label);`;
    const child = run(process.execPath, [
      "--disallow-code-generation-from-strings",
      "--conditions=source",
      "--input-type=module",
      "--eval",
      code,
    ]);
    expect([await child.ended(), child.output()]).toEqual([0, "Weak\n"]);
  });

  it("imports the estimator and its words, and nothing of Node", () => {
    const source = readFileSync(`${repository}packages/aegis/src/password/strength.ts`, "utf8");
    expect([...source.matchAll(/ from "([^"]+)"/g)].map(([, name]) => name)).toEqual([
      "@zxcvbn-ts/core",
      "@zxcvbn-ts/language-common",
    ]);
  });
});
