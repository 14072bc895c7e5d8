/** The kinds of answers that many controls look at, each fetched once a run. */
import type {
  Exchange,
  SampleName,
  SignedIn,
  TargetCall,
  TargetDescription,
  WireClient,
} from "../control.ts";
import type { Policy } from "../policy.ts";
import { findTags } from "./wire/html.ts";
import { WireError } from "./wire/connection.ts";

export interface SampleSource {
  readonly target: TargetDescription;
  readonly policy: Policy;
  readonly origin: URL;
  readonly randomPath: () => string;
  readonly anonymous: () => WireClient;
  readonly signedIn: () => Promise<SignedIn | undefined>;
}

export function sampler(source: SampleSource) {
  const taken = new Map<SampleName, Promise<Exchange | undefined>>();
  const sample = (name: SampleName): Promise<Exchange | undefined> => {
    const known = taken.get(name);
    if (known !== undefined) return known;
    const fresh = take(name, source, sample).catch(orNone);
    taken.set(name, fresh);
    return fresh;
  };
  return sample;
}

/** A fault of the wire is no answer, and the controls say so; any other is ours. */
function orNone(error: unknown): undefined {
  if (error instanceof WireError) return undefined;
  throw error;
}

async function take(
  name: SampleName,
  { target, policy, origin, randomPath, anonymous, signedIn }: SampleSource,
  other: (name: SampleName) => Promise<Exchange | undefined>,
): Promise<Exchange | undefined> {
  const { samples = {}, routes = [] } = target;
  const get = (path: string | undefined, headers = {}) =>
    path === undefined ? undefined : anonymous().send({ path, headers });
  const page = samples.html ?? "/";
  switch (name) {
    case "html":
      return get(page, { accept: "text/html" });
    case "json":
      return get(samples.json);
    case "personal": {
      const visitor = samples.personal === undefined ? undefined : await signedIn();
      return visitor === undefined || samples.personal === undefined
        ? undefined
        : visitor.client.send({ path: samples.personal });
    }
    case "static":
      return get(
        samples.static ?? staticPath((await other("html"))?.response.body ?? "", new URL(page, origin)),
      );
    case "not-found":
      return get(randomPath());
    case "unauthenticated": {
      const guarded = routes.find(
        ({ method, path, access }) => method === "GET" && access === "authenticated" && !path.includes(":"),
      );
      return get(samples.personal ?? guarded?.path);
    }
    case "bad-request": {
      const call = publicWrite(target);
      return call === undefined
        ? undefined
        : anonymous().send({
            method: "POST",
            path: call.path,
            text: '{"broken":',
            headers: { "content-type": "application/json" },
          });
    }
    case "too-large":
      return tooLarge(target, policy, anonymous());
  }
}

/** A call with a body that anybody may make. */
const publicWrite = (target: TargetDescription): TargetCall | undefined => target.login ?? target.register;

/** What we hold in memory and send at the most, whatever limit the policy has. */
const MAX_SENT_BYTES = 20 * 1024 * 1024;

/**
 * First only the length is announced: a server that refuses at once may cut the connection while the body is still on
 * its way, and its answer is lost with it. Then the body is sent.
 */
async function tooLarge(
  target: TargetDescription,
  policy: Policy,
  client: WireClient,
): Promise<Exchange | undefined> {
  const call = publicWrite(target);
  if (call === undefined) return undefined;
  const method = call.method ?? "POST";
  const { path } = call;
  const size = policy.input.jsonLimitBytes + 1024;
  const form = call.encoding === "form";
  const headers = { "content-type": form ? "application/x-www-form-urlencoded" : "application/json" };
  const announced = await client
    .send({ method, path, headers, text: form ? "filler=" : "{", declaredLength: size })
    .catch(orNone);
  if (announced?.response.status === 413 || size > MAX_SENT_BYTES) return announced;
  const filler = "x".repeat(size);
  return client.send({ method, path, headers, text: form ? `filler=${filler}` : JSON.stringify({ filler }) });
}

/** The first script or style of the page that comes from where the page came from. */
function staticPath(html: string, page: URL): string | undefined {
  for (const { attributes } of findTags(html, ["script", "link"])) {
    const link = attributes.get("src") ?? attributes.get("href");
    const url = link !== undefined && URL.canParse(link, page.href) ? new URL(link, page.href) : undefined;
    if (url?.origin === page.origin && /\.(?:js|mjs|css|svg|png|ico|woff2)$/.test(url.pathname))
      return url.pathname + url.search;
  }
  return undefined;
}
