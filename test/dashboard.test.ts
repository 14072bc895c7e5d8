/** What the security pages ask for, through the front door: proofs, reports, risks, sessions of one person, upkeep. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { definePolicy } from "aegis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SecurityPlaces } from "../apps/hub/server/features/security/upkeep.ts";
import { totpCode } from "./support/authenticator.ts";
import { PASSWORD, Visitor } from "./support/browser-like.ts";
import { cheapHash, startHub } from "./support/hub.ts";
import { nowhere, writeUpkeep } from "./support/upkeep.ts";
import { runData, type SampleFinding } from "./support/run-file.ts";

type Hub = Awaited<ReturnType<typeof startHub>>;
const hubs: Hub[] = [];
let folder: string;
let proofs: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "aegis-dashboard-"));
  proofs = join(folder, "proofs");
});
afterEach(async () => {
  for (const hub of hubs.splice(0)) await hub.close();
  rmSync(folder, { recursive: true });
});

const policy = definePolicy({ environment: "test", password: { argon2: cheapHash, minLength: 12 } });

async function open(places: Partial<SecurityPlaces> = {}, own = policy) {
  const hub = await startHub(own, {
    places: {
      proofsDirectory: proofs,
      ...nowhere,
      ...places,
    },
  });
  hubs.push(hub);
  const { password } = await hub.app.aegis.createAccount({ username: "root", roles: ["user", "admin"] });
  const root = new Visitor(hub.app);
  await root.send("POST", "/api/login", { json: { username: "root", password } });
  const post = async (url: string, json: unknown = {}) =>
    root.send("POST", url, { json, headers: { "x-csrftoken": await root.token() } });
  const { secret } = (await post("/api/auth/mfa/setup")).json();
  await post("/api/auth/mfa/verify-setup", { code: totpCode(String(secret), hub.clock.now()) });
  return { hub, root, post, get: async (url: string) => (await root.send("GET", url)).json() };
}

const DAY = (day: number): string => `2026-01-0${day}T00:00:00.000Z`;
/** A run of that day; files are as old as their runs. */
function save(name: string, day: number, findings: readonly SampleFinding[], more = {}): void {
  mkdirSync(proofs, { recursive: true });
  const path = join(proofs, name);
  writeFileSync(path, JSON.stringify(runData(findings, { startedAt: DAY(day), endedAt: DAY(day), ...more })));
  utimesSync(path, new Date(DAY(day)), new Date(DAY(day)));
}
const finding = (id: string, outcome: SampleFinding["outcome"], more = {}): SampleFinding => ({
  id,
  room: id.split(".")[0] ?? "",
  outcome,
  ...more,
});
const POSTURE = "/api/admin/posture";

