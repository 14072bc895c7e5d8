/** What a watch tells and keeps, without a clock, a network or a target. */
import { createHmac } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { systemRandom } from "../lib/random.ts";
import { noBeats, quantile, total, withBeat } from "./beats.ts";
import { beaten, begun, controlsSeen, goneOn, heldAgainst, identitySeen, type WatchPlan } from "./course.ts";
import { lockWatch, readWatch, writeWatch } from "./file.ts";
import { watchHtml } from "./html.ts";
import { inDoubt, judgeAll } from "./judge.ts";
import { watchMarkdown } from "./markdown.ts";
import { type Change, isWatchState, LIMITS, type Status, type WatchState } from "./model.ts";
import { letterOf, lineOf, webhookBody, webhookHeaders, webhookKey } from "./notices.ts";
import { due, mailChannel, posted, refused, taken } from "./outbox.ts";
import { type Beat, clockObservation } from "./subjects.ts";
import { watchJson, watchReport, watchStatus } from "./timeline.ts";

const START = Date.UTC(2026, 0, 1);
const BEAT = 30_000;
const plan: WatchPlan = {
  origin: "https://hub.example",
  policyName: "preset saas",
  fingerprint: "0123456789abcdef",
  scope: "3 fast controls",
  forMs: 86_400_000,
  beatMs: BEAT,
  slowMs: 1000,
  clockMs: 2000,
};

const up: Beat = {
  health: { status: 200, said: "ok" },
  ready: { status: 200, said: undefined },
  latencyMs: 12,
  clock: undefined,
};
const down: Beat = {
  health: { fault: "refused", reason: "nobody takes the connection" },
  ready: undefined,
  latencyMs: undefined,
  clock: undefined,
};
const limited: Beat = { ...down, health: { fault: "limited", reason: "429" } };

/** Beats one after the other; the changes that they tell. */
function through(beats: readonly Beat[], from = begun(plan, START)) {
  let state = from;
  const changes: Change[] = [];
  for (const beat of beats) {
    const step = beaten(state, beat, state.lastAt + BEAT, plan, false);
    state = step.state;
    changes.push(...step.changes);
  }
  return { state, changes };
}

const finding = (id: string, outcome: "pass" | "fail" | "unknown", observed = "what was seen") => ({
  id,
  claim: `The claim of ${id}.`,
  outcome,
  observed,
  advice: { symptom: "what one notices", cause: "why it is so", fix: "what to do" },
});
const looked = (state: WatchState, outcome: "pass" | "fail" | "unknown", at: number, wasThere = true) =>
  controlsSeen(state, { findings: [finding("headers.nosniff", outcome)], accountsMade: 0, wasThere }, at);

