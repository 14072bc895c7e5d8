/**
 * Every message the library writes: what happened, and what to do if it was not you (ASVS 5.0 6.3.7; NIST SP 800-63B-4
 * 4.6). Threat: a letter that a stranger can fill becomes a lure sent by us. Rule: the union is closed, the subject
 * holds nothing that anybody chose, what a client says about itself is reduced until it cannot form a link, and links
 * lead to our own origin alone, whatever Host header a request came with.
 */
import { type ApiKeyChange, apiKeyChanges, type MfaChange, mfaChanges } from "./changes.ts";
import { isIP } from "node:net";
import type { TenantRole } from "../request.ts";
import { type Block, type Content, oneLine, toHtml, toText } from "./layout.ts";
import { MailError, type MailMessage } from "./mailer.ts";

/** When, from where and with what something was done; `at` in milliseconds since the Unix epoch. */
export interface Doing {
  readonly at: number;
  readonly ip: string;
  readonly device: string;
}

export type { ApiKeyChange, MfaChange } from "./changes.ts";

export type Letter =
  | { readonly kind: "verify_code"; readonly code: string; readonly minutes: number }
  | { readonly kind: "address_taken" }
  | { readonly kind: "reset_link"; readonly url: string; readonly minutes: number }
  | ({
      readonly kind: "password_changed" | "password_reset" | "new_device" | "email_changed" | "token_reused";
    } & Doing)
  | ({ readonly kind: "mfa_changed"; readonly change: MfaChange } & Doing)
  | ({ readonly kind: "sessions_revoked"; readonly count: number } & Doing)
  | {
      readonly kind: "tenant_invitation";
      readonly tenant: string;
      readonly role: TenantRole;
      readonly url: string;
      readonly days: number;
    }
  | { readonly kind: "sign_in_blocked"; readonly at: number }
  | { readonly kind: "account_unlocked" }
  | { readonly kind: "deletion_scheduled"; readonly deleteAfter: number }
  | { readonly kind: "deletion_cancelled" }
  | { readonly kind: "mfa_removal_decided"; readonly approved: boolean }
  | ({ readonly kind: "api_key_changed"; readonly change: ApiKeyChange; readonly id: string } & Doing);

export interface LetterFacts {
  /** The product's name, as the operator chose it. */
  readonly product: string;
  /** Scheme, host and port that every link leads to. */
  readonly origin: string;
}

/** Pages of the application that letters lead to. */
export const mailPages = {
  signIn: "/login",
  forgot: "/forgot",
  password: "/account/security",
  factors: "/account/security",
  devices: "/sessions",
  programs: "/account/security",
  account: "/account/data",
  apiKeys: "/account/api-keys",
} as const;

type Link = (page: keyof typeof mailPages) => string;

/**
 * The letter in both forms.
 * @throws MailError AEGIS_MAIL_LINK where the origin is none, or the link leads elsewhere
 */
export function composeMail(letter: Letter, facts: LetterFacts): Omit<MailMessage, "to"> {
  const origin = httpUrl(facts.origin).origin;
  const page = { product: oneLine(facts.product, 60) || new URL(origin).host, origin };
  const content = contentOf(letter, page.product, origin, (to) => origin + mailPages[to]);
  return { subject: content.subject, text: toText(content, page), html: toHtml(content, page) };
}

