import { createPublicKey, generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { DomUtils, parseDocument } from "htmlparser2";
import { describe, expect, it } from "vitest";
import { sha256 } from "../lib/bytes.ts";
import { canonical } from "../lib/canonical.ts";
import { findingsFrom } from "./findings.ts";
import { htmlOf } from "./html.ts";
import { judged } from "./judge.ts";
import { approved, marked, started, withEntries } from "./keep.ts";
import { markdownOf } from "./markdown.ts";
import { appended, type ChecklistRecord, type Finding, hashOf, textOf } from "./record.ts";
import { checklistKeys, sealed } from "./seal.ts";
import { stateOf } from "./state.ts";
import { defaultList, parseList, type StepList, stepsOf } from "./steps.ts";
import { verifyRecord } from "./verify.ts";

const newSigner = () => {
  const { privateKey } = generateKeyPairSync("ed25519");
  const { x = "" } = createPublicKey(privateKey).export({ format: "jwk" });
  const jwk = { kty: "OKP", crv: "Ed25519", x };
  return { kid: sha256(canonical(jwk)), privateKey, jwk };
};
const signer = newSigner();
const keys = checklistKeys([signer.jwk]);
const at = (minute: number): string => `2026-11-21T10:${String(minute).padStart(2, "0")}:00.000Z`;

const list: StepList = {
  name: "A list",
  sections: [
    {
      title: "Before",
      steps: [
        { id: "host", title: "The host", by: "machine", looks: ["preflight:disk.*", "verify:csrf.token"] },
        { id: "told", title: "People were told", by: "person" },
      ],
    },
    { title: "After", steps: [{ id: "sign-off", title: "Approved", by: "approval" }] },
  ],
  roles: ["operations", "security"],
};
const finding = (id: string, outcome: Finding["outcome"], from: Finding["from"] = "preflight"): Finding => ({
  from,
  id,
  claim: `${id} holds`,
  outcome,
  observed: "seen",
});
const good = [finding("disk.free", "pass"), finding("csrf.token", "pass", "verify")];
const step = (id: string) => {
  const found = stepsOf(list).find((one) => one.id === id);
  if (found === undefined) throw new Error(id);
  return found;
};

const begin = (): ChecklistRecord =>
  withEntries(
    undefined,
    [started({ application: "Hub", origin: "https://hub.example", policy: "0123", list, at: at(0) })],
    signer,
    at(0),
  );
const add = (
  before: ChecklistRecord,
  record: ChecklistRecord["entries"][number]["record"],
): ChecklistRecord => withEntries(before, [record], signer, at(9));
const looked = (before: ChecklistRecord, findings: readonly Finding[]): ChecklistRecord =>
  add(before, judged(step("host"), findings, at(1)));
const told = (before: ChecklistRecord): ChecklistRecord =>
  add(before, marked(before, { step: "told", outcome: "pass", by: "Ada", note: "by mail", at: at(2) }));
const yes = (before: ChecklistRecord, role: string, note = ""): ChecklistRecord =>
  add(before, approved(before, { role, answer: "yes", by: "Bo", note, at: at(3) }));

const whole = (): ChecklistRecord => yes(yes(told(looked(begin(), good)), "operations"), "security");
const kinds = (text: string): readonly string[] =>
  verifyRecord(text, { keys }).problems.map(({ kind }) => kind);

describe("a record", () => {
  it("is whole as it is written, and complete when every step is done and every role has said yes", () => {
    expect(kinds(textOf(whole()))).toEqual([]);
    expect(stateOf(whole())).toMatchObject({ isComplete: true, open: [] });
    expect(stateOf(yes(told(looked(begin(), good)), "security")).isComplete).toBe(false);
  });

  it("that has one byte changed, wherever, is found", () => {
    const text = textOf(whole());
    const places = fc.integer({ min: 0, max: text.length - 1 });
    fc.assert(
      fc.property(places, fc.constantFrom(...'aA0 "}],:\n\\x'), (place, sign) => {
        fc.pre(text[place] !== sign);
        expect(kinds(text.slice(0, place) + sign + text.slice(place + 1))).not.toEqual([]);
      }),
      { numRuns: 3000 },
    );
    // The signature's last character has bits that decode to nothing.
    for (const sign of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") {
      const other = text.replace(/[A-Za-z0-9_-](","seq":\d+\}\}\n)$/, `${sign}$1`);
      if (other !== text) expect(kinds(other)).toEqual(["forged"]);
    }
  });

  it("with an entry removed, moved, put in or cut off is found, whoever computes the hashes again", () => {
    const record = whole();
    const { entries } = record;
    const again = (records: readonly (typeof entries)[number]["record"][]) =>
      records.reduce<readonly (typeof entries)[number][]>((all, one) => appended(all, one), []);
    const records = entries.map((entry) => entry.record);
    for (const changed of [
      records.toSpliced(2, 1),
      records.slice(0, -1),
      [...records.slice(0, 1), ...records.slice(1).toReversed()],
      [...records, ...records.slice(-1)],
    ]) {
      const rewritten = again(changed);
      expect(kinds(textOf({ ...record, entries: [...rewritten] }))).toContain("cut");
      // With the last hash put into the seal too, its signature is none.
      const last = rewritten.at(-1);
      if (last === undefined) throw new Error("no entries");
      const seal = { ...record.seal, seq: last.seq, hash: last.hash };
      expect(kinds(textOf({ ...record, entries: [...rewritten], seal }))).toEqual(["forged"]);
    }
    expect(kinds(textOf({ ...record, entries: entries.toSpliced(2, 1) }))).toContain("unlinked");
    const edited = entries.map((entry) =>
      entry.record.kind === "marked" ? { ...entry, record: { ...entry.record, by: "Mallory" } } : entry,
    );
    expect(kinds(textOf({ ...record, entries: edited }))).toEqual(["edited"]);
  });

  it("that another key signed is forged, or nobody's", () => {
    const other = newSigner();
    const record = whole();
    const last = record.entries.at(-1);
    if (last === undefined) throw new Error("no entries");
    expect(kinds(textOf({ ...record, seal: sealed(last, at(9), other) }))).toEqual(["key-unknown"]);
    const named = sealed(last, at(9), { ...other, kid: signer.kid });
    expect(kinds(textOf({ ...record, seal: named }))).toEqual(["forged"]);
  });

  it("that is an older copy does not hold what was told of the newer one", () => {
    const older = told(looked(begin(), good));
    const newer = yes(older, "security");
    const options = { keys, holds: newer.seal.hash };
    expect(verifyRecord(textOf(newer), options).problems).toEqual([]);
    expect(verifyRecord(textOf(older), options).problems.map(({ kind }) => kind)).toEqual(["older"]);
  });

  it("never throws, whatever it is given", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(kinds(text)).toEqual(["malformed"]);
      }),
    );
  });

  it("names who does what its list does not have", () => {
    const forgedBy = (record: ChecklistRecord["entries"][number]["record"]): readonly string[] =>
      kinds(textOf(add(begin(), record)));
    expect(forgedBy({ ...judged(step("host"), good, at(1)), step: "told" })).toEqual(["foreign"]);
    expect(
      forgedBy({ kind: "approved", at: at(1), by: "X", role: "owner", answer: "yes", note: "", open: [] }),
    ).toEqual(["foreign"]);
  });

  it("refuses what cannot be written down", () => {
    const name = (by: string) => () =>
      add(begin(), marked(begin(), { step: "told", outcome: "pass", by, note: "", at: at(1) }));
    for (const by of ["", " \n ", "a".repeat(121)]) expect(name(by)).toThrow(/cannot be written down/);
    expect(name("Ada")).not.toThrow();
  });
});