describe("what is told", () => {
  it("is an outage that two beats have seen, once, since the first of them, and its end once", () => {
    const { changes } = through([up, down, up, down, down, down, down, up, up, up]);
    expect(
      changes.map(({ subject, to, since, lasted }) => [subject, to, (since - START) / BEAT, lasted]),
    ).toEqual([
      ["health", "bad", 4, undefined],
      ["health", "good", 8, 4 * BEAT],
    ]);
  });

  it("is what is bad again and again, though never twice in a row: one of two servers is down", () => {
    const turns = Array.from({ length: 200 }, (_, place) => (place % 2 === 0 ? up : down));
    const { changes, state } = through(turns);
    expect(changes.map(({ subject, to, since }) => [subject, to, (since - START) / BEAT])).toEqual([
      ["health", "bad", 2],
    ]);
    expect(changes[0]?.observed).toBe("again and again: nobody takes the connection");
    const report = watchReport(looked(state, "pass", state.lastAt).state);
    expect([report.verdict, watchStatus(report), report.availability]).toEqual(["failed", 1, 0.5]);
    expect(isWatchState(state)).toBe(true);
    expect(through([up, up], state).changes.map(({ to }) => to)).toEqual(["good"]);
  });

  it("is nothing that is bad in one look of five or fewer, and something in one of four", () => {
    const every = (count: number) =>
      through(Array.from({ length: 400 }, (_, place) => (place % count === 0 ? down : up))).changes;
    expect([every(5), every(20)]).toEqual([[], []]);
    expect(every(4)[0]).toMatchObject({ subject: "health", to: "bad" });
    const unseen = Array.from({ length: 400 }, (_, place) => (place % 2 === 0 ? up : limited));
    expect(through(unseen).changes).toEqual([]);
  });

  it("is nothing of a target that limits this watch, which says nothing of it", () => {
    const { state, changes } = through([up, up, limited, up, limited]);
    expect([changes, watchReport(state).availability]).toEqual([[], 1]);
  });

  it("is nothing of readiness while nothing answers at all, and of readiness alone when that is all", () => {
    const away = { ...up, ready: { status: 503, said: undefined } };
    expect(through([up, up, away, down, down, away, up, up]).changes.map(({ subject }) => subject)).toEqual([
      "health",
      "health",
    ]);
    expect(through([up, up, away, away, up, up]).changes.map(({ subject, to }) => [subject, to])).toEqual([
      ["ready", "bad"],
      ["ready", "good"],
    ]);
  });

  it("is a slow target by whole windows: one late answer is none", () => {
    const slow = { ...up, latencyMs: 3000 };
    const window = (beat: Beat): readonly Beat[] => Array.from({ length: 20 }, () => beat);
    const one = through([...window(up).slice(1), slow, ...window(up)]);
    expect(one.changes).toEqual([]);
    const { changes } = through([...window(slow), ...window(slow), ...window(up), ...window(up)]);
    expect(changes.map(({ subject, to, observed }) => [subject, to, observed])).toEqual([
      ["latency", "bad", "p50 3000 ms, p95 3000 ms"],
      ["latency", "good", "p50 12 ms, p95 12 ms"],
    ]);
  });

  it("is a control that fails twice, with its advice; a look into an outage is none", () => {
    let state = through([up, up]).state;
    const said: Change[] = [];
    for (const [outcome, wasThere] of [
      ["pass", true],
      ["pass", true],
      ["fail", true],
      ["fail", false],
      ["fail", true],
      ["fail", true],
      ["unknown", true],
      ["unknown", true],
      ["pass", true],
      ["pass", true],
    ] as const) {
      const step = looked(state, outcome, state.lastAt, wasThere);
      state = step.state;
      said.push(...step.changes);
    }
    expect(said.map(({ from, to }) => `${from} ${to}`)).toEqual(["good bad", "bad unseen", "unseen good"]);
    expect(said[0]?.advice?.fix).toBe("what to do");
    expect(state.looks).toEqual({ done: 9, void: 1 });
  });

  it("asks for a second look where one has shown it otherwise, and for none where all is as it was", () => {
    let { state } = looked(begun(plan, START), "pass", START);
    expect(inDoubt(state)).toEqual([]);
    for (const outcome of ["pass", "fail"] as const) state = looked(state, outcome, START).state;
    expect(inDoubt(state)).toEqual(["control:headers.nosniff"]);
    expect(inDoubt(looked(state, "fail", START).state)).toEqual([]);
    expect(inDoubt(looked(begun(plan, START), "fail", START).state)).toHaveLength(1);
    expect(inDoubt(looked(begun(plan, START), "unknown", START).state)).toEqual([]);
  });

  it("is another key once each, however several servers take turns, and another policy", () => {
    let state = begun(plan, START);
    const seen = ["a", "b", "a", "b", "b", "a", "b", "c", "c", "a"].flatMap((key) => {
      const step = identitySeen(state, key, START);
      state = step.state;
      return step.changes.map(({ observed }) => observed);
    });
    expect(seen).toEqual(["b", "c"]);
    const held = heldAgainst(state, { ...plan, fingerprint: "ffff" }, START);
    expect(held.changes[0]).toMatchObject({ subject: "policy", to: "other" });
    expect(heldAgainst(held.state, { ...plan, fingerprint: "ffff" }, START).changes).toEqual([]);
  });

  it("never says the same twice in a row, nor that what was never told of is well, whatever is seen", () => {
    const one = fc.record({
      subject: fc.constantFrom("a", "b", "__proto__", "constructor"),
      status: fc.constantFrom<Status>("good", "bad", "unseen"),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 200 }), (seen) => {
        let state = begun(plan, START);
        const told = new Map<string, string[]>();
        for (const [place, { subject, status }] of seen.entries()) {
          const at = START + place * BEAT;
          const step = judgeAll(state, [{ subject, claim: "c", status, observed: "o" }], at);
          state = step.state;
          for (const change of step.changes) {
            const list = told.get(change.subject) ?? [];
            expect(change.to).not.toBe(list.at(-1));
            if (change.to === "good") expect(["bad", "unseen"]).toContain(list.at(-1));
            expect(change.since).toBeLessThan(change.at);
            told.set(change.subject, [...list, change.to]);
          }
        }
        for (const list of told.values()) expect(list.join(" ")).not.toMatch(/good good|bad bad/);
        // Who has seen the same twice at the end has been told so.
        for (const [subject, { seen: last, inARow, held }] of Object.entries(state.subjects))
          if (inARow >= 2) {
            expect(held).toBe(last);
            if (held === "bad") expect(told.get(subject)?.at(-1)).toBe("bad");
          }
      }),
    );
  });

  it("counts a clock as apart only where no moment within its second explains it", () => {
    const at = (date: number) =>
      clockObservation({ date, asked: START + 500, answered: START + 600 }, 2000).status;
    expect([START, START - 2000, START + 2500].map(at)).toEqual(["good", "good", "good"]);
    expect([START - 3000, START + 3000].map(at)).toEqual(["bad", "bad"]);
  });
});

