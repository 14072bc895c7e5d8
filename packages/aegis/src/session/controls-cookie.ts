import {
  type Control,
  fail,
  notApplicable,
  pass,
  type ProbeContext,
  unknown,
  type Verdict,
} from "../control.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { noSignIn } from "../verify/wire/checks.ts";
import { parseSetCookie, type WireCookie } from "../verify/wire/set-cookie.ts";
import type { SessionPolicy } from "./policy.ts";

type Policy = DeepReadonly<SessionPolicy>;

/** The session cookie as the sign-in answer set it; a verdict instead where there is none. */
async function sessionCookie(
  context: ProbeContext<Policy>,
  rememberMe = false,
): Promise<WireCookie | Verdict> {
  const visitor = await context.signIn({ rememberMe });
  if (visitor === undefined) return noSignIn;
  const cookies = visitor.client.received.map(parseSetCookie);
  const set = cookies.filter((cookie) => cookie !== undefined && cookie.name === visitor.sessionCookie?.name);
  return set.at(-1) ?? unknown("no cookie of the sign-in answer can be told to be the session");
}

/** A control on the cookie's attributes; `judge` says what is wrong, or undefined. */
function onCookie(
  id: string,
  claim: string,
  proves: readonly string[],
  references: readonly string[],
  advice: Control<Policy>["advice"],
  expected: (policy: Policy) => string | undefined,
  judge: (cookie: WireCookie, policy: Policy, context: ProbeContext<Policy>) => string | undefined,
): Control<Policy> {
  return {
    id: `session.${id}`,
    claim,
    proves,
    references,
    advice,
    async probe(context) {
      const wanted = expected(context.policy);
      if (wanted === undefined) return notApplicable("the policy asks for nothing here in this environment");
      const cookie = await sessionCookie(context);
      if ("outcome" in cookie) return cookie;
      const wrong = judge(cookie, context.policy, context);
      return wrong === undefined ? pass(describe(cookie)) : fail(wrong, wanted);
    },
  };
}

const describe = ({ name, attributes }: WireCookie): string =>
  [name, ...[...attributes].map(([key, value]) => (value === "" ? key : `${key}=${value}`))].join("; ");

