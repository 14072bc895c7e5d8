/** The kinds of answers that many controls look at, each fetched once a run. */
import type { Exchange, SampleName, SignedIn, TargetDescription, WireClient } from "../control.ts";
import type { Policy } from "../policy.ts";
import { findTags } from "./wire/html.ts";
import { WireError } from "./wire/connection.ts";
import { requestOf } from "./target.ts";

export interface SampleSource {
  readonly target: TargetDescription;
  readonly policy: Policy;
  readonly randomPath: () => string;
  readonly anonymous: () => WireClient;
  readonly signedIn: () => Promise<SignedIn | undefined>;
}

export function sampler(source: SampleSource) {
  const taken = new Map<SampleName, Promise<Exchange | undefined>>();
  const sample = (name: SampleName): Promise<Exchange | undefined> => {
    const known = taken.get(name);
    if (known !== undefined) return known;
    const fresh = take(name, source, sample).catch((error: unknown) => {
      if (error instanceof WireError) return undefined; // no such answer; the controls say so
      throw error;
    });
    taken.set(name, fresh);
    return fresh;
  };
  return sample;
}

async function take(
  name: SampleName,
  { target, policy, randomPath, anonymous, signedIn }: SampleSource,
  other: (name: SampleName) => Promise<Exchange | undefined>,
): Promise<Exchange | undefined> {
  const { samples = {}, routes = [] } = target;
  const get = (path: string | undefined, headers = {}) =>
    path === undefined ? undefined : anonymous().send({ path, headers });
  switch (name) {
    case "html":
      return get(samples.html ?? "/", { accept: "text/html" });
    case "json":
      return get(samples.json);
    case "personal": {
      const visitor = samples.personal === undefined ? undefined : await signedIn();
      return visitor === undefined || samples.personal === undefined
        ? undefined
        : visitor.client.send({ path: samples.personal });
    }
    case "static":
      return get(samples.static ?? staticPath((await other("html"))?.response.body ?? ""));
    case "not-found":
      return get(randomPath());
    case "unauthenticated": {
      const guarded = routes.find(
        ({ method, path, access }) => method === "GET" && access === "authenticated" && !path.includes(":"),
      );
      return get(samples.personal ?? guarded?.path);
    }
    case "bad-request":
      return target.login === undefined
        ? undefined
        : anonymous().send({
            method: "POST",
            path: target.login.path,
            text: '{"broken":',
            headers: { "content-type": "application/json" },
          });
    case "too-large":
      return tooLarge(target, policy, anonymous());
  }
}

/**
 * First only the length is announced: a server that refuses at once may cut the connection while the body is still on
 * its way, and its answer is lost with it. Then the body is sent.
 */
async function tooLarge(
  target: TargetDescription,
  policy: Policy,
  client: WireClient,
): Promise<Exchange | undefined> {
  if (target.login === undefined) return undefined;
  const { method, path } = requestOf(target.login);
  const size = policy.input.jsonLimitBytes + 1024;
  const form = target.login.encoding === "form";
  const headers = { "content-type": form ? "application/x-www-form-urlencoded" : "application/json" };
  const announced = await client
    .send({ method, path, headers, text: form ? "filler=" : "{", declaredLength: size })
    .catch(() => undefined);
  if (announced?.response.status === 413) return announced;
  const filler = "x".repeat(size);
  return client.send({ method, path, headers, text: form ? `filler=${filler}` : JSON.stringify({ filler }) });
}

/** The first script or style of the page that is of the same origin. */
function staticPath(html: string): string | undefined {
  return findTags(html, ["script", "link"])
    .map(({ attributes }) => attributes.get("src") ?? attributes.get("href"))
    .find((path) => path !== undefined && /^\/[^/\s][^\s]*\.(js|css|svg|png|ico)$/.test(path));
}
