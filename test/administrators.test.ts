/** What administrators may do to each other and to themselves, alone, together and at the same moment. */
import { definePolicy, type PolicyInput } from "aegis";
import { type AegisStores } from "aegis/fastify";
import { afterEach, describe, expect, it } from "vitest";
import { roomyStores } from "./support/roomy-limits.ts";
import { totpCode } from "./support/authenticator.ts";
import { PASSWORD, Visitor } from "./support/browser-like.ts";
import { cheapHash, startHub } from "./support/hub.ts";
import { softPasskey } from "./support/passkey.ts";

type Hub = Awaited<ReturnType<typeof startHub>>;
const hubs: Hub[] = [];
afterEach(async () => {
  for (const hub of hubs.splice(0)) await hub.close();
});

async function open(input: PolicyInput = {}, stores: AegisStores = roomyStores()): Promise<Hub> {
  const policy = definePolicy({ environment: "test", ...input, password: { argon2: cheapHash } });
  const hub = await startHub(policy, stores);
  hubs.push(hub);
  return hub;
}

const post = async (visitor: Visitor, url: string, json: unknown = {}) =>
  visitor.send("POST", url, { json, headers: { "x-csrftoken": await visitor.token() } });

interface Admin {
  readonly id: string;
  readonly visitor: Visitor;
  readonly secret: string;
}

async function administrator(hub: Hub): Promise<Admin> {
  const visitor = new Visitor(hub.app);
  const { username } = visitor;
  const { id } = await hub.app.aegis.createAccount({ username, password: PASSWORD, roles: ["admin"] });
  await visitor.send("POST", "/api/login", { json: { username, password: PASSWORD } });
  const { secret } = (await post(visitor, "/api/auth/mfa/setup")).json();
  const code = totpCode(secret, hub.clock.now());
  expect((await post(visitor, "/api/auth/mfa/verify-setup", { code })).statusCode).toBe(200);
  return { id, visitor, secret: String(secret) };
}

const suspend = (by: Admin, whom: Admin, token: string) =>
  by.visitor.send("POST", `/api/admin/users/${whom.id}/suspend`, {
    json: {},
    headers: { "x-csrftoken": token },
  });
const leave = async ({ visitor }: Admin) =>
  visitor.send("DELETE", "/api/account", { headers: { "x-csrftoken": await visitor.token() } });

describe("the only administrator", () => {
  it("does not delete their own account, and may when there is another", async () => {
    const hub = await open();
    const ada = await administrator(hub);
    expect((await leave(ada)).json().code).toBe("AEGIS_ACCOUNT_LAST_ADMIN");
    const bob = await administrator(hub);
    expect((await leave(ada)).statusCode).toBe(202);
    expect((await leave(bob)).json().code).toBe("AEGIS_ACCOUNT_LAST_ADMIN");
    expect((await bob.visitor.send("GET", "/api/admin/users")).statusCode).toBe(200);
  });

  it("is left when two suspend each other at the same moment", async () => {
    const stores = roomyStores();
    const hub = await open({}, stores);
    const [ada, bob] = [await administrator(hub), await administrator(hub)];
    const tokens = [await ada.visitor.token(), await bob.visitor.token()] as const;
    const answers = await Promise.all([suspend(ada, bob, tokens[0]), suspend(bob, ada, tokens[1])]);
    expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1);
    const left = [await stores.accounts.findById(ada.id), await stores.accounts.findById(bob.id)];
    expect(left.filter((account) => account?.disabledAt === null)).toHaveLength(1);
  });
});

describe("who must have a second factor", () => {
  it("does not get rid of the last one by removing two of different kinds at once", async () => {
    const stores = roomyStores();
    const hub = await open({ mfa: { requiredForRoles: ["admin"], approvalForRoles: [] } }, stores);
    const { id, visitor, secret } = await administrator(hub);
    const { record } = softPasskey(id);
    await stores.passkeys.add(record);
    hub.clock.advance(30);
    const token = await visitor.token();
    const removed: number[] = [];
    const remove = stores.factors.removeTotp.bind(stores.factors);
    // The authenticator goes because there is a passkey; and just then the passkey, because there is an authenticator.
    stores.factors.removeTotp = async (accountId) => {
      const url = `/api/auth/passkeys/${record.id}`;
      removed.push((await visitor.send("DELETE", url, { headers: { "x-csrftoken": token } })).statusCode);
      return remove(accountId);
    };
    const code = totpCode(secret, hub.clock.now());
    const answer = await post(visitor, "/api/auth/mfa/disable", { password: PASSWORD, code });
    expect([answer.statusCode, removed]).toEqual([200, [409]]);
    expect(await stores.passkeys.listByAccount(id)).toHaveLength(1);
  });
});

describe("an approval", () => {
  it("is void when whoever asked for it was suspended, or is leaving, and can be rejected and asked for anew", async () => {
    const stores = roomyStores();
    const hub = await open({}, stores);
    const [ada, bob, eve] = [await administrator(hub), await administrator(hub), await administrator(hub)];
    const ask = async (by: Admin) =>
      String((await post(by.visitor, `/api/admin/users/${bob.id}/reset-mfa`)).json().approval_id);
    const decide = (id: string, verb: string) => post(eve.visitor, `/api/admin/approvals/${id}/${verb}`);
    const asked = await ask(ada);
    for (const marks of [{ disabledAt: hub.clock.now() }, { deleteAfter: hub.clock.now() + 1000 }]) {
      await stores.accounts.mark(ada.id, marks);
      expect((await decide(asked, "approve")).json().code).toBe("AEGIS_APPROVAL_VOID");
      await stores.accounts.mark(ada.id, { disabledAt: null, deleteAfter: null });
    }
    await stores.accounts.mark(ada.id, { disabledAt: hub.clock.now() });
    expect((await stores.factors.totp(bob.id))?.enabledAt).not.toBeUndefined();
    expect((await decide(asked, "reject")).statusCode).toBe(200);
    await stores.accounts.mark(ada.id, { disabledAt: null });
    expect((await decide(await ask(ada), "approve")).statusCode).toBe(200);
    expect(await stores.factors.totp(bob.id)).toBeUndefined();
  });
});