export const cookieControls: readonly Control<Policy>[] = [
  onCookie(
    "cookie-secure",
    "The session cookie is sent over HTTPS only",
    ["cookie.secure"],
    ["asvs:v5.0.0-3.3.1", "nist:sp800-63b-4-5.1.1", "rfc:6265bis-4.1.2.5", "req:SES-1", "req:CHK-2"],
    {
      symptom: "Anyone on the way can take the session from one plain HTTP request.",
      cause:
        "The cookie has no Secure attribute: NODE_ENV is not production, or session.cookie.secure is off.",
      fix: "Run with NODE_ENV=production behind HTTPS, or set session.cookie.secure.",
    },
    (policy) => (policy.cookie.secure ? "Secure" : undefined),
    ({ attributes }) => (attributes.get("secure") === "" ? undefined : "no Secure"),
  ),
  onCookie(
    "cookie-http-only",
    "Scripts cannot read the session cookie",
    [],
    ["asvs:v5.0.0-3.3.4", "nist:sp800-63b-4-5.1.1", "req:SES-1", "req:CHK-2"],
    {
      symptom: "One injected script is enough to take the session away.",
      cause: "The cookie has no HttpOnly attribute.",
      fix: "Set HttpOnly; Aegis always does.",
    },
    () => "HttpOnly",
    ({ attributes }) => (attributes.get("httponly") === "" ? undefined : "no HttpOnly"),
  ),
  onCookie(
    "cookie-same-site",
    "Other sites cannot make the browser send the session cookie",
    ["cookie.sameSite"],
    ["asvs:v5.0.0-3.3.2", "req:SES-1"],
    {
      symptom: "Other sites can act in the name of a signed-in user.",
      cause: "SameSite is missing or weaker than the policy.",
      fix: "Set session.cookie.sameSite.",
    },
    (policy) => `SameSite=${policy.cookie.sameSite} or stricter`,
    ({ attributes }, policy) => {
      const order = ["none", "lax", "strict"];
      const found = (attributes.get("samesite") ?? "").toLowerCase();
      return order.indexOf(found) >= order.indexOf(policy.cookie.sameSite)
        ? undefined
        : `SameSite=${found === "" ? "(absent)" : found}`;
    },
  ),
  onCookie(
    "cookie-host-prefix",
    "No subdomain and no plain HTTP answer can plant the session cookie",
    ["cookie.hostPrefix"],
    ["asvs:v5.0.0-3.3.1", "asvs:v5.0.0-3.3.3", "rfc:6265bis-4.1.3.2", "req:SES-1"],
    {
      symptom: "Who holds a subdomain can plant a session of their own.",
      cause: "The name does not begin with __Host-.",
      fix: "Set session.cookie.hostPrefix (needs Secure).",
    },
    (policy) => (policy.cookie.hostPrefix ? "a name that begins with __Host-" : undefined),
    ({ name }) => (name.startsWith("__Host-") ? undefined : `the name is ${name}`),
  ),
  onCookie(
    "cookie-scope",
    "The session cookie goes to this host alone",
    [],
    ["asvs:v5.0.0-3.3.3", "req:SES-1"],
    {
      symptom: "Other hosts of the domain receive the session.",
      cause: "The cookie has a Domain attribute, or no Path=/.",
      fix: "Send it without Domain and with Path=/.",
    },
    () => "no Domain, Path=/",
    ({ attributes }) =>
      attributes.has("domain")
        ? `Domain=${attributes.get("domain")}`
        : attributes.get("path") === "/"
          ? undefined
          : "no Path=/",
  ),
  onCookie(
    "cookie-says-nothing",
    "The session cookie tells nothing about the user",
    [],
    ["req:SES-10"],
    {
      symptom: "Who sees the cookie reads, or writes, what the server believes.",
      cause: "The cookie holds data instead of a random token.",
      fix: "Keep session data on the server.",
    },
    () => "an opaque random token",
    ({ value }) => (value.split(".").some(isJson) ? "the value decodes to JSON" : undefined),
  ),
  onCookie(
    "cookie-ends-with-browser",
    "Without being asked to remember, the cookie ends with the browser",
    ["rememberMe.enabled"],
    ["req:SES-2"],
    {
      symptom: "The next person at a shared machine is signed in.",
      cause: "The cookie has Max-Age or Expires though nobody asked.",
      fix: "Send them for remembered sessions only.",
    },
    () => "no Max-Age and no Expires",
    ({ attributes }) =>
      attributes.has("max-age") || attributes.has("expires") ? "it has Max-Age or Expires" : undefined,
  ),
  {
    id: "session.token-random",
    claim: "Session tokens cannot be guessed: 128 bits or more, never the same",
    proves: [],
    references: ["asvs:v5.0.0-7.2.3", "req:SES-10"],
    advice: {
      symptom: "Sessions can be guessed.",
      cause: "Tokens are short or follow a pattern.",
      fix: "Use 128 bits or more from a cryptographic source; Aegis uses 256.",
    },
    async probe(context) {
      const values: string[] = [];
      for (let round = 0; round < 3; round++) {
        const visitor = await context.signIn();
        if (visitor?.sessionCookie === undefined) return noSignIn;
        values.push(visitor.sessionCookie.value.replace(/^s%3A/i, "").replace(/^s:/, "").split(".")[0] ?? "");
      }
      if (new Set(values).size < values.length)
        return fail("a token came twice", "a new token at every sign-in");
      const shortest = Math.min(...values.map((value) => value.length));
      // Six bits a character at the most, four where it is hexadecimal.
      const bits = shortest * (values.every((value) => /^[0-9a-f-]+$/i.test(value)) ? 4 : 6);
      const shared = commonPrefix(values);
      return bits >= 128 && shared < 8
        ? pass(`${shortest} characters, ${bits} bits at the most`)
        : fail(`${bits} bits at the most, ${shared} characters in common`, "128 bits, nothing in common");
    },
  },
  {
    id: "session.remember-me-refused",
    claim: "Where the policy has no long sessions, nobody gets one by asking",
    proves: ["rememberMe.enabled"],
    references: ["req:SES-2"],
    advice: {
      symptom: "Sessions outlive what the policy allows.",
      cause: "The application honours remember_me though the policy does not.",
      fix: "Set session.rememberMe.enabled, or stop sending Max-Age.",
    },
    async probe(context) {
      if (context.policy.rememberMe.enabled) return notApplicable("the policy allows long sessions");
      if (context.target.login?.rememberField === undefined)
        return unknown("the target description names no field that asks for it (login.rememberField)");
      const cookie = await sessionCookie(context, true);
      if ("outcome" in cookie) return cookie;
      return cookie.attributes.has("max-age") || cookie.attributes.has("expires")
        ? fail(describe(cookie), "a cookie that ends with the browser")
        : pass("asked, and got an ordinary session");
    },
  },
];

/** Base64url of a JSON object or list. A random token that merely begins like one is no such thing. */
function isJson(part: string): boolean {
  try {
    const data: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    return typeof data === "object" && data !== null;
  } catch {
    return false;
  }
}

function commonPrefix(values: readonly string[]): number {
  const [first = ""] = values;
  let length = 0;
  while (length < first.length && values.every((value) => value[length] === first[length])) length += 1;
  return length;
}