describe("the posture", () => {
  it("is empty where nobody saved a run, and says where runs are looked for", async () => {
    const { get } = await open();
    expect(await get(POSTURE)).toMatchObject({
      folder: proofs,
      targets: [],
      target: null,
      runs: [],
      rooms: [],
      changes: [],
      problems: [],
    });
  });

  it("shows each control with its last proof and history, the score, and what moved it", async () => {
    const { hub, get } = await open();
    save("1.json", 1, [finding("headers.nosniff", "pass"), finding("session.fixation", "unknown")], {
      fingerprint: hub.app.aegis.fingerprint,
    });
    save("2.json", 2, [
      finding("headers.nosniff", "fail", { observed: "the header is missing" }),
      finding("session.fixation", "unknown"),
    ]);
    const posture = await get(POSTURE);
    expect(posture.runs).toMatchObject([
      { file: "1.json", at: DAY(1), score: 50, whole: true, is_running_policy: true },
      { file: "2.json", at: DAY(2), score: 0, whole: true, is_running_policy: false },
    ]);
    expect(posture.rooms).toMatchObject([
      {
        room: "headers",
        score: 0,
        controls: [
          {
            id: "headers.nosniff",
            outcome: "fail",
            at: DAY(2),
            passed_at: DAY(1),
            history: ["pass", "fail"],
          },
        ],
      },
      { room: "session", controls: [{ outcome: "unknown", passed_at: null }] },
    ]);
    expect(posture.changes).toMatchObject([
      {
        file: "2.json",
        delta: -50,
        is_worse: true,
        causes: [
          {
            id: "headers.nosniff",
            before: "pass",
            after: "fail",
            effect: "worse",
            observed_after: "the header is missing",
          },
        ],
      },
    ]);
    expect(posture.changes[0].differences[0]).toContain("different policies");
    const control = await get(`${POSTURE}/controls/headers.nosniff`);
    expect(control).toMatchObject({
      outcome: "fail",
      file: "2.json",
      advice: { fix: "what to do" },
      references: ["asvs:v5.0.0-3.3.1", "req:SES-1"],
      history: [{ outcome: "fail" }, { outcome: "pass" }],
    });
    expect(control.evidence).toHaveLength(1);
  });

  it("gives a part of a run its place on the wall, and no score", async () => {
    const { get } = await open();
    save("whole.json", 1, [finding("headers.nosniff", "pass"), finding("session.fixation", "pass")]);
    save("part.json", 2, [finding("session.fixation", "fail")], { controlsKnown: 2 });
    save("away.json", 3, [], { controlsKnown: 2, reachable: false });
    const posture = await get(POSTURE);
    expect(posture.runs.map(({ whole }: { whole: boolean }) => whole)).toEqual([true, false, false]);
    expect(posture.changes).toEqual([]);
    const outcomes = posture.rooms.flatMap(({ controls }: { controls: { id: string; outcome: string }[] }) =>
      controls.map(({ id, outcome }) => `${id} ${outcome}`),
    );
    expect(outcomes.toSorted()).toEqual(["headers.nosniff pass", "session.fixation fail"]);
  });

  it("names files that are damaged, foreign, empty, too large or links, and reads the others", async () => {
    const { get } = await open();
    save("good.json", 1, [finding("headers.nosniff", "pass")]);
    writeFileSync(join(proofs, "cut.json"), '{"format":"aegis-run/1",');
    writeFileSync(join(proofs, "foreign.json"), '{"hello":"world"}');
    writeFileSync(join(proofs, "empty.json"), "");
    writeFileSync(join(proofs, "large.json"), Buffer.alloc(8_000_001, " "));
    writeFileSync(join(proofs, "notes.txt"), "no run");
    writeFileSync(join(folder, "outside.json"), "{}");
    symlinkSync(join(folder, "outside.json"), join(proofs, "link.json"));
    mkdirSync(join(proofs, "folder.json"));
    const { runs, problems } = await get(POSTURE);
    expect(runs.map(({ file }: { file: string }) => file)).toEqual(["good.json"]);
    expect(problems.map(({ file }: { file: string }) => file).toSorted()).toEqual([
      "cut.json",
      "empty.json",
      "foreign.json",
      "large.json",
    ]);
    expect(JSON.stringify(problems)).not.toContain("world");
  });

  it("reads the newest thirty runs and says how many it left out", async () => {
    const { get } = await open();
    for (let place = 0; place < 35; place++) {
      const at = new Date(Date.UTC(2026, 0, 1, place)).toISOString();
      save(`${place}.json`, 1, [finding("headers.nosniff", "pass")], { startedAt: at, endedAt: at });
      utimesSync(join(proofs, `${place}.json`), new Date(at), new Date(at));
    }
    const { runs, left_out: leftOut } = await get(POSTURE);
    expect([runs.length, leftOut, runs[0].file, runs.at(-1).file]).toEqual([30, 5, "5.json", "34.json"]);
  });

  it("keeps runs of different targets apart, and shows the one that was looked at last", async () => {
    const { get } = await open();
    save("a.json", 1, [finding("headers.nosniff", "pass")], { origin: "https://a.example" });
    save("b.json", 2, [finding("headers.nosniff", "fail")], { origin: "https://b.example" });
    const last = await get(POSTURE);
    expect([last.target, last.runs.length, last.changes]).toEqual(["https://b.example", 1, []]);
    expect(last.targets.map(({ origin }: { origin: string }) => origin)).toEqual([
      "https://b.example",
      "https://a.example",
    ]);
    const other = await get(`${POSTURE}?target=${encodeURIComponent("https://a.example")}`);
    expect(other.rooms[0].controls[0].outcome).toBe("pass");
    const one = await get(
      `${POSTURE}/controls/headers.nosniff?target=${encodeURIComponent("https://a.example")}`,
    );
    expect(one.outcome).toBe("pass");
  });

  it("shows no secret of an exchange, even where the file has one", async () => {
    const { get } = await open();
    save("1.json", 1, [
      finding("session.fixation", "pass", {
        headers: ["set-cookie: session=AAAABBBBCCCCDDDDEEEEFFFFGGGGHHHH; Path=/"],
        body: '{"password":"Harbour violet, 11 spoons"}',
      }),
    ]);
    const text = JSON.stringify(await get(`${POSTURE}/controls/session.fixation`));
    expect(text).toContain("set-cookie: session=");
    expect(text).not.toMatch(/CCCCDDDD|spoons/);
  });

  it("knows no control that no run has, and takes a new file at once", async () => {
    const { root, get } = await open();
    const asked = () => root.send("GET", `${POSTURE}/controls/headers.nosniff`);
    expect((await asked()).json().code).toBe("HUB_PROOF_NOT_FOUND");
    save("1.json", 1, [finding("headers.nosniff", "pass")]);
    expect((await asked()).statusCode).toBe(200);
    save("1.json", 2, [finding("headers.nosniff", "fail")]);
    expect((await get(`${POSTURE}/controls/headers.nosniff`)).outcome).toBe("fail");
  });
});