function contentOf(letter: Letter, product: string, origin: string, link: Link): Content {
  const write = (subject: string, ...blocks: Block[]): Content => ({ subject, blocks });
  switch (letter.kind) {
    case "verify_code":
      return write(
        `Confirm your e-mail address for ${product}`,
        say("Enter this code to confirm your e-mail address:"),
        { kind: "code", code: oneLine(letter.code, 40) },
        say(`It is valid for ${counted(letter.minutes, "minute")}. Give it to nobody: we never ask for it.`),
        say("If you did not ask for it, there is nothing to do. Without the code nothing happens."),
      );
    case "address_taken":
      return write(
        `You already have an account at ${product}`,
        say(
          "Somebody tried to register with your e-mail address. You already have an account, so no new one was made.",
        ),
        say("If it was you, sign in, or choose a new password if you have forgotten yours."),
        button("Sign in", link("signIn")),
        button("Choose a new password", link("forgot")),
        say("If it was not you, there is nothing to do. Your account is as it was."),
      );
    case "reset_link":
      return write(
        `Choose a new password for ${product}`,
        say("Somebody asked for a new password for your account. If it was you, choose it here:"),
        button("Choose a new password", sameOrigin(letter.url, origin)),
        say(`The link works once, for ${counted(letter.minutes, "minute")}. Pass it on to nobody.`),
        say("If it was not you, there is nothing to do. Your password is as it was."),
      );
    case "password_changed":
      return write(
        `Your password for ${product} was changed`,
        say("The password of your account was changed by somebody who was signed in."),
        doing(letter),
        ...notYou("choose a new password at once. That also ends every session.", link("forgot")),
      );
    case "password_reset":
      return write(
        `Your password for ${product} was reset`,
        say("A new password was chosen for your account by means of a link sent to this address."),
        doing(letter),
        ...notYou(
          "somebody else may be able to read your mail. Secure your mailbox first, then choose a new password.",
          link("forgot"),
        ),
      );
    case "email_changed":
      return write(
        `The e-mail address of your account at ${product} was changed`,
        say("Your account has another e-mail address now. Letters about it no longer come here."),
        doing(letter),
        ...notYou(
          "sign in with your user name, change your password and give this address again. If you cannot sign in, ask those who run the service.",
          link("password"),
          "Change your password",
        ),
      );
    case "new_device":
      return write(
        `New sign-in to ${product}`,
        say("Somebody signed in to your account on a device that was not used before."),
        doing(letter),
        ...notYou("sign that device out and change your password.", link("devices"), "Look at your devices"),
        button("Change your password", link("password")),
      );
    case "token_reused":
      return write(
        `A program was signed out of ${product}`,
        say(
          "A key that renews a program's access to your account was used twice. Somebody may have copied it, so that program was signed out.",
        ),
        doing(letter),
        say("If you use that program, sign in to it again. A faulty program can do this too."),
        ...notYou(
          "look at the programs that have access, and change your password.",
          link("programs"),
          "Look at your programs",
        ),
      );
    case "mfa_changed": {
      const [subject, what] = mfaChanges[letter.change];
      return write(
        `${subject} for ${product}`,
        say(what),
        doing(letter),
        ...notYou(
          "look at your sign-in methods, undo the change and change your password.",
          link("factors"),
          "Look at your sign-in methods",
        ),
        button("If you cannot sign in, choose a new password", link("forgot")),
      );
    }
    case "sessions_revoked":
      return write(
        `You were signed out of ${product} on other devices`,
        say(
          `${counted(letter.count, "session")} of your account ended at the request of a signed-in device.`,
        ),
        doing(letter),
        ...notYou("choose a new password at once.", link("forgot")),
      );
    case "tenant_invitation":
      return write(
        `You are invited to ${product}`,
        say("You are invited to work in a tenant. The name was chosen by whoever invites you:"),
        facts(["Tenant", named(letter.tenant)], ["As", letter.role]),
        button("Look at the invitation", sameOrigin(letter.url, origin)),
        say(
          `Sign in, or register, with this e-mail address to accept it, within ${counted(letter.days, "day")}.`,
        ),
        say("If you do not know what this is about, there is nothing to do. Without you nothing happens."),
      );
    case "sign_in_blocked":
      return write(
        `Sign-in to ${product} from new devices has to wait`,
        say(
          "Many wrong passwords were tried for your account. Sign-in from unknown devices has to wait now.",
        ),
        facts(["Time", utc(letter.at)]),
        say("You can still sign in from a device that you used before, or choose a new password."),
        ...notYou(
          "there is nothing you have to do. If your password is short or used elsewhere too, choose a new one.",
          link("forgot"),
        ),
      );
    case "account_unlocked":
      return write(
        `You can sign in to ${product} again`,
        say("The block on signing in to your account was lifted."),
        button("Sign in", link("signIn")),
        say("If you did not ask for that, choose a new password to be on the safe side."),
        button("Choose a new password", link("forgot")),
      );
    case "deletion_scheduled":
      return write(
        `Your account at ${product} will be deleted`,
        say(
          "Your account is closed and will be deleted with everything in it. Until then you can take it back.",
        ),
        facts(["Deleted after", utc(letter.deleteAfter)]),
        say("To keep it, sign in before that time and cancel the deletion."),
        button("Keep the account", link("account")),
        ...notYou("sign in, cancel the deletion and change your password.", link("forgot")),
      );
    case "deletion_cancelled":
      return write(
        `Your account at ${product} stays`,
        say("The deletion of your account was cancelled. Nothing was lost."),
        ...notYou("choose a new password.", link("forgot")),
      );
    case "mfa_removal_decided":
      return write(
        `Your request about two-step sign-in for ${product} was decided`,
        say(
          letter.approved
            ? "The request to remove the second step from your sign-in was approved. Until you set it up again, your password alone opens your account."
            : "The request to remove the second step from your sign-in was declined. Nothing has changed.",
        ),
        button("Look at your sign-in methods", link("factors")),
        ...notYou("somebody may know your password. Choose a new one at once.", link("forgot")),
      );
    case "api_key_changed": {
      const [subject, what] = apiKeyChanges[letter.change];
      return write(
        `${subject} for ${product}`,
        say(what),
        facts(["Key", oneLine(letter.id, 16)]),
        doing(letter),
        ...notYou(
          "revoke your keys at once and change your password.",
          link("apiKeys"),
          "Look at your API keys",
        ),
        button("Change your password", link("password")),
      );
    }
  }
}

const say = (text: string): Block => ({ kind: "paragraph", text });
const button = (label: string, href: string): Block => ({ kind: "button", label, href });
const facts = (...rows: (readonly [string, string])[]): Block => ({ kind: "facts", rows });
const counted = (count: number, thing: string) => `${count} ${thing}${count === 1 ? "" : "s"}`;
const utc = (at: number) => `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;

function notYou(advice: string, href: string, label = "Choose a new password"): Block[] {
  return [say(`If it was not you, ${advice}`), button(label, href)];
}

/** A client chooses what it calls itself: without ".", "/", ":" and "@" no mail program makes a link of it. */
function doing({ at, ip, device }: Doing): Block {
  const words = oneLine(device.replaceAll(/[^\p{L}\p{N} (),_-]+/gu, " "), 60);
  return facts(
    ["Time", utc(at)],
    ["Device", words === "" ? "Unknown device" : words],
    ["IP address", isIP(ip) === 0 ? "unknown" : ip],
  );
}

/** A name that somebody chose, in a letter to somebody else: what could make it a link or an address goes. */
const named = (name: string): string => oneLine(name.replaceAll(/[^\p{L}\p{M}\p{N} ,&'()_-]+/gu, " "), 64);

/** A reset link made from a request's Host header would hand the token to whoever sent that header. */
function sameOrigin(link: string, origin: string): string {
  const url = httpUrl(link);
  if (url.origin !== origin)
    throw new MailError("AEGIS_MAIL_LINK", "A link in a message has to lead to the product's own origin.");
  return url.href;
}

function httpUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "")
    throw new MailError("AEGIS_MAIL_LINK", "A link in a message has to be http or https, without user name.");
  return url;
}