describe("what is kept", () => {
  it("is bounded, however long it is watched and whatever is seen", () => {
    let state = begun(plan, START);
    for (let place = 0; place < 8000; place++) {
      const beat = place % 5 < 3 ? up : down;
      const step = beaten(
        state,
        { ...beat, ...(beat === up ? { latencyMs: place % 4000 } : {}) },
        state.lastAt + BEAT,
        plan,
        false,
      );
      state = posted(step.state, step.changes, ["webhook"], { at: state.lastAt, random: systemRandom });
    }
    expect(isWatchState(state)).toBe(true);
    expect(state.beats.buckets.length).toBeLessThanOrEqual(LIMITS.buckets);
    expect(JSON.stringify(state).length).toBeLessThan(1_000_000);
    expect([state.outbox.length, state.changes.length]).toEqual([LIMITS.outbox, LIMITS.changes]);
    expect(state.changesLost + LIMITS.changes).toBe(state.parcels.lost + LIMITS.outbox);
    const { good, bad } = total(state.beats);
    expect([good, bad]).toEqual([4800, 3200]); // nothing is lost by adding up
  });

  it("tells quantiles that are never better than they were, and a fifth worse at most", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60_000 }), { minLength: 1, maxLength: 300 }), (all) => {
        const beats = all.reduce(
          (sum, ms, place) => withBeat(sum, START + place * BEAT, "good", ms),
          noBeats,
        );
        const sorted = all.toSorted((a, b) => a - b);
        for (const share of [0.5, 0.95, 1]) {
          const exact = sorted[Math.ceil(all.length * share) - 1] ?? 0;
          const told = quantile(total(beats), share) ?? 0;
          expect(told).toBeGreaterThanOrEqual(exact);
          expect(told).toBeLessThanOrEqual(Math.ceil(exact * 1.2) + 1);
        }
      }),
    );
  });

  it("is what a death left, with the time in which nobody watched, until its end", () => {
    const before = through([up, down, up]).state;
    const after = goneOn(before, before.lastAt + 600_000);
    expect(after.gaps).toEqual([{ from: before.lastAt, to: before.lastAt + 600_000 }]);
    const late = goneOn(before, before.until + 600_000);
    expect(late.lastAt).toBe(before.until);
    // One beat before and one after are not two in a row.
    const cut = goneOn(through([up, up, down]).state, START + 10 * BEAT);
    expect(through([down], cut).changes).toEqual([]);
    // A machine that slept has not watched either.
    const slept = beaten(before, up, before.lastAt + 3_600_000, plan, false).state;
    expect(slept.notWatchedMs).toBe(3_600_000);
  });

  it("is refused where it is no state, and is its owner's alone", async () => {
    const folder = mkdtempSync(join(tmpdir(), "aegis-watch-"));
    afterAll(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "state.json");
    expect(await readWatch(file)).toBeUndefined();
    const { state } = through([up, down, down]);
    await writeWatch(file, state);
    expect([await readWatch(file), statSync(file).mode & 0o777]).toEqual([state, 0o600]);
    for (const text of [
      "",
      "{}",
      readFileSync(file, "utf8").slice(0, -9),
      JSON.stringify({ ...state, more: 1 }),
    ]) {
      writeFileSync(file, text);
      await expect(readWatch(file)).rejects.toThrow(/holds no watch/);
    }
    const giveBack = await lockWatch(file, START);
    await expect(lockWatch(file, START)).rejects.toThrow(/watches with this state/);
    await giveBack();
    await (
      await lockWatch(file, START)
    )();
    expect(readdirSync(folder).toSorted()).toEqual(["state.json", "state.json.lock"]);
  });
});