describe("reports of the page policy", () => {
  const report = (hub: Hub, directive: string, blocked: string, document = "http://localhost:80/courses") =>
    hub.app.inject({
      method: "POST",
      url: "/api/csp-report",
      headers: { "content-type": "application/csp-report" },
      payload: JSON.stringify({
        "csp-report": { "effective-directive": directive, "blocked-uri": blocked, "document-uri": document },
      }),
    });

  it("are counted in groups, each with what would allow it; what is dangerous is proposed by nothing", async () => {
    const { hub, get } = await open();
    for (let times = 0; times < 3; times++) {
      expect((await report(hub, "img-src", `https://cdn.example/${times}.png?q=${times}`)).statusCode).toBe(
        204,
      );
      hub.clock.advance(1);
    }
    await report(hub, "script-src-elem", "inline");
    await report(hub, "img-src", "https://cdn.example/x", "https://evil.example/");
    const found = async () => (await get("/api/admin/csp-reports")).items.length;
    await expect.poll(found).toBe(2);
    const answer = await get("/api/admin/csp-reports");
    expect(answer.items).toMatchObject([
      { directive: "script-src-elem", blocked: "inline", count: 1, proposal: { risk: "high" } },
      { directive: "img-src", blocked: "https://cdn.example", page: "/courses", count: 3 },
    ]);
    expect(Date.parse(answer.items[1].last_at) - Date.parse(answer.items[1].first_at)).toBe(2000);
    expect(answer.proposed.settings).toEqual({ headers: { csp: { imageSources: ["https://cdn.example"] } } });
    expect(answer.proposed.policy).toContain("img-src 'self' data: https://cdn.example");
    expect(answer.proposed.policy).not.toContain("unsafe-inline");
    // What is proposed is a policy that the library takes.
    expect(() => definePolicy({ environment: "test", ...answer.proposed.settings })).not.toThrow();
  });
});

describe("people at risk", () => {
  it("are those with rights and no second step, and those at whom somebody guesses", async () => {
    const { hub, get } = await open();
    await hub.app.aegis.createAccount({ username: "bare", roles: ["user", "admin"], password: PASSWORD });
    await hub.app.aegis.createAccount({ username: "pupil", roles: ["user"], password: PASSWORD });
    const guess = (username: string) =>
      hub.app.inject({
        method: "POST",
        url: "/api/login",
        payload: { username, password: "wrong wrong wrong" },
      });
    for (let times = 0; times < 6; times++) {
      await guess("pupil");
      await guess("nobody-has-this-name");
      hub.clock.advance(61);
    }
    const { items, complete } = await get("/api/admin/users-at-risk");
    expect(complete).toBe(true);
    expect(items).toMatchObject([
      { username: "bare", risks: ["no_second_factor"], failed_tries: 0 },
      { username: "pupil", roles: ["user"], failed_tries: 6 },
    ]);
    expect(items[1].risks).toContain("failed_tries");
  });
});