describe("a step of the machine", () => {
  it.each([
    [good, "pass"],
    [[finding("disk.free", "pass")], "unknown"],
    [[], "unknown"],
    [[...good, finding("disk.other", "unknown")], "unknown"],
    [[...good, finding("disk.other", "error")], "error"],
    [[...good, finding("disk.other", "unknown"), finding("disk.third", "fail")], "fail"],
    [
      [finding("disk.free", "not-applicable"), finding("csrf.token", "not-applicable", "verify")],
      "not-applicable",
    ],
    [[finding("disk.free", "pass"), finding("csrf.token", "pass")], "unknown"],
  ] as const)("of %j is %s", (findings, outcome) => {
    expect(judged(step("host"), findings, at(1)).outcome).toBe(outcome);
  });

  it("keeps what failed where there is no room for all", () => {
    const many = Array.from({ length: 400 }, (_, place) =>
      finding(`disk.n${place}`, place === 399 ? "fail" : "pass"),
    );
    const result = judged(step("host"), many, at(1));
    expect([result.findings.length, result.left_out, result.findings[0]?.outcome]).toEqual([
      300,
      100,
      "fail",
    ]);
  });

  it("that failed is passed by nobody's word; one that could not be seen, with a note", () => {
    const mark = (record: ChecklistRecord, note: string) => () =>
      marked(record, { step: "host", outcome: "pass", by: "Ada", note, at: at(2) });
    const failed = looked(begin(), [...good, finding("disk.other", "fail")]);
    expect(mark(failed, "I looked")).toThrow(/Mend it/);
    const unseen = looked(begin(), []);
    expect(mark(unseen, "")).toThrow(/say in a note/);
    expect(stateOf(add(unseen, mark(unseen, "I looked")())).open).toEqual(["told"]);
  });
});

