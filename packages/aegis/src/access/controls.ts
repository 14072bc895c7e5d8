import {
  type Control,
  fail,
  notApplicable,
  pass,
  type ProbeContext,
  type RoomControls,
  type TargetRoute,
  unknown,
  type WireRequest,
} from "../control.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { isAccepted, notDescribed } from "../verify/wire/checks.ts";
import { headerOf } from "../verify/wire/header.ts";
import type { AccessPolicy } from "./policy.ts";

type Policy = DeepReadonly<AccessPolicy>;
type Context = ProbeContext<Policy>;

const NOBODY = "00000000-0000-4000-8000-000000000000";

/** A route of the table as a request: parameters filled with an id that nobody has. */
function requestTo({ method, path }: TargetRoute): WireRequest {
  const filled = path.replace(/:\w+/g, NOBODY).replace(/\*/g, "aegis");
  return { method, path: filled, ...(method === "GET" || method === "HEAD" ? {} : { json: {} }) };
}

const isGuarded = ({ openGroups }: Policy, { access }: TargetRoute): boolean =>
  access !== "public" && !(access.startsWith("group:") && openGroups.includes(access.slice("group:".length)));

/** Refused without a session: 401, 403, or shown the way to the sign-in page. */
const isTurnedAway = (status: number, location: string | undefined, path: string): boolean =>
  status === 401 ||
  status === 403 ||
  (status >= 300 && status < 400 && location !== undefined && location !== path);

async function walk(context: Context, routes: readonly TargetRoute[]) {
  const absent: string[] = [];
  let unclear: string | undefined;
  for (const route of routes) {
    const request = requestTo(route);
    const name = `${route.method} ${route.path}`;
    const { response } = await context.anonymous().send(request);
    if (isTurnedAway(response.status, headerOf(response, "location"), request.path)) continue;
    const isThere = response.status === 404 ? await isRoute(context, route) : true;
    if (isThere === true)
      return fail(`${name} answers ${response.status} to nobody`, "401, 403 or the way to sign-in");
    if (isThere === undefined) unclear ??= name;
    else absent.push(name);
  }
  if (unclear !== undefined)
    return unknown(
      `${unclear} answers 404: it is not there, or looks for its row before it asks who wants it`,
    );
  if (absent.length === routes.length) return unknown("none of the described routes is there");
  const missing = absent.length === 0 ? "" : `; described, and not there: ${absent.join(", ")}`;
  return pass(`${routes.length - absent.length} routes refuse${missing}`);
}

/** Some routes are there under one policy and not under another. Undefined: a path that names a row does not tell. */
async function isRoute(context: Context, route: TargetRoute): Promise<boolean | undefined> {
  if (/[:*]/.test(route.path)) return undefined;
  const visitor = await context.signIn();
  if (visitor === undefined) return undefined;
  return (await visitor.client.send(requestTo(route))).response.status !== 404;
}

const advice: Control<Policy>["advice"] = {
  symptom: "Data and actions are open to anyone who knows the address.",
  cause: "The route has no access rule, or a weaker one.",
  fix: 'Declare config: { access: "authenticated" } on the route; see aegis routes.',
};

const guarded: Control<Policy> = {
  id: "access.sign-in-required",
  claim: "Every route that needs a sign-in refuses whoever is not signed in",
  proves: [],
  references: ["asvs:v5.0.0-8.2.1", "owasp:top10-2021-a01", "req:TEN-3", "req:CHK-7"],
  advice,
  async probe(context) {
    const routes = (context.target.routes ?? []).filter(
      ({ access }) => access === "authenticated" || access.startsWith("role:"),
    );
    return routes.length === 0 ? notDescribed("which routes need a sign-in (routes)") : walk(context, routes);
  },
};

const groups: Control<Policy> = {
  id: "access.groups-as-declared",
  claim: "Route groups are open to everybody exactly where the policy opens them",
  proves: ["openGroups"],
  references: ["asvs:v5.0.0-8.2.1", "req:TEN-3"],
  advice: {
    ...advice,
    cause: "access.openGroups opens more, or less, than meant.",
    fix: "Set access.openGroups.",
  },
  async probe(context) {
    const routes = (context.target.routes ?? []).filter(({ access }) => access.startsWith("group:"));
    if (routes.length === 0) return notApplicable("the target description names no route groups");
    const closed = routes.filter((route) => isGuarded(context.policy, route));
    if (closed.length > 0) return walk(context, closed);
    for (const route of routes.filter(({ path, method }) => method === "GET" && !path.includes(":"))) {
      const { response } = await context.anonymous().send(requestTo(route));
      if (!isAccepted(response.status))
        return fail(`GET ${route.path} answers ${response.status}`, "open to everybody");
    }
    return pass(`${routes.length} routes open`);
  },
};

const signInPage: Control<Policy> = {
  id: "access.browser-shown-sign-in",
  claim: "A browser that asks for a guarded page is sent to the sign-in page, and back afterwards",
  proves: ["signInPath"],
  references: ["req:ACC-1"],
  advice: {
    symptom: "People see an error instead of the sign-in page.",
    cause: "access.signInPath is not the sign-in page.",
    fix: "Set access.signInPath.",
  },
  async probe(context) {
    const routes = (context.target.routes ?? []).filter(
      ({ method, access, path }) => method === "GET" && access === "authenticated" && !path.includes(":"),
    );
    const [route] = routes;
    if (route === undefined) return notDescribed("which routes need a sign-in (routes)");
    const { response } = await context
      .anonymous()
      .send({ path: route.path, headers: { accept: "text/html" } });
    const location = headerOf(response, "location");
    if (response.status < 300 || response.status >= 400 || location === undefined)
      return fail(
        `${route.path} answers ${response.status} to a browser`,
        `a redirect to ${context.policy.signInPath}`,
      );
    return location.split("?")[0] === context.policy.signInPath
      ? pass(`${response.status} to ${location}`)
      : fail(`redirects to ${location}`, context.policy.signInPath);
  },
};

const unknownMethod: Control<Policy> = {
  id: "access.unknown-method-refused",
  claim: "Methods that no route declares are refused",
  proves: [],
  references: ["asvs:v5.0.0-4.1.4"],
  advice: {
    symptom: "A guard that looks at GET and POST is passed by with another method.",
    cause: "A catch-all handler or a debugging method (TRACE) is on.",
    fix: "Declare methods one by one; switch TRACE off in the proxy.",
  },
  async probe(context) {
    for (const method of ["TRACE", "PROPFIND", "DEBUG"]) {
      const answer = await context.raw(
        `${method} / HTTP/1.1\r\nHost: ${context.host}\r\n${context.edgeLines}Connection: close\r\n\r\n`,
      );
      const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(answer.text)?.[1] ?? Number.NaN);
      if (Number.isNaN(status))
        return answer.ended === "closed"
          ? pass(`${method} closes the connection`)
          : unknown(`no readable answer to ${method}`);
      if (status < 400) return fail(`${method} / answers ${status}`, "4xx or 501");
    }
    return pass("TRACE, PROPFIND and DEBUG refused");
  },
};

export const accessControls: RoomControls<Policy> = {
  controls: [guarded, groups, signInPage, unknownMethod],
  unprovable: [],
};
