/** The configuration by itself: environment, policy, address, variables and secrets. Pure. */
import {
  claimed,
  type Deployment,
  type PreflightFinding,
  quoted,
  restart,
  run,
  setPolicy,
  setVariable,
} from "./finding.ts";

export interface ConfigurationFacts {
  /** NODE_ENV as it is set. */
  readonly nodeEnv: string | undefined;
  readonly publicOrigin: string | undefined;
  readonly policy:
    | { readonly problem: string }
    | {
        readonly fingerprint: string;
        readonly secureCookie: boolean;
        readonly idleTimeoutSeconds: number;
        readonly absoluteTimeoutSeconds: number;
      };
}

/** Nobody fills in a form in less: a shorter session is a mistake in the unit, minutes for seconds as a rule. */
const SHORTEST_SESSION_SECONDS = 60;

export function checkConfiguration(facts: ConfigurationFacts, where: Deployment): PreflightFinding[] {
  const { nodeEnv, policy, publicOrigin } = facts;
  const environment = claimed({
    id: "configuration.environment",
    claim: "The server runs as in production.",
  });
  const valid = claimed({ id: "configuration.policy", claim: "The policy is valid." });
  const findings = [
    nodeEnv === "production"
      ? environment.pass("NODE_ENV is production")
      : environment.fail(`NODE_ENV is ${nodeEnv === undefined ? "not set" : `"${nodeEnv}"`}`, {
          symptom: "Cookies without Secure, plain HTTP taken, tables changed at each start.",
          cause: "NODE_ENV is not production: what is made for a desk is in force.",
          fix: `${setVariable(where, "NODE_ENV", "production")} ${restart(where)}`,
        }),
    "problem" in policy
      ? valid.fail(policy.problem, {
          symptom: "The server does not start.",
          cause: policy.problem,
          fix: "Correct the setting that is named; `npx aegis policy explain NAME` says what it takes.",
        })
      : valid.pass(`policy ${policy.fingerprint}`),
  ];
  const cookie = claimed({
    id: "configuration.secure-cookie",
    claim: "The session cookie is sent over HTTPS only.",
    case: "secure-flag-missing",
  });
  const lifetime = claimed({
    id: "configuration.session-lifetime",
    claim: "A session lasts long enough to be used.",
    case: "session-expires-at-once",
  });
  const origin = claimed({
    id: "configuration.public-origin",
    claim: "The public address is HTTPS, so that browsers keep a Secure cookie.",
    case: "secure-flag-locks-out",
  });
  if ("problem" in policy) {
    const why = "the policy is not valid";
    return [...findings, ...[cookie, lifetime, origin].map((one) => one.unknown(why, "Correct the policy."))];
  }
  return [
    ...findings,
    policy.secureCookie
      ? cookie.pass("Secure is on")
      : cookie.fail("session.cookie.secure is false", {
          symptom:
            "The session cookie has no Secure flag: it travels over plain HTTP, and can be read there.",
          cause:
            nodeEnv === "production"
              ? "The policy switches session.cookie.secure off."
              : "The server runs as in development, where the cookie is not Secure.",
          fix: `${nodeEnv === "production" ? setPolicy(where, "session.cookie.secure", "true") : setVariable(where, "NODE_ENV", "production")} ${restart(where)}`,
        }),
    lifetimeFinding(policy, lifetime, where),
    originFinding(publicOrigin, policy.secureCookie, origin, where),
  ];
}

function lifetimeFinding(
  policy: { readonly idleTimeoutSeconds: number; readonly absoluteTimeoutSeconds: number },
  lifetime: ReturnType<typeof claimed>,
  where: Deployment,
): PreflightFinding {
  const { idleTimeoutSeconds: idle, absoluteTimeoutSeconds: absolute } = policy;
  const observed = `idle ${idle} s, absolute ${absolute} s`;
  const short = [
    ...(absolute < SHORTEST_SESSION_SECONDS ? [["session.absoluteTimeoutSeconds", "28800"] as const] : []),
    ...(idle < SHORTEST_SESSION_SECONDS ? [["session.idleTimeoutSeconds", "900"] as const] : []),
  ];
  if (short.length === 0) return lifetime.pass(observed);
  return lifetime.fail(observed, {
    symptom: "People are signed out as soon as they have signed in.",
    cause: `${short.map(([path]) => path).join(" and ")} is less than a minute: minutes were written where seconds are meant.`,
    fix: `${short.map(([path, value]) => setPolicy(where, path, value)).join(" ")} ${restart(where)}`,
  });
}

