/** Whose request it is: no header that a client writes may change it, and a network of IPv6 addresses is one. */
import { type Control, fail, notApplicable, pass, type ProbeContext, unknown } from "../control.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { requestOf } from "../verify/target.ts";
import { notDescribed } from "../verify/wire/checks.ts";
import { ipv6Text, rateOf, someIpv4, someIpv6, useUp } from "../verify/wire/limits.ts";
import type { RateLimitPolicy } from "./policy.ts";

type Policy = DeepReadonly<RateLimitPolicy>;
type Context = ProbeContext<Policy>;

const login = (context: Context) => {
  const [call, rate] = [context.target.limits?.["login"], rateOf(context.policy.limits.login)];
  return call === undefined || rate === undefined ? undefined : { name: "login", call, rate };
};

/** Headers in which programs in front say where a request came from. */
const CLAIMS: readonly ((address: string) => readonly [string, string])[] = [
  (address) => ["Forwarded", `for=${address}`],
  (address) => ["X-Real-IP", address],
  (address) => ["X-Client-IP", address],
  (address) => ["True-Client-IP", address],
  (address) => ["CF-Connecting-IP", address],
];

const notEvaded: Control<Policy> = {
  id: "rateLimit.not-evaded",
  claim: "Whatever address a client writes into its headers, it is limited as the one it is",
  proves: [],
  references: ["asvs:v5.0.0-4.1.3", "asvs:v5.0.0-15.3.4", "req:LIM-2", "cwe:348", "cwe:290"],
  advice: {
    symptom: "One machine passes for thousands, and no limit holds.",
    cause:
      "The address is taken from a header that the client wrote: the leftmost X-Forwarded-For, or any at all.",
    fix: "Name the proxies in transport.trustedProxies, and let the last of them append to X-Forwarded-For.",
  },
  slow: true,
  async probe(context) {
    const limit = login(context);
    if (limit === undefined) return notDescribed('which call takes from the limit "login" (limits)');
    const address = someIpv4();
    const started = context.time.now();
    const { refusal, broken } = await useUp(context, limit, context.stranger(address));
    if (broken !== undefined) return unknown(`${limit.call.path} answers ${broken.response.status}`);
    if (refusal === undefined) return fail("never refused", "429");
    let passed = 0;
    const tried: string[] = [];
    for (const claim of CLAIMS) {
      const [name, value] = claim(someIpv4());
      const request = requestOf(limit.call);
      const answer = await context.stranger(address).send({ ...request, headers: { [name]: value } });
      if (answer.response.status !== 429) passed += 1;
      tried.push(name);
    }
    // A proxy appends what it saw to what the client wrote; with none in front, all of it is the client's word.
    for (let round = 0; round < 3; round++) {
      const written = context.standsInForProxy ? `${someIpv4()}, ${address}` : someIpv4();
      const answer = await context
        .stranger()
        .send({ ...requestOf(limit.call), headers: { "X-Forwarded-For": written } });
      if (answer.response.status !== 429) passed += 1;
    }
    const elapsed = (context.time.now() - started) / 1000;
    const comesBack = Math.ceil((elapsed * limit.rate.amount) / limit.rate.seconds);
    if (passed > comesBack)
      return fail(`${passed} let through under other names`, "429 whatever the headers say");
    return pass(`refused under ${[...tried, "X-Forwarded-For"].join(", ")} too`);
  },
};

const oneNetwork: Control<Policy> = {
  id: "rateLimit.ipv6-network",
  claim: "An IPv6 network of the declared size counts as one address, and its neighbour as another",
  proves: ["ipv6PrefixLength"],
  references: ["req:LIM-2", "rfc:6177"],
  advice: {
    symptom: "Whoever has an IPv6 line has 2^64 addresses, and no limit holds.",
    cause: "Limits are counted per IPv6 address.",
    fix: "Set rateLimit.ipv6PrefixLength to 64 or less.",
  },
  slow: true,
  async probe(context) {
    const limit = login(context);
    if (limit === undefined) return notDescribed('which call takes from the limit "login" (limits)');
    if (!context.standsInForProxy)
      return unknown("a verifier has one address: shows only where it stands in for the proxy in front");
    const { ipv6PrefixLength: bits } = context.policy;
    if (bits === 128) return notApplicable("every address counts for itself");
    const address = someIpv6();
    const { refusal, broken } = await useUp(context, limit, context.stranger(ipv6Text(address)));
    if (broken !== undefined) return unknown(`${limit.call.path} answers ${broken.response.status}`);
    if (refusal === undefined) return fail("never refused", "429");
    const ask = async (other: bigint): Promise<number> =>
      (await context.stranger(ipv6Text(other)).send(requestOf(limit.call))).response.status;
    if ((await ask(address ^ (1n << BigInt(127 - bits)))) !== 429)
      return fail(`another address of the same /${bits} is let through`, "429");
    return (await ask(address ^ (1n << BigInt(128 - bits)))) === 429
      ? fail(`the /${bits} beside it is refused too`, "let through")
      : pass(`a /${bits} is one, the one beside it another`);
  },
};

export const addressControls: readonly Control<Policy>[] = [notEvaded, oneNetwork];