describe("an approval", () => {
  it("with steps open says why, and which they were", () => {
    expect(() => yes(begin(), "security")).toThrow(/Not done yet: host, told/);
    const [, last] = yes(begin(), "security", "for the trial only").entries;
    expect(last?.record).toMatchObject({ open: ["host", "told"], note: "for the trial only" });
  });

  it("is void when something was looked at or marked since", () => {
    const after = looked(whole(), good);
    expect(stateOf(after)).toMatchObject({
      isComplete: false,
      approvals: [{ stale: true }, { stale: true }],
    });
  });

  it("that says no fails the sign-off", () => {
    const before = told(looked(begin(), good));
    const no = add(
      before,
      approved(before, { role: "security", answer: "no", by: "Bo", note: "", at: at(3) }),
    );
    const steps = stateOf(yes(no, "operations")).sections.flatMap((section) => section.steps);
    expect(steps.at(-1)?.outcome).toBe("fail");
    expect(stateOf(yes(yes(no, "operations"), "security")).isComplete).toBe(true);
  });
});

describe("findings from outside", () => {
  it("are refused where they are none, or where nothing was reached", () => {
    for (const data of [
      undefined,
      [],
      {},
      { findings: "x" },
      { findings: [{}] },
      { findings: [{ id: "a" }] },
    ])
      expect(() => findingsFrom(data, "preflight")).toThrow(/finding/);
    expect(() => findingsFrom({ reachable: false, findings: [] }, "verify")).toThrow(/could not be reached/);
  });

  it("are cut and cleaned, and can always be hashed", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 2000 }), (observed) => {
        const [one] = findingsFrom(
          { findings: [{ id: "disk.free", outcome: "fail", observed }] },
          "preflight",
        );
        if (one === undefined) throw new Error("none");
        const after = looked(begin(), [one]);
        expect(kinds(textOf(after))).toEqual([]);
        for (const entry of after.entries) expect(hashOf(entry)).toBe(entry.hash);
      }),
    );
  });
});

describe("the default list", () => {
  it("has sixteen steps in six sections, each with somebody who does it", () => {
    expect(stepsOf(parseList(structuredClone(defaultList)))).toHaveLength(16);
    expect(defaultList.sections.map(({ title }) => title)).toEqual([
      "Pre-deployment",
      "Deployment",
      "Post-deployment",
      "Remediation",
      "Monitoring",
      "Sign-off",
    ]);
  });

  it("refuses lists with a step twice, no approval, or a machine that looks at nothing", () => {
    const [first] = list.sections;
    if (first === undefined) throw new Error("none");
    expect(() => parseList({ ...list, sections: [...list.sections, first] })).toThrow(/twice/);
    expect(() => parseList({ ...list, sections: [first] })).toThrow(/approval/);
    expect(() => parseList({ ...list, more: 1 })).toThrow(/not valid/);
  });
});

describe("exports", () => {
  const hostile = `</td><script>alert(1)</script> | [x](javascript:alert(1)) ![y](https://evil.example/p.png) \`c\` **b** & "q" '`;
  const record = (): ChecklistRecord => {
    const before = looked(begin(), [
      { ...finding("disk.free", "fail"), observed: hostile, claim: hostile, fix: hostile },
    ]);
    const mark = add(
      before,
      marked(before, {
        step: "told",
        outcome: "pass",
        by: `Ada ${hostile}`.slice(0, 110),
        note: hostile,
        at: at(2),
      }),
    );
    return add(mark, approved(mark, { role: "security", answer: "no", by: "Bo", note: hostile, at: at(3) }));
  };

  it("as HTML hold text as text: no element, attribute or address of a stranger's", () => {
    const html = htmlOf(stateOf(record()), { signature: hostile });
    const elements = DomUtils.findAll(() => true, parseDocument(html).children);
    const names = new Set(elements.map(({ name }) => name));
    const attributes = new Set(elements.flatMap(({ attribs }) => Object.keys(attribs)));
    expect([...attributes].toSorted()).toEqual(
      ["lang", "charset", "http-equiv", "content", "name", "class", "scope"].toSorted(),
    );
    for (const name of ["script", "img", "a", "link", "iframe"]) expect([...names]).not.toContain(name);
    expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(html).toMatch(/prefers-color-scheme:dark[\s\S]*@media print/);
    expect(html).not.toMatch(/url\(|@import/);
  });

  it("as Markdown hold text as text: no markup, link, image or cell of a stranger's", () => {
    const text = markdownOf(stateOf(record()), { signature: hostile });
    expect(text).not.toContain("<script");
    for (const row of text.split("\n").filter((line) => line.startsWith("| People")))
      expect(row.replaceAll(/\\\|/g, "").split("|")).toHaveLength(6);
    expect(text).not.toMatch(/(?<!\\)\[x|!\[|(?<!\\)`c|https:\/\/evil/);
    expect(text).toContain("Ada");
  });
});
