/** The isolation prover on the hub as it is: its own route table, accounts of two tenants. */
import { definePolicy, newKeyRing } from "aegis";
import { memoryStores } from "aegis/fastify";
import { type Report, verify } from "aegis/verify";
import { afterEach, describe, expect, it } from "vitest";
import { cheapHash, startHub } from "./support/hub.ts";
import { hubTarget } from "./support/target.ts";

type TenancyStore = ReturnType<typeof memoryStores>["tenancy"];
type Hub = Awaited<ReturnType<typeof startHub>>;
const hubs: Hub[] = [];
afterEach(async () => {
  for (const hub of hubs.splice(0)) await hub.close();
});

const policy = definePolicy({
  preset: "education",
  environment: "test",
  password: { argon2: cheapHash },
  token: { enabled: true },
  apiKey: { enabled: true },
  tenancy: { selfService: true },
});

async function start(parts: Parameters<typeof startHub>[1] = {}): Promise<Hub> {
  const hub = await startHub(policy, {
    ...parts,
    tokenKeys: newKeyRing(policy.token.algorithm, 0),
  });
  hubs.push(hub);
  return hub;
}

const routesOf = (hub: Hub) =>
  hub.app.aegis.routes
    .filter(({ method }) => method !== "HEAD")
    .map(({ method, url, access, tenant }) => ({
      method,
      path: url,
      access,
      ...(tenant === undefined ? {} : { tenant }),
    }));

const prove = (hub: Hub, isolation = {}): Promise<Report> =>
  verify({
    origin: hub.origin,
    policy,
    target: { ...hubTarget, routes: routesOf(hub), isolation: { ...hubTarget.isolation, ...isolation } },
    only: ({ id }) => id.startsWith("tenancy.isolation"),
    mailbox: async (address) => hub.mail.sent.filter(({ to }) => to === address).map(({ text }) => text),
  });

const cells = (report: Report) => report.findings.flatMap(({ matrix = [] }) => matrix);

/** An account that the hub's administrator has made, as the owner of a tenant that has been there before. */
async function ownerOf(hub: Hub, tenant: string) {
  const username = `owner-${tenant.toLowerCase().replace(".", "-")}`;
  const { id, password } = await hub.app.aegis.createAccount({
    username,
    email: `${username}@example.com`,
    roles: ["user"],
  });
  await hub.app.aegis.openTenant({ name: tenant, owner: id });
  return { id, credentials: { username, password } };
}

