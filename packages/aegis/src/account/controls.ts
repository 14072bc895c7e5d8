import {
  type Control,
  fail,
  notApplicable,
  pass,
  type ProbeContext,
  type RoomControls,
  unknown,
  type Verdict,
} from "../control.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { requestOf } from "../verify/target.ts";
import {
  isAccepted,
  isRefused,
  noSignIn,
  notDescribed,
  registersAtAll,
  registersNobody,
} from "../verify/wire/checks.ts";
import { addressControls } from "./controls-address.ts";
import type { AccountPolicy } from "./policy.ts";

type Policy = DeepReadonly<AccountPolicy>;
type Context = ProbeContext<Policy>;

const closed = notApplicable("the policy has no self-registration");

/** Registers with these fields and wants it refused. */
async function mustRefuse(
  context: Context,
  fields: Readonly<Record<string, string>>,
  what: string,
): Promise<Verdict> {
  if (context.target.register === undefined) return notDescribed("how to register");
  if (!(await registersAtAll(context))) return registersNobody;
  const exchange = await context.register(fields);
  if (exchange === undefined) return notDescribed("how to register");
  const { status } = exchange.response;
  if (isRefused(status)) return pass(`${what}: refused with ${status}`);
  return isAccepted(status)
    ? fail(`${what}: accepted with ${status}`, "a refusal")
    : unknown(`${what}: answered with ${status}`);
}

/** What an answer says, less what differs from request to request. */
const shapeOf = (body: string): string =>
  body
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "(id)")
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "(time)");

const sameWords: Control<Policy> = {
  id: "account.unknown-user-looks-wrong-password",
  claim: "Sign-in answers an unknown user and a wrong password in the same words",
  proves: [],
  references: ["asvs:v5.0.0-6.3.8", "cwe:204", "req:ACC-3"],
  advice: {
    symptom: "Anyone can find out who has an account.",
    cause: "The two answers differ in status or text.",
    fix: "Answer both alike; the audit event may tell them apart.",
  },
  async probe(context) {
    const { login } = context.target;
    const visitor = login === undefined ? undefined : await context.signIn();
    if (login === undefined || visitor === undefined) return noSignIn;
    const password = "Wrong-0-password-of-nobody";
    const wrong = await context.anonymous().send(requestOf(login, { username: visitor.username, password }));
    const unknownUser = await context
      .anonymous()
      .send(requestOf(login, { username: "aegis-nobody-here", password }));
    if (isAccepted(wrong.response.status))
      return fail(`a wrong password is answered with ${wrong.response.status}`, "a refusal");
    if (wrong.response.status !== unknownUser.response.status)
      return fail(
        `${wrong.response.status} for a wrong password, ${unknownUser.response.status} for an unknown user`,
        "the same status",
      );
    return shapeOf(wrong.response.body) === shapeOf(unknownUser.response.body)
      ? pass(`both ${wrong.response.status}, word for word`)
      : fail("the two answers have different words", "the same words");
  },
};

const selfRegistration: Control<Policy> = {
  id: "account.registration-as-declared",
  claim: "Strangers can register exactly where the policy says so",
  proves: ["selfRegistration"],
  references: ["req:ACC-1"],
  advice: {
    symptom: "Anyone can make an account, or nobody can.",
    cause: "account.selfRegistration is not as meant.",
    fix: "Set account.selfRegistration.",
  },
  async probe(context) {
    const exchange = await context.register({});
    if (exchange === undefined) return notDescribed("how to register");
    const { status } = exchange.response;
    if (context.policy.selfRegistration)
      return isAccepted(status)
        ? pass(`accepted with ${status}`)
        : fail(`a good registration is answered with ${status}`, "a success");
    return isRefused(status) ? pass(`refused with ${status}`) : fail(`answered with ${status}`, "a refusal");
  },
};

function nameControl(
  id: string,
  claim: string,
  leaf: string,
  name: (policy: Policy) => string | undefined,
): Control<Policy> {
  return {
    id: `account.${id}`,
    claim,
    proves: [leaf],
    references: ["req:VAL-1", "asvs:v5.0.0-2.2.1"],
    advice: {
      symptom: "Names without bounds break lists, mails and logs.",
      cause: `account.${leaf} is not held.`,
      fix: `Set account.${leaf}.`,
    },
    async probe(context) {
      if (!context.policy.selfRegistration) return closed;
      const username = name(context.policy);
      if (username === undefined) return notApplicable("no shorter name exists");
      return mustRefuse(context, { username }, `a name of ${username.length} characters`);
    },
  };
}

const letters = (length: number): string =>
  Array.from({ length }, () => String.fromCharCode(97 + Math.floor(Math.random() * 26))).join("");

const emailRequired: Control<Policy> = {
  id: "account.email-required",
  claim: "Where the policy asks for an e-mail address, nobody registers without one",
  proves: ["emailRequired"],
  references: ["req:ACC-1"],
  advice: {
    symptom: "Accounts cannot be recovered.",
    cause: "account.emailRequired is not held.",
    fix: "Set account.emailRequired.",
  },
  async probe(context) {
    const { register } = context.target;
    if (!context.policy.selfRegistration) return closed;
    if (!context.policy.emailRequired) return notApplicable("the policy asks for no address");
    const field = Object.entries(register?.body ?? {}).find(([, text]) => text.includes("{email}"))?.[0];
    if (register === undefined || field === undefined)
      return notDescribed("the field of the e-mail address (register)");
    if (!(await registersAtAll(context))) return registersNobody;
    const { [field]: _left, ...body } = register.body ?? {};
    const values = { username: `probe-${letters(10)}`, password: `Aa7-${letters(20)}` };
    const { response } = await context.anonymous().send(requestOf({ ...register, body }, values));
    return isRefused(response.status)
      ? pass(`refused with ${response.status}`)
      : fail(`answered with ${response.status}`, "a refusal");
  },
};

export const accountControls: RoomControls<Policy> = {
  controls: [
    ...addressControls,
    sameWords,
    selfRegistration,
    emailRequired,
    nameControl(
      "short-name-refused",
      "A user name below the least length is refused",
      "usernameMinLength",
      ({ usernameMinLength }) => (usernameMinLength > 1 ? letters(usernameMinLength - 1) : undefined),
    ),
    nameControl(
      "long-name-refused",
      "A user name beyond the greatest length is refused",
      "usernameMaxLength",
      ({ usernameMaxLength }) => letters(usernameMaxLength + 1),
    ),
  ],
  unprovable: [],
};
