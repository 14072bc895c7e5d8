/** What one tenant has, tried from another on every route: one walk, looked at by several controls. */
import {
  type Control,
  fail,
  type MatrixCell,
  notApplicable,
  pass,
  type SignedIn,
  type TargetRoute,
  unknown,
  type Verdict,
} from "../control.ts";
import type { Side } from "../verify/isolation/party.ts";
import type { Aspect } from "../verify/isolation/result.ts";
import { walkIsolation, type Walked } from "../verify/isolation/walk.ts";
import { isAccepted, notDescribed } from "../verify/wire/checks.ts";
import { type Context, control, type Described, owner, type Policy, tenantIn } from "./controls-shared.ts";

/** The walk of each run: gone with the run. */
const walks = new WeakMap<object, Promise<Walked | string>>();

function walkOf(context: Context, tenancy: Described): Promise<Walked | string> {
  const begun = walks.get(context.run);
  if (begun !== undefined) return begun;
  const walk = begin(context, tenancy);
  walks.set(context.run, walk);
  return walk;
}

async function begin(context: Context, tenancy: Described): Promise<Walked | string> {
  const { account, otherAccount } = context.target.isolation ?? {};
  if ((account === undefined) !== (otherAccount === undefined))
    return "two accounts are needed, of two tenants (--account, --other-account)";
  const a = account === undefined ? await fresh(context, tenancy) : await given(context, tenancy, account);
  const b =
    otherAccount === undefined ? await fresh(context, tenancy) : await given(context, tenancy, otherAccount);
  if (typeof a === "string") return a;
  if (typeof b === "string") return b;
  if (a.tenantId === b.tenantId) return "both accounts work in the same tenant";
  return walkIsolation({ a, b, target: context.target, headerNames: context.policy.identityHeaderNames });
}

async function fresh(context: Context, tenancy: Described): Promise<Side | string> {
  const made = await owner(context, tenancy);
  if ("unseen" in made)
    return `${made.unseen}: give two accounts of two tenants (--account, --other-account)`;
  if ("refusal" in made) return `no tenant could be opened (${made.refusal})`;
  return { ...made, own: true, again: () => again(context, tenancy, made.visitor, made.tenantId) };
}

async function given(
  context: Context,
  tenancy: Described,
  as: { readonly username: string; readonly password: string },
): Promise<Side | string> {
  const visitor = await context.signIn({ as });
  if (visitor === undefined) return `could not sign in as ${as.username}`;
  const tenantId = tenantIn(await visitor.call(tenancy.current), tenancy.tenantField);
  if (tenantId === undefined) return `${as.username} works in no tenant`;
  return { visitor, tenantId, own: false, again: () => again(context, tenancy, as, tenantId) };
}

async function again(
  context: Context,
  tenancy: Described,
  { username, password }: { readonly username: string; readonly password: string },
  tenantId: string,
): Promise<SignedIn | undefined> {
  const visitor = await context.signIn({ as: { username, password } });
  if (visitor === undefined) return undefined;
  const { status } = (await visitor.call(tenancy.enter, { tenant_id: tenantId })).response;
  return isAccepted(status) ? visitor : undefined;
}

const isolation = (id: string, claim: string, aspect: Aspect, references: readonly string[]) =>
  control(id, claim, [], [...references, "owasp:api1-2023", "req:TEN-2"], async (context, tenancy) => {
    if ((context.target.routes ?? []).length === 0) return notDescribed("which routes there are (routes)");
    const walked = await walkOf(context, tenancy);
    if (typeof walked === "string") return unknown(walked);
    return verdictOf(walked, aspect, context.target.routes ?? []);
  });

/** What was not tried matters most where tenants work: these routes are named, the others counted. */
function untried(unseen: readonly MatrixCell[], routes: readonly TargetRoute[]): string {
  const names = new Set(
    unseen
      .filter((cell) =>
        routes.some(
          ({ method, path, tenant }) => tenant !== undefined && method === cell.method && path === cell.path,
        ),
      )
      .map(({ method, path }) => `${method} ${path}`),
  );
  const working = names.size === 0 ? "none that works in a tenant" : [...names].join(", ");
  const isSaid = routes.some(({ tenant }) => tenant !== undefined);
  return `${unseen.length} could not be tried${isSaid && unseen.length > 0 ? `, ${working}` : ""} (--matrix)`;
}

/** Nothing that was not tried counts for it; a walk that was cut short passes nothing. */
function verdictOf({ results, cut }: Walked, aspect: Aspect, routes: readonly TargetRoute[]): Verdict {
  const matrix: MatrixCell[] = results.filter((one) => one.aspect === aspect);
  const of = (outcome: Verdict["outcome"]) => matrix.filter((cell) => cell.outcome === outcome);
  const [failed, passed, unseen] = [of("fail"), of("pass"), of("unknown")];
  const named = failed.map(({ method, path, observed }) => `${method} ${path}: ${observed}`);
  const verdict =
    failed.length > 0
      ? fail(
          `${failed.length} leak: ${named.join("; ")}`,
          "nothing of A's, and no word of whether it is there",
        )
      : cut !== undefined
        ? unknown(`the walk was cut short: ${cut}; ${passed.length} routes hold so far`)
        : passed.length > 0
          ? pass(`0 leaks on ${passed.length} routes; ${untried(unseen, routes)}`)
          : unseen.length > 0
            ? unknown(`none of ${unseen.length} routes could be tried (--matrix)`)
            : notApplicable("there are no such routes");
  return { ...verdict, matrix };
}

export const isolationControls: readonly Control<Policy>[] = [
  isolation(
    "isolation-by-id",
    "On every route that could be tried, one tenant reads, changes, deletes and refers to nothing of another's by its id",
    "by-id",
    ["asvs:v5.0.0-8.2.2", "asvs:v5.0.0-8.4.1"],
  ),
  isolation(
    "isolation-in-lists",
    "No list, search, filter, order, count or cursor that could be tried shows one tenant what is another's",
    "in-lists",
    ["asvs:v5.0.0-8.2.2", "asvs:v5.0.0-8.4.1"],
  ),
  isolation(
    "isolation-not-told-apart",
    "Another tenant's id is answered like one that nobody has",
    "told-apart",
    ["asvs:v5.0.0-8.2.2"],
  ),
];