function originFinding(
  publicOrigin: string | undefined,
  secureCookie: boolean,
  origin: ReturnType<typeof claimed>,
  where: Deployment,
): PreflightFinding {
  if (!secureCookie) return origin.notApplicable("the cookie is not Secure");
  if (publicOrigin === undefined || publicOrigin === "")
    return origin.unknown(
      "PUBLIC_ORIGIN is not set",
      setVariable(where, "PUBLIC_ORIGIN", "https://your.host"),
    );
  if (!URL.canParse(publicOrigin))
    return origin.fail("PUBLIC_ORIGIN is no address", {
      symptom: "The server does not start.",
      cause: "PUBLIC_ORIGIN is not scheme and host.",
      fix: `${setVariable(where, "PUBLIC_ORIGIN", "https://your.host")} ${restart(where)}`,
    });
  const url = new URL(publicOrigin);
  if (url.protocol === "https:") return origin.pass(url.origin);
  return origin.fail(url.origin, {
    symptom: "Sign-in succeeds, and the next page is signed out: nobody gets in.",
    cause: "The cookie is Secure, and browsers do not keep such a cookie from a plain HTTP address.",
    fix: `${setVariable(where, "PUBLIC_ORIGIN", `https://${url.host}`)} ${restart(where)} Have the proxy serve that address over HTTPS, and answer plain HTTP with 301.`,
  });
}

/** One that the application reads. */
export interface VariableNeed {
  readonly name: string;
  /** A key of 32 random bytes, a list of them, an address that may hold a password, or anything else. */
  readonly secret?: { readonly kind: "key" | "keys" | "url" | "text"; readonly how?: string };
}

export interface VariableFacts {
  readonly need: VariableNeed;
  readonly isNeeded: boolean;
  /** Where it was found; undefined: nowhere. */
  readonly from: string | undefined;
  /** It stands in the environment itself, and not in another source. */
  readonly inEnvironment: boolean;
  /** What is wrong with its value, as a sentence without it. */
  readonly problem: string | undefined;
  /** Given, and could not be read: the reason. */
  readonly unreadable?: string;
}

export const checkVariables = (variables: readonly VariableFacts[], where: Deployment): PreflightFinding[] =>
  variables.map((one) => variableFinding(one, where));

function variableFinding(facts: VariableFacts, where: Deployment): PreflightFinding {
  const { need, isNeeded, from, inEnvironment, problem, unreadable } = facts;
  const { name, secret } = need;
  const what = claimed({
    id: secret === undefined ? "configuration.variable" : "secrets.value",
    claim: `${name} is set and usable.`,
    subject: name,
    ...(secret !== undefined && from === undefined ? { case: "secret-missing" as const } : {}),
  });
  if (unreadable !== undefined) return what.unknown(unreadable, "Look as the user that the server runs as.");
  if (from === undefined) {
    if (!isNeeded) return what.notApplicable("not set, and not needed");
    return what.fail(`${name} is not set`, {
      symptom: "The server does not start, or does not do what the policy says.",
      cause: `${name} is in none of the sources that the policy names, nor in ${where.envFile ?? "the environment"}.`,
      fix: `${howToGive(need, where)} ${restart(where)}`,
    });
  }
  if (problem === undefined) return what.pass(`from ${from}`);
  const remove =
    where.envFile === undefined || !inEnvironment
      ? ""
      : `${run(`sed -i '/^${name}=/d' ${quoted(where.envFile)}`)} `;
  return what.fail(`${problem} (from ${from})`, {
    symptom: "The server does not start; or whoever guesses the value forges what it protects.",
    cause: `${name} cannot be used: ${problem}.`,
    fix: `${secret?.kind === "key" ? remove : ""}${howToGive(need, where)} ${restart(where)}`,
  });
}

function howToGive({ name, secret }: VariableNeed, where: Deployment): string {
  if (secret?.kind === "key")
    return where.envFile === undefined
      ? `${run("npx aegis keys secret")} Set ${name} in the environment of the server to what it prints.`
      : run(`printf '${name}=%s\\n' "$(npx aegis keys secret)" >> ${quoted(where.envFile)}`);
  const place = where.envFile === undefined ? "the environment of the server" : `\`${where.envFile}\``;
  return `Set ${name} in ${place}.${secret?.how === undefined ? "" : ` ${secret.how.replace(/\.?$/, ".")}`}`;
}
