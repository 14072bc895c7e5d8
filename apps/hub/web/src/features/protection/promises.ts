import type { PublicPolicy } from "../../api/policy.ts";
import { duration } from "../../ui/time.tsx";

type Promised = readonly [title: string, text: string];

const DAY = 86_400;
const sentences = (...parts: readonly (string | false)[]): string =>
  parts.filter((part) => part !== false && part !== "").join(" ");
const listOf = (words: readonly string[]): string =>
  words.length < 2 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} and ${words.at(-1) ?? ""}`;

/** Made from the policy that the server enforces, so that it cannot promise anything else. */
export const promises = (policy: PublicPolicy): readonly Promised[] => [
  ["Your password", passwordPromise(policy)],
  ["Your second step", factorPromise(policy)],
  ["Guessing", guessingPromise(policy)],
  ["Your e-mail address", emailPromise(policy)],
  ["Your session", sessionPromise(policy)],
  [
    "Your browser",
    "Scripts cannot read the session cookie, and the browser is told to run nothing on our pages that we did not write.",
  ],
  [
    "Other sites",
    "A request that another site makes in your name is refused. Changes need a token that only your own pages know.",
  ],
  [
    "Your data",
    `You can take all of it with you, and delete your account yourself. For ${duration(policy.account.deletion_grace_days * DAY)} a deletion can be called off by signing in; then everything is gone.`,
  ],
  [
    "What we do not do",
    `No third party is loaded on any page. Your browser keeps your choice of colours${policy.throttle.known_device === false ? "" : ", a cookie by which your account knows this browser again,"} and, until you sign out, what you have begun to type in this tab; nothing else.`,
  ],
];

function passwordPromise({ password }: PublicPolicy): string {
  const classes = [
    password.require_uppercase ? "upper case" : "",
    password.require_lowercase ? "lower case" : "",
    password.require_digit ? "a digit" : "",
    password.require_special ? "a special character" : "",
  ].filter(Boolean);
  const days = password.expires_after_days;
  return sentences(
    `It has ${password.min_length} characters or more${classes.length > 0 ? `, with ${listOf(classes)}` : ", of any kind"}.`,
    password.min_length_with_mfa < password.min_length &&
      `With a second step ${password.min_length_with_mfa} are enough.`,
    password.common_passwords_refused && "Passwords that attackers try first are refused.",
    password.breach_check &&
      "So are those that have come out in a breach somewhere; for that the password itself never leaves our server.",
    password.history_count > 0 &&
      `Your last ${password.history_count === 1 ? "one is" : `${password.history_count} are`} not taken again.`,
    days !== null && `It is changed every ${duration(days * DAY)}.`,
    "We store only an Argon2id hash: nobody here can read it.",
  );
}

function factorPromise({ mfa, passkeys }: PublicPolicy): string {
  const roles = listOf(
    mfa.required_for_roles.map((role) => (role === "admin" ? "administrators" : `the role “${role}”`)),
  );
  return sentences(
    `You can add an authenticator app${passkeys ? " or a passkey, which cannot be phished" : ""}. With it come ${mfa.backup_code_count} backup codes, each good for one sign-in.`,
    roles !== "" && `For ${roles} a second step is not a choice: without one nobody gets in.`,
    `What changes who gets into an account asks again for proof that it is you, if the last proof is older than ${duration(mfa.step_up_age_seconds)}.`,
  );
}

function guessingPromise({ throttle }: PublicPolicy): string {
  const tries = throttle.free_attempt_count;
  const after = `After ${tries} wrong ${tries === 1 ? "try" : "tries"} in a row`;
  return sentences(
    throttle.mode === "lockout"
      ? `${after} signing in is closed for a while.`
      : `${after} each further one has to wait, longer every time.`,
    throttle.known_device === true &&
      "A device that you have used before keeps its own count, so that somebody who guesses cannot lock you out.",
    "The answer never says whether the user name or the password was wrong.",
  );
}

function emailPromise({ email_verification: verification, recovery, account }: PublicPolicy): string {
  return sentences(
    verification === "off"
      ? "It signs you in and is never shown to others."
      : `We send a code to it that works once, for ${duration(account.verification_code_minutes * 60)}; ${verification === "required" ? "until it is typed in, the account cannot be used." : "you can use the account before."} It is never shown to others.`,
    recovery
      ? "A forgotten password is set anew through a link that works once. That ends every session and leaves your second step as it is."
      : "A forgotten password is not reset by mail here: an administrator helps.",
  );
}

const sessionPromise = ({ session }: PublicPolicy): string =>
  sentences(
    `It ends after ${duration(session.idle_timeout_seconds)} without use, and after ${duration(session.absolute_timeout_seconds)} in any case.`,
    session.remember_me_enabled && `If you ask to stay signed in: ${duration(session.remember_me_seconds)}.`,
    "Signing out ends it on the server, not only in your browser. You see every device that is signed in, and can end each.",
  );