describe("a message", () => {
  const channels = ["webhook", mailChannel("ops@example.org")];
  const changesOf = (count: number): Change[] =>
    Array.from({ length: count }, (_, place) => ({
      at: START,
      since: START,
      subject: `control:c.${place}`,
      claim: "<b>claim</b>",
      from: "good",
      to: place === count - 1 ? "bad" : "good",
      observed: "line\none \u202etwo",
    }));
  const post = (state: WatchState, count = 1) =>
    posted(state, changesOf(count), channels, { at: START, random: systemRandom });

  it("is one for all that a look has changed, the worst first, to each channel in its order", () => {
    const state = post(post(begun(plan, START), 40));
    const first = due(state, START, new Set(channels));
    expect(first?.notice.changes[0]?.to).toBe("bad");
    expect([first?.notice.changes.length, first?.notice.more]).toEqual([LIMITS.told, 20]);
    expect(new Set(state.outbox.map(({ notice }) => notice.id)).size).toBe(2);
    if (first === undefined) return;
    const waiting = refused(state, first, START, 5000);
    // The second of this channel waits behind the first; the other channel does not.
    expect(due(waiting, START, new Set(["webhook"]))).toBeUndefined();
    expect(due(waiting, START, new Set(channels))?.channel).toBe(channels[1]);
    const again = due(waiting, START + 5000, new Set(["webhook"]));
    expect([again?.notice.id, again?.attempts]).toEqual([first.notice.id, 1]);
    expect(due(taken(waiting, first), START, new Set(["webhook"]))?.notice.id).not.toBe(first.notice.id);
    let tired = state;
    for (let time = 0; time < 50; time++) {
      const next = tired.outbox[0];
      if (next !== undefined) tired = refused(tired, next, START, 5000);
    }
    expect(tired.outbox[0]?.nextAt).toBe(START + 900_000);
    expect(JSON.stringify(state)).not.toContain("ops@example.org");
  });

  it("shows text as text, on its line, with no markup of a target's", () => {
    const [change] = changesOf(1);
    const notice = post(begun(plan, START)).outbox[0]?.notice;
    if (change === undefined || notice === undefined) throw new Error("nothing was posted");
    expect(lineOf(change)).not.toMatch(/[\n\u202e]/);
    const { subject, text, html } = letterOf(plan.origin, notice);
    expect(subject).toBe("[aegis watch] hub.example: c.0 FAILED");
    expect(text).toContain("seen: line one  two");
    expect(html).toContain("&lt;b&gt;claim&lt;/b&gt;");
  });

  it("is signed as Standard Webhooks has it, with a key of 24 to 64 bytes", () => {
    const key = webhookKey(`whsec_${Buffer.alloc(32, 7).toString("base64")}`);
    const notice = post(begun(plan, START)).outbox[0]?.notice;
    if (key === undefined || notice === undefined) throw new Error("no key");
    const body = webhookBody(plan.origin, notice);
    const headers = webhookHeaders(notice.id, body, key, START);
    const mac = createHmac("sha256", Buffer.alloc(32, 7)).update(`${notice.id}.${START / 1000}.${body}`);
    expect(headers["webhook-signature"]).toBe(`v1,${mac.digest("base64")}`);
    expect(headers["webhook-timestamp"]).toBe(String(START / 1000));
    for (const bad of [
      "",
      "whsec_",
      "secret",
      `whsec_${Buffer.alloc(23).toString("base64")}`,
      `whsec_${Buffer.alloc(65).toString("base64")}`,
    ])
      expect(webhookKey(bad)).toBeUndefined();
  });
});

