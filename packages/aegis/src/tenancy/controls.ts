import { type Control, fail, notApplicable, pass, type RoomControls, unknown } from "../control.ts";
import { isAccepted, isRefused, notDescribed } from "../verify/wire/checks.ts";
import { requestOf } from "../verify/target.ts";
import { isolationControls } from "./controls-isolation.ts";
import { limitControls } from "./controls-limits.ts";
import { accept, control, invited, member, owner, type Policy, tenantIn } from "./controls-shared.ts";

const SOMEBODY = "00000000-0000-4000-8000-000000000001";

const identityHeaders: Control<Policy> = control(
  "identity-headers",
  "A header that says who is asking changes nothing, or is refused, as declared",
  ["identityHeaders", "identityHeaderNames"],
  ["asvs:v5.0.0-4.1.3", "asvs:v5.0.0-8.3.1", "owasp:api1-2023", "req:TEN-1"],
  async (context) => {
    const { identityHeaders: rule, identityHeaderNames: names } = context.policy;
    if (names.length === 0) return notApplicable("the policy names no such headers");
    const call = context.target.activity ?? context.target.sessionCheck;
    if (call === undefined) return notDescribed("a request of one's own (activity)");
    const visitor = await context.signIn();
    if (visitor === undefined) return unknown("could not sign in");
    const plain = (await visitor.client.send(requestOf(call))).response;
    if (!isAccepted(plain.status)) return unknown(`without such a header: ${plain.status}`);
    for (const name of names) {
      const request = { ...requestOf(call), headers: { [name]: SOMEBODY } };
      const { status, body } = (await visitor.client.send(request)).response;
      if (rule === "refuse" && !isRefused(status)) return fail(`${name}: ${status}`, "4xx");
      if (rule === "ignore" && !isAccepted(status)) return fail(`${name}: ${status}`, "2xx, as without it");
      if (rule === "ignore" && body !== plain.body)
        return fail(`${name}: another answer`, "the same as without it");
    }
    return pass(`${names.length} headers: ${rule === "refuse" ? "refused" : "the same answer as without"}`);
  },
  { evenWhereOff: true },
);

const fromSession: Control<Policy> = control(
  "tenant-from-session",
  "The tenant is the session's: no parameter names another, and a stranger's cannot be switched to",
  ["enabled"],
  ["asvs:v5.0.0-8.4.1", "owasp:api1-2023", "req:TEN-1"],
  async (context, tenancy) => {
    if (!context.policy.enabled) {
      const visitor = await context.signIn();
      if (visitor === undefined) return unknown("could not sign in");
      const { status } = (await visitor.call(tenancy.current)).response;
      return isRefused(status) ? pass(`answered with ${status}`) : fail(`answered with ${status}`, "4xx");
    }
    const [one, other] = [await owner(context, tenancy), await owner(context, tenancy)];
    for (const each of [one, other]) {
      if ("unseen" in each) return unknown(each.unseen);
      if ("refusal" in each) return fail(`opening a tenant is answered with ${each.refusal}`, "2xx");
    }
    if (!("visitor" in one) || !("visitor" in other)) return unknown("no two tenants");
    const current = async (path: string) =>
      tenantIn(await one.visitor.call({ ...tenancy.current, path }), tenancy.tenantField);
    const { path } = tenancy.current;
    if ((await current(path)) !== one.tenantId) return unknown("the tenant of a session cannot be read");
    for (const name of ["tenant_id", "tenant", "customer_id"])
      if ((await current(`${path}?${name}=${other.tenantId}`)) === other.tenantId)
        return fail(`?${name}= names the tenant`, "the session's own");
    const { status } = (await one.visitor.call(tenancy.enter, { tenant_id: other.tenantId })).response;
    if (!isRefused(status)) return fail(`switching to a stranger's tenant answers ${status}`, "4xx");
    const own = (await one.visitor.call(tenancy.enter, { tenant_id: one.tenantId })).response.status;
    return isAccepted(own)
      ? pass(`one's own is entered, a stranger's answers ${status}`)
      : unknown(`switching to one's own tenant answers ${own}`);
  },
  { evenWhereOff: true },
);

const removedAtOnce: Control<Policy> = control(
  "removed-at-once",
  "Whoever is removed is refused from the next request on, in a session that goes on",
  [],
  ["asvs:v5.0.0-8.3.2", "req:TEN-1"],
  async (context, tenancy) => {
    const tenant = await owner(context, tenancy);
    if (!("visitor" in tenant)) return unknown("unseen" in tenant ? tenant.unseen : "no tenant was opened");
    const person = await member(context, tenancy, tenant.visitor);
    if (typeof person === "string") return unknown(person);
    const before = (await person.call(tenancy.use)).response.status;
    if (!isAccepted(before)) return unknown(`a member is answered with ${before}`);
    const { response } = await tenant.visitor.call(tenancy.members);
    const id = memberIdIn(response.body, person.username);
    if (id === undefined) return unknown("the list of members does not name the member");
    const path = tenancy.remove.path.replace("{id}", id);
    const removed = (await tenant.visitor.call({ ...tenancy.remove, path })).response.status;
    if (!isAccepted(removed)) return unknown(`the removal is answered with ${removed}`);
    const after = (await person.call(tenancy.use)).response.status;
    return isRefused(after) ? pass(`${after} at once`) : fail(`${after} after the removal`, "403");
  },
);

const forAddress: Control<Policy> = control(
  "invitation-for-one",
  "An invitation opens for the invited address alone, and once",
  [],
  ["asvs:v5.0.0-6.4.1", "req:TEN-1"],
  async (context, tenancy) => {
    const tenant = await owner(context, tenancy);
    if (!("visitor" in tenant)) return unknown("unseen" in tenant ? tenant.unseen : "no tenant was opened");
    const person = await context.signIn({ fresh: true });
    const thief = await context.signIn({ fresh: true });
    if (person === undefined || thief === undefined) return unknown("could not sign in with fresh accounts");
    const letter = await invited(context, tenancy, tenant.visitor, person);
    if (typeof letter === "string") return unknown(letter);
    const stolen = (await accept(tenancy, thief, letter.token)).response.status;
    if (!isRefused(stolen)) return fail(`another account's address: ${stolen}`, "4xx");
    const right = (await accept(tenancy, person, letter.token)).response.status;
    if (!isAccepted(right)) return unknown(`the invited account is answered with ${right}`);
    const again = (await accept(tenancy, person, letter.token)).response.status;
    return isRefused(again)
      ? pass(`another account: ${stolen}; once: ${right}; again: ${again}`)
      : fail(`a second time: ${again}`, "4xx");
  },
);

function memberIdIn(body: string, username: string): string | undefined {
  // By splitting: a pattern would be tried anew at each name that a hostile page repeats.
  const row = body.split(/[{}]/).find((part) => part.includes(`"${username}"`));
  return /"id":"([\w-]{1,64})"/.exec(row ?? "")?.[1];
}

export const tenancyControls: RoomControls<Policy> = {
  controls: [identityHeaders, fromSession, removedAtOnce, forAddress, ...isolationControls, ...limitControls],
  unprovable: [],
};
