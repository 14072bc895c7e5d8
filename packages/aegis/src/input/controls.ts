import {
  type Control,
  type Exchange,
  fail,
  pass,
  type ProbeContext,
  type RoomControls,
  unknown,
  type Verdict,
} from "../control.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { requestOf } from "../verify/target.ts";
import { isAccepted, isRefused, noSignIn, notDescribed } from "../verify/wire/checks.ts";
import type { InputPolicy } from "./policy.ts";

type Policy = DeepReadonly<InputPolicy>;
type Context = ProbeContext<Policy>;

const JSON_TYPE = { "Content-Type": "application/json" };

/** Sends a text as JSON to the sign-in route, which everybody may call. */
async function sendJson(context: Context, text: string): Promise<Exchange | undefined> {
  const { login } = context.target;
  if (login === undefined || login.encoding === "form") return undefined;
  return context.anonymous().send({ method: "POST", path: login.path, text, headers: JSON_TYPE });
}

const tooLarge: Control<Policy> = {
  id: "input.large-body-refused",
  claim: "A body beyond the limit is refused with 413",
  proves: ["jsonLimitBytes"],
  references: ["cwe:400", "req:LIM-6"],
  advice: {
    symptom: "Memory is spent on bodies of any size.",
    cause: "No limit, or a large one, in the application or the proxy.",
    fix: "Set input.jsonLimitBytes (nginx: client_max_body_size).",
  },
  async probe(context) {
    const exchange = await context.sample("too-large");
    if (exchange === undefined)
      return notDescribed("where a body can be sent (login), or the connection was closed");
    const { status } = exchange.response;
    return status === 413 ? pass("413") : fail(`answered with ${status}`, "413");
  },
};

const deep: Control<Policy> = {
  id: "input.deep-json-refused",
  claim: "JSON nested deeper than the limit is refused before anything looks at it",
  proves: ["jsonMaxDepth"],
  references: ["cwe:674", "req:VAL-2"],
  advice: {
    symptom: "A small body makes parsers and validators work for seconds, or overflow.",
    cause: "No limit on depth.",
    fix: "Set input.jsonMaxDepth.",
  },
  async probe(context) {
    const nested = (depth: number): string => `{"aegis":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
    const limit = context.policy.jsonMaxDepth;
    const flat = await sendJson(context, nested(2));
    const over = await sendJson(context, nested(limit + 1));
    if (flat === undefined || over === undefined) return notDescribed("where JSON can be sent (login)");
    if (!isRefused(over.response.status))
      return over.response.status >= 500
        ? fail(`answered with ${over.response.status}`, "4xx")
        : fail(`accepted with ${over.response.status}`, "a refusal");
    // Both are refused for a field that nobody knows; only an answer of its own shows that depth was looked at.
    return reasonsOf(over) === reasonsOf(flat)
      ? fail(`depth ${limit + 1} is treated like depth 2`, "a refusal of the depth")
      : pass(`depth ${limit + 1} refused with ${over.response.status}`);
  },
};

/** What a refusal says, less what differs from request to request. */
const reasonsOf = ({ response }: Exchange): string =>
  `${response.status} ${response.body.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "(id)")}`;

const unknownFields: Control<Policy> = {
  id: "input.unknown-fields",
  claim: "Fields that no schema names are refused or stripped, as the policy says",
  proves: ["unknownFields"],
  references: ["asvs:v5.0.0-15.3.3", "cwe:915", "req:VAL-2"],
  advice: {
    symptom: "A field that nobody thought of is stored (mass assignment).",
    cause: "Bodies are taken as they come.",
    fix: "Give every route a closed schema; set input.unknownFields.",
  },
  async probe(context) {
    const { login } = context.target;
    const visitor = login === undefined ? undefined : await context.signIn();
    if (login === undefined || visitor === undefined) return noSignIn;
    const credentials = { username: visitor.username, password: visitor.password };
    const { response } = await context
      .anonymous()
      .send(requestOf(login, credentials, { aegis_unknown_field: "x" }));
    if (context.policy.unknownFields === "refuse")
      return isRefused(response.status)
        ? pass(`refused with ${response.status}`)
        : fail(`answered with ${response.status}`, "a refusal");
    return isAccepted(response.status)
      ? pass("stripped")
      : fail(`answered with ${response.status}`, "stripped and accepted");
  },
};

const malformed: readonly (readonly [string, string])[] = [
  ["broken JSON", '{"username":'],
  ["a key twice", '{"username":"a","username":"b","password":"c"}'],
  ["__proto__", '{"__proto__":{"admin":true},"username":"a","password":"b"}'],
  ["an escaped __proto__", '{"\\u005f_proto__":{"admin":true},"username":"a","password":"b"}'],
  ["a NUL character", '{"username":"a\\u0000b","password":"c"}'],
  ["a list for an object", "[]"],
  ["a number for a text", '{"username":1,"password":true}'],
  ["an object for a text", '{"username":{"$ne":null},"password":{"$ne":null}}'],
];

const badShapes: Control<Policy> = {
  id: "input.malformed-refused",
  claim: "Malformed, ambiguous and wrongly typed JSON gets a clean refusal",
  proves: [],
  references: ["asvs:v5.0.0-2.2.1", "asvs:v5.0.0-15.3.6", "req:VAL-2"],
  advice: {
    symptom: "Errors, or worse, from input that nobody expected.",
    cause: "Bodies are not checked against a schema.",
    fix: "Give every route a schema.",
  },
  async probe(context) {
    for (const [what, text] of malformed) {
      const exchange = await sendJson(context, text);
      if (exchange === undefined) return notDescribed("where JSON can be sent (login)");
      const { status } = exchange.response;
      // 401 would mean that the body was taken as credentials and looked up.
      if (!isRefused(status) || status === 401) return fail(`${what}: answered with ${status}`, "400");
    }
    return pass(`${malformed.length} shapes refused`);
  },
};

const noDetails: Control<Policy> = {
  id: "input.errors-tell-nothing",
  claim: "Error answers show no stack, path or query",
  proves: [],
  references: ["asvs:v5.0.0-16.5.1", "cwe:209"],
  advice: {
    symptom: "An attacker reads how the application is built.",
    cause: "Debug errors reach the client.",
    fix: "Answer errors with problem+json; keep details in the log.",
  },
  async probe(context): Promise<Verdict> {
    const telling =
      /\bat [\w.<>]+ \(|node_modules|\/(home|usr|var|srv|app)\/|SQLSTATE|syntax error at|Traceback \(|\.[jt]s:\d+:\d+/;
    const names = ["not-found", "bad-request", "unauthenticated", "too-large"] as const;
    let seen = 0;
    for (const name of names) {
      const exchange = await context.sample(name);
      if (exchange === undefined) continue;
      if (exchange.response.truncated) return unknown(`the ${name} answer is too long to be read whole`);
      seen += 1;
      const found = telling.exec(exchange.response.body);
      if (found !== null) return fail(`${name} answer shows "${found[0]}"`, "nothing of the inside");
    }
    return seen === 0 ? unknown("no error answer was seen") : pass(`${seen} kinds of errors tell nothing`);
  },
};

export const inputControls: RoomControls<Policy> = {
  controls: [tooLarge, deep, unknownFields, badShapes, noDetails],
  unprovable: [
    {
      leaf: "bodyLimitBytes",
      reason:
        "No route of the foundation takes anything but JSON and forms, whose own limit is lower; other content types are refused before a byte is read.",
    },
  ],
};