describe("the report", () => {
  const attacked = (): WatchState => {
    let { state } = through([up, up]);
    for (const outcome of ["pass", "pass", "fail", "fail"] as const)
      state = controlsSeen(
        state,
        {
          findings: [finding("h.x", outcome, "<script>alert(1)</script> | [a](javascript:b)")],
          accountsMade: 1,
          wasThere: true,
        },
        state.lastAt,
      ).state;
    return goneOn(through([down, down, up, up], state).state, state.lastAt + 3_600_000);
  };

  it("says what was when and for how long, what was not watched, and what is still so", () => {
    const report = watchReport(attacked());
    expect(report.episodes.map(({ subject, kind, to }) => [subject, kind, to === undefined])).toEqual([
      ["h.x", "bad", true],
      ["health", "bad", false],
    ]);
    expect(report).toMatchObject({ verdict: "failed", accountsMade: 4, controls: { bad: ["h.x"] } });
    expect(report.headline).toBe("2 things failed; 1 not well yet. It was not watched for 58 min.");
    expect(report.availability).toBeCloseTo(4 / 6);
    expect(JSON.parse(watchJson(report))).toMatchObject({
      episodes: [
        { subject: "h.x", to: null },
        { subject: "health", seconds: 60 },
      ],
      notWatchedSeconds: 3_600 - 120,
    });
  });

  it("holds nothing that a target wrote as markup, in either form, and runs nothing", () => {
    const report = watchReport(attacked());
    const html = watchHtml(report);
    expect(html).not.toContain("<script");
    expect(html).toMatch(/Content-Security-Policy" content="default-src 'none'; style-src 'sha256-/);
    expect(html).toContain("&lt;script&gt;");
    expect(html).not.toMatch(/(src|href)=/);
    const markdown = watchMarkdown(report);
    expect(markdown).not.toMatch(/<script|[^\\]\[a\]/);
    expect(markdown).toContain("fix: what to do");
  });

  it("draws no line over the time in which nobody watched", () => {
    const gone = goneOn(through([up, up, up]).state, START + 3_600_000);
    const html = watchHtml(watchReport(through([up, up, up], gone).state));
    expect(html.match(/<polyline/g)).toHaveLength(2);
    expect(html.match(/class="f-gap"/g)).toHaveLength(1);
    expect(html.match(/class="f-good"/g)).toHaveLength(2);
  });

  const seenWell = (): WatchState => looked(through([up, up]).state, "pass", START).state;

  it("ends with 0 where nothing failed, 1 where something did, 2 where it could not be watched", () => {
    const well = seenWell();
    expect(watchStatus(watchReport(well))).toBe(0);
    expect(watchStatus(watchReport(attacked()))).toBe(1);
    expect(watchStatus(watchReport(through([down, down, down]).state))).toBe(2);
    expect(watchStatus(watchReport(through([up, up]).state))).toBe(2); // no look at controls was had
    const once = watchReport(looked(through([up, up]).state, "fail", START).state);
    expect([watchStatus(once), once.once]).toEqual([2, ["headers.nosniff"]]);
    expect(once.headline).toMatch(/One thing failed at the only look/);
    const lastBeat = watchReport(through([down], well).state);
    expect([watchStatus(lastBeat), lastBeat.once]).toEqual([0, ["health"]]);
  });

  it("is not well where nobody could see a single control, though looks were had", () => {
    let { state } = through([up, up]);
    for (let time = 0; time < 3; time++) state = looked(state, "unknown", state.lastAt).state;
    const report = watchReport(state);
    expect([report.verdict, watchStatus(report)]).toEqual(["not-watched", 2]);
    expect(report.headline).toBe("It answered, and none of its controls could be seen.");
    const none = controlsSeen(
      through([up, up]).state,
      { findings: [], accountsMade: 0, wasThere: true },
      START,
    );
    expect(watchStatus(watchReport(none.state))).toBe(2);
    const later = [0, 1].reduce((one) => looked(one, "unknown", one.lastAt).state, seenWell());
    expect(watchStatus(watchReport(later))).toBe(0); // it was seen to hold, and that it no more is, was told
    expect(later.changes.map(({ to }) => to)).toEqual(["unseen"]);
  });

  it("knows of a failure, however many other changes come after it", () => {
    let state = through([up, down, down, up, up], seenWell()).state;
    for (let time = 0; time < 2 * LIMITS.changes; time++)
      for (const outcome of ["unknown", "unknown", "pass", "pass"] as const)
        state = looked(state, outcome, state.lastAt).state;
    const report = watchReport(state);
    expect([state.changes.length, report.changesLost]).toEqual([LIMITS.changes, 3 * LIMITS.changes + 2]);
    expect([report.verdict, watchStatus(report)]).toEqual(["failed", 1]);
    expect(report.episodes[0]).toMatchObject({ subject: "health", kind: "bad" });
    expect(report.episodes[0]?.to).toBeDefined();
  });

  it("of a watch after another tells again nothing that was told, and shows what is still so", () => {
    const before = { ...through([up, down, down]).state, finished: true };
    const next = begun(plan, START + 1e8, before);
    const { changes, state } = through([down, down], next);
    expect(changes).toEqual([]);
    expect(watchReport(state).episodes).toMatchObject([{ subject: "health", before: true }]);
    const mended = through([up, up], state);
    expect(mended.changes.map(({ to }) => to)).toEqual(["good"]);
    expect(watchReport(mended.state).episodes[0]?.to).toBe(START + 1e8 + 3 * BEAT);
  });
});
