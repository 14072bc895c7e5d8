/** The isolation prover: it finds nothing where nothing is open, and names the route where something is. */
import { verify } from "aegis/verify";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Hole, lessonsDatabase, lessonsPolicy, startLessons } from "./support/lessons-app.ts";
import { hubTarget } from "./support/target.ts";

type App = Awaited<ReturnType<typeof startLessons>>;
const apps: App[] = [];
let database: Awaited<ReturnType<typeof lessonsDatabase>>;
beforeAll(async () => {
  database = await lessonsDatabase();
});
afterAll(() => database.end());
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

async function prove(...holes: readonly Hole[]) {
  const running = await startLessons(database, ...holes);
  apps.push(running);
  const routes = running.app.aegis.routes
    .filter(({ method }) => method !== "HEAD")
    .map(({ method, url, access, tenant }) => ({
      method,
      path: url,
      access,
      ...(tenant === undefined ? {} : { tenant }),
    }));
  const report = await verify({
    origin: running.origin,
    policy: lessonsPolicy,
    target: { ...hubTarget, routes },
    only: ({ id }) => id.startsWith("tenancy.isolation"),
    mailbox: async (address) => running.mail.sent.filter(({ to }) => to === address).map(({ text }) => text),
  });
  const cells = report.findings.flatMap(({ matrix = [] }) => matrix);
  const of = (outcome: string) => cells.filter((cell) => cell.outcome === outcome);
  const leaks = of("fail").map(({ method, path }) => `${method} ${path}`);
  return { report, cells, of, leaks: [...new Set(leaks)] };
}

const OWN = /lessons|links|query|stats|notes|files/;

describe("the isolation prover", { timeout: 120_000 }, () => {
  it("finds no leak in an application that names the tenant in every statement, and tries all of its routes", async () => {
    const { report, cells, leaks } = await prove();
    expect(leaks).toEqual([]);
    expect(report.findings.map(({ outcome }) => outcome)).toEqual(["pass", "pass", "pass"]);
    const own = cells.filter(({ path }) => OWN.test(path));
    // There is no list of notes in which one of B's could turn up.
    const unseen = own
      .filter(({ outcome }) => outcome === "unknown")
      .map(({ method, path }) => `${method} ${path}`);
    expect(unseen).toEqual(["POST /api/notes"]);
    const byId = report.findings.find(({ id }) => id === "tenancy.isolation-by-id");
    expect(byId?.observed).toMatch(/could not be tried, POST \/api\/notes \(--matrix\)$/);
    const passed = own
      .filter(({ outcome }) => outcome === "pass")
      .map(({ method, path }) => `${method} ${path}`);
    expect([...new Set(passed)].toSorted()).toEqual([
      "DELETE /api/files/:id",
      "DELETE /api/lessons/:id",
      "DELETE /api/links/:id",
      "DELETE /api/notes/:id/edges/:kind/:to",
      "GET /api/files",
      "GET /api/files/:id/content",
      "GET /api/lessons",
      "GET /api/lessons/:id",
      "GET /api/links",
      "GET /api/notes/:id",
      "PATCH /api/lessons/:id",
      "POST /api/files",
      "POST /api/lessons",
      "POST /api/links",
      "POST /api/notes/:id/edges",
      "POST /api/query",
      "PUT /api/notes/:id",
    ]);
  });

  it("finds no leak with every condition on the tenant taken out: row-level security holds alone", async () => {
    expect((await prove("no-where")).leaks).toEqual([]);
  });

  it("finds no leak with row-level security off: the conditions hold alone", async () => {
    expect((await prove("no-row-level-security")).leaks).toEqual([]);
  });

  it("names every route of the table that has lost both", async () => {
    const { leaks } = await prove("no-where", "no-row-level-security");
    expect(leaks).toEqual(
      expect.arrayContaining([
        "GET /api/lessons",
        "GET /api/lessons/:id",
        "PATCH /api/lessons/:id",
        "DELETE /api/lessons/:id",
        "POST /api/query",
      ]),
    );
  });

  it("names both ways to a list of files that has everybody's in it: what B puts there A is shown too", async () => {
    expect((await prove("file-list")).leaks).toEqual(["POST /api/files", "GET /api/files"]);
  });

  it.each<[Hole, string, RegExp]>([
    ["by-id", "GET /api/lessons/:id", /B is shown text that A has written \(200\)/],
    ["silent-change", "PATCH /api/lessons/:id", /has changed after B's try \(404\)/],
    ["search", "GET /api/lessons", /with \?q=/],
    ["search-count", "GET /api/lessons", /total [12] for a word that A alone has written/],
    ["stats", "GET /api/stats", /total that B is told grows/],
    ["error-text", "GET /api/lessons/:id", /tell A's id from nobody's: body detail "This lesson belongs/],
    ["cursor", "GET /api/lessons", /with A's cursor/],
    ["workspace-header", "GET /api/lessons", /with headers/],
    ["owner-parameter", "GET /api/lessons", /with \?tenant_id=/],
    ["reference", "POST /api/links", /refers to what is A's/],
    ["into-tenant", "POST /api/lessons", /what B has made is in A's list/],
    ["whole-body", "PUT /api/notes/:id", /B is answered 200 for A's id, and 404 for a made-up one/],
    ["edge", "DELETE /api/notes/:id/edges/:kind/:to", /B is answered 200 for A's id/],
    ["edge-into", "POST /api/notes/:id/edges", /refers to what is A's/],
    ["file", "GET /api/files/:id/content", /B is shown text that A has written \(200\)/],
    ["file-delete", "DELETE /api/files/:id", /B is answered 200 for A's id/],
  ])("names the route that leaks: %s", async (hole, route, observed) => {
    const { of, leaks, report } = await prove(hole);
    expect(leaks).toEqual([route]);
    const [cell] = of("fail");
    expect(cell?.observed).toMatch(observed);
    expect(cell?.evidence?.request).toMatch(/\/api\//);
    expect(report.findings.filter(({ outcome }) => outcome === "fail").at(0)?.observed).toContain(route);
  });
});