describe("the isolation prover", { timeout: 120_000 }, () => {
  it("walks the hub's whole route table with two tenants that it opens itself, and finds no leak", async () => {
    const hub = await start();
    const report = await prove(hub);
    const all = cells(report);
    expect(all.filter(({ outcome }) => outcome === "fail")).toEqual([]);
    expect(report.findings.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual([
      "tenancy.isolation-by-id pass",
      "tenancy.isolation-in-lists pass",
      "tenancy.isolation-not-told-apart pass",
    ]);
    const walked = new Set(all.map(({ method, path }) => `${method} ${path}`));
    expect(routesOf(hub).filter(({ method, path }) => !walked.has(`${method} ${path}`))).toEqual([]);
    const held = all
      .filter(({ outcome }) => outcome === "pass")
      .map(({ method, path }) => `${method} ${path}`);
    expect(held).toEqual(
      expect.arrayContaining([
        "GET /api/tenant/members",
        "PATCH /api/tenant/members/:id",
        "DELETE /api/tenant/members/:id",
        "GET /api/tenant/invitations",
        "POST /api/tenant/invitations",
        "DELETE /api/tenant/invitations/:id",
        "GET /api/api-keys/:id/usage",
        "DELETE /api/sessions/:id",
        "DELETE /api/account/tokens/:id",
      ]),
    );
    // Files, whole bodies, and what stands between two things of A's.
    expect(held).toEqual(
      expect.arrayContaining([
        "GET /api/uploads",
        "POST /api/uploads",
        "GET /api/uploads/:id",
        "GET /api/uploads/:id/content",
        "DELETE /api/uploads/:id",
        "POST /api/courses/:id/pictures",
        "GET /api/courses/:id/pictures/:picture",
        "PUT /api/knowledge-nodes/:id",
        "PUT /api/simulations/:id",
        "GET /api/knowledge-nodes/:id/edges",
        "POST /api/knowledge-nodes/:id/edges",
        "DELETE /api/knowledge-nodes/:id/edges/:kind/:to",
      ]),
    );
    for (const { observed } of report.findings)
      expect(observed).toMatch(/could not be tried, none that works in a tenant \(--matrix\)$/);
    const unseen = all
      .filter(({ outcome }) => outcome === "unknown")
      .map(({ method, path }) => `${method} ${path}`);
    expect([...new Set(unseen)]).toEqual([
      "PATCH /api/auth/passkeys/:id",
      "DELETE /api/auth/passkeys/:id",
      "GET /api/admin/security/stream",
    ]);
  });

  it("uses two given accounts, of test.com and ACME, and leaves there what it has not made", async () => {
    const hub = await start();
    const owners = [await ownerOf(hub, "test.com"), await ownerOf(hub, "ACME")];
    const [account, otherAccount] = owners.map(({ credentials }) => credentials);
    const tenants = (await hub.stores.tenancy.list("", { limit: 10, offset: 0 })).items.map(({ id }) => id);
    const rows = () =>
      Promise.all(
        tenants.map(async (id) => ({
          members: (await hub.stores.tenancy.members(id, { limit: 100, offset: 0 })).items,
          invitations: (await hub.stores.tenancy.invitations(id, hub.clock.now())).length,
        })),
      );
    const before = await rows();
    const report = await prove(hub, { account, otherAccount });
    expect(cells(report).filter(({ outcome }) => outcome === "fail")).toEqual([]);
    expect(report.findings.map(({ outcome }) => outcome)).toEqual(["pass", "pass", "pass"]);
    expect(report.accountsCreated).toEqual([]);
    expect(await rows()).toEqual(before);
    for (const { id } of owners) expect(await hub.stores.apiKeys.listByAccount(id)).toEqual([]);
    for (const table of [
      "hub_knowledge_nodes",
      "hub_knowledge_edges",
      "hub_courses",
      "hub_lessons",
      "hub_simulations",
    ]) {
      const left = await hub.rows.pool.query(`select count(*)::int as count from ${table}`);
      expect([table, left.rows]).toEqual([table, [{ count: 0 }]]);
    }
    for (const [at, tenant] of tenants.entries())
      for (const { id } of owners)
        expect([at, (await hub.stores.uploads.used(tenant, id)).files]).toEqual([at, 0]);
    const removal = cells(report).find(
      ({ method, path }) => `${method} ${path}` === "DELETE /api/tenant/members/:id",
    );
    expect(removal?.observed).toMatch(/not made by this run/);
    const text = JSON.stringify(report);
    for (const { credentials } of owners) expect(text).not.toContain(credentials.password);
  });

  it.each<[string, (store: TenancyStore) => Partial<TenancyStore>, readonly string[]]>([
    [
      "invitations are withdrawn whatever tenant they are of",
      (store) => ({
        withdraw: async (_tenant, id) =>
          store.withdraw((await store.findInvitation(id, 0))?.tenantId ?? "", id),
      }),
      ["DELETE /api/tenant/invitations/:id"],
    ],
    [
      "members are listed of all tenants",
      (store) => ({
        members: async (_tenant, page) => {
          const { items } = await store.list("", { limit: 10, offset: 0 });
          const all = await Promise.all(items.map(({ id }) => store.members(id, page)));
          return {
            items: all.flatMap((one) => one.items),
            total: all.reduce((sum, one) => sum + one.total, 0),
          };
        },
      }),
      ["GET /api/tenant/members"],
    ],
  ])("names the route of the hub where %s", async (_what, broken, routes) => {
    const store = memoryStores().tenancy;
    const changed = broken(store);
    const tenancy = new Proxy(store, {
      get: (target, key) => {
        const value: unknown = Reflect.get(Object.hasOwn(changed, key) ? changed : target, key);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const report = await prove(await start({ tenancy }));
    const leaks = cells(report).filter(({ outcome }) => outcome === "fail");
    expect([...new Set(leaks.map(({ method, path }) => `${method} ${path}`))]).toEqual(routes);
  });

  it("says that it has seen nothing where both accounts work in one tenant, or one cannot sign in", async () => {
    const hub = await start();
    const { credentials: account } = await ownerOf(hub, "test.com");
    const same = await prove(hub, { account, otherAccount: account });
    expect(same.findings.map(({ outcome, observed }) => [outcome, observed])).toEqual(
      Array.from({ length: 3 }, () => ["unknown", "both accounts work in the same tenant"]),
    );
    const wrong = await prove(hub, { account, otherAccount: { username: "nobody", password: "wrong" } });
    expect(wrong.counts.unknown).toBe(3);
  });
});