describe("sessions of one person", () => {
  it("are all shown, and one can be ended by itself", async () => {
    const { hub, get, post } = await open();
    const [pupil, elsewhere] = [await new Visitor(hub.app).enter(), new Visitor(hub.app)];
    await elsewhere.send("POST", "/api/login", { json: { username: pupil.username, password: PASSWORD } });
    const id = (await pupil.send("GET", "/api/check_session")).json().user.id;
    const url = `/api/admin/users/${id}/sessions`;
    const { items, total } = await get(url);
    expect([items.length, total]).toEqual([2, 2]);
    const own = (await pupil.send("GET", "/api/check_session")).json().session.id;
    const end = () => post(`/api/admin/users/${id}/end-session`, { session_id: own });
    expect((await end()).json()).toEqual({ status: "revoked" });
    expect((await end()).json().code).toBe("AEGIS_SESSION_NOT_FOUND");
    expect((await pupil.send("GET", "/api/profile")).statusCode).toBe(401);
    expect((await elsewhere.send("GET", "/api/profile")).statusCode).toBe(200);
    await hub.settled();
    expect(hub.events).toContainEqual(expect.objectContaining({ event: "session.ended", user_id: id }));
  });
});

describe("upkeep", () => {
  it("says of each what is not known, and which setting would tell", async () => {
    const { get } = await open();
    expect(await get("/api/admin/upkeep")).toEqual({
      certificate: { state: "unset", setting: "CERTIFICATE_FILE" },
      backups: { state: "unset", setting: "BACKUP_DIRECTORY" },
      releases: { state: "unset", setting: "RELEASES_DIRECTORY" },
      checklist: { state: "unset", setting: "CHECKLIST_FILE" },
    });
  });

  it("says of each what cannot be read, without a path of the server", async () => {
    const gone = join(folder, "gone");
    writeFileSync(join(folder, "damaged"), "no JSON");
    const { get } = await open({
      certificateFile: join(folder, "damaged"),
      backupDirectory: join(folder, "damaged"),
      releasesDirectory: gone,
      checklistFile: gone,
    });
    const { certificate, backups, releases, checklist } = await get("/api/admin/upkeep");
    expect([certificate.state, backups.state, checklist.state]).toEqual([
      "unreadable",
      "unreadable",
      "unreadable",
    ]);
    expect(releases).toMatchObject({ state: "known", current: null, items: [] });
    expect(JSON.stringify([backups, checklist])).not.toContain(folder);
  });

  it("knows how long the certificate lasts, how old the newest backup is, and who signed the checklist", async () => {
    const { places, record } = await writeUpkeep(folder);
    const { get } = await open(places);
    const known = await get("/api/admin/upkeep");
    expect(known.certificate).toMatchObject({ state: "known", names: ["DNS:hub.example"] });
    expect(known.certificate.days_left).toBeGreaterThanOrEqual(19);
    expect(known.certificate.findings).toContainEqual(
      expect.objectContaining({ check: "days-left", outcome: "fail" }),
    );
    expect(known.backups).toMatchObject({ total: 1, overdue: true, problems: 0, has_key: true });
    expect(known.backups.items).toMatchObject([{ problem: null, parts: ["contents"] }]);
    expect(known.checklist).toMatchObject({
      application: "The hub",
      steps: 2,
      done: 1,
      complete: false,
      problems: [],
      approvals: [{ role: "operator", answer: "yes", by: "Ada", stale: false }],
    });

    expect(known.releases).toMatchObject({
      current: null,
      total: 2,
      items: [
        { id: "r2", outcome: "returned", reason: "verify: 1 control fails" },
        { id: "r1", outcome: "live" },
      ],
    });

    // A byte is changed, and a key is no longer given: both are told.
    writeFileSync(join(folder, "checklist.json"), record.replace("Ada", "Eve"));
    writeFileSync(join(folder, "key.json"), "{}");
    const touched = await get("/api/admin/upkeep");
    expect(touched.checklist.problems.map(({ kind }: { kind: string }) => kind)).toEqual(
      expect.arrayContaining(["edited", "key-unknown"]),
    );
    expect(touched.backups).toMatchObject({ problems: 1, newest_at: null, overdue: true });
  });
});
