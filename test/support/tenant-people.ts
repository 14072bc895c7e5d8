/** People of tenants, for tests of what tenants work on. */
import type { TenantRole } from "aegis/fastify";
import { PASSWORD, Visitor } from "./browser-like.ts";
import type { startHub } from "./hub.ts";

type Hub = Awaited<ReturnType<typeof startHub>>;

export async function openTenant(hub: Hub, name: string): Promise<string> {
  const tenant = await hub.app.aegis.openTenant({ name });
  if (tenant === undefined) throw new Error(`there is a tenant ${name} already`);
  return tenant.id;
}

/** Signed in, and at work in the tenant. */
export async function memberOf(hub: Hub, tenantId: string, role: TenantRole): Promise<Visitor> {
  const visitor = new Visitor(hub.app);
  const account = await hub.app.aegis.createAccount({
    username: visitor.username,
    password: PASSWORD,
    roles: ["user"],
  });
  await hub.stores.tenancy.join(tenantId, { accountId: account.id, role, joinedAt: Date.now() }, 100);
  await visitor.send("POST", "/api/login", { json: { username: visitor.username, password: PASSWORD } });
  const entered = await act(visitor, "POST", "/api/tenant/switch", { tenant_id: tenantId });
  if (entered.statusCode !== 200) throw new Error(`could not enter: ${entered.body}`);
  return visitor;
}

export const act = async (
  visitor: Visitor,
  method: "POST" | "PUT" | "PATCH" | "DELETE",
  url: string,
  json?: unknown,
  headers: Readonly<Record<string, string>> = {},
) =>
  visitor.send(method, url, {
    ...(json === undefined ? {} : { json }),
    headers: { "x-csrftoken": await visitor.token(), ...headers },
  });
