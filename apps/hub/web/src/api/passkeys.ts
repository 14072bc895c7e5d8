/** Passkeys: the server's options, the browser's answer. */
import { call, forgetCsrfToken } from "./client.ts";
import {
  flag,
  list,
  nothing,
  nullable,
  number,
  object,
  optional,
  type Parser,
  record,
  text,
  word,
} from "./parse.ts";
import { type Step, stepCall, stepIfAny } from "./sign-in.ts";

const passkey = object({
  id: text,
  name: text,
  created_at: text,
  last_used_at: nullable(text),
  backed_up: flag,
});
export type Passkey = ReturnType<typeof passkey>;

export const listPasskeys = () =>
  call("GET", "/api/auth/passkeys", object({ items: list(passkey), total: number }));
export const renamePasskey = (id: string, name: string) =>
  call("PATCH", `/api/auth/passkeys/${encodeURIComponent(id)}`, nothing, { name });
export const removePasskey = (id: string) =>
  call("DELETE", `/api/auth/passkeys/${encodeURIComponent(id)}`, nothing);

export const passkeysWork = (): boolean =>
  typeof window.PublicKeyCredential === "function" &&
  "parseCreationOptionsFromJSON" in window.PublicKeyCredential;

/** Keys that are absent stay absent: the browser tells `undefined` from nothing. */
const present = <K extends string, T>(key: K, value: T | undefined): { [P in K]?: T } => {
  const pair: { [P in K]?: T } = {};
  if (value !== undefined) pair[key] = value;
  return pair;
};

const descriptor: Parser<PublicKeyCredentialDescriptorJSON> = (value) => {
  const { id, type, transports } = object({ id: text, type: text, transports: optional(list(text)) })(value);
  return { id, type, ...present("transports", transports === undefined ? undefined : [...transports]) };
};
const descriptors = (value: unknown) => {
  const found = optional(list(descriptor))(value);
  return found === undefined ? undefined : [...found];
};
const hintsOf = (value: unknown) => {
  const found = optional(list(text))(value);
  return found === undefined ? undefined : [...found];
};
const verification = word("required", "preferred", "discouraged");

const selection: Parser<AuthenticatorSelectionCriteria> = (value) => {
  const data = record(value);
  return {
    ...present(
      "authenticatorAttachment",
      optional(word("platform", "cross-platform"))(data["authenticatorAttachment"]),
    ),
    ...present("requireResidentKey", optional(flag)(data["requireResidentKey"])),
    ...present("residentKey", optional(verification)(data["residentKey"])),
    ...present("userVerification", optional(verification)(data["userVerification"])),
  };
};

const creationOptions: Parser<PublicKeyCredentialCreationOptionsJSON> = (value) => {
  const data = record(value);
  const rp = record(data["rp"]);
  return {
    challenge: text(data["challenge"]),
    rp: { name: text(rp["name"]), ...present("id", optional(text)(rp["id"])) },
    user: object({ id: text, name: text, displayName: text })(data["user"]),
    pubKeyCredParams: [...list(object({ alg: number, type: word("public-key") }))(data["pubKeyCredParams"])],
    ...present("timeout", optional(number)(data["timeout"])),
    ...present("attestation", optional(text)(data["attestation"])),
    ...present("excludeCredentials", descriptors(data["excludeCredentials"])),
    ...present("authenticatorSelection", optional(selection)(data["authenticatorSelection"])),
    ...present("hints", hintsOf(data["hints"])),
  };
};

const requestOptions: Parser<PublicKeyCredentialRequestOptionsJSON> = (value) => {
  const data = record(value);
  return {
    challenge: text(data["challenge"]),
    ...present("rpId", optional(text)(data["rpId"])),
    ...present("timeout", optional(number)(data["timeout"])),
    ...present("userVerification", optional(text)(data["userVerification"])),
    ...present("allowCredentials", descriptors(data["allowCredentials"])),
    ...present("hints", hintsOf(data["hints"])),
  };
};

/** What the browser or the key refused, in words for people. */
export class PasskeyError extends Error {
  override readonly name = "PasskeyError";
}

const REFUSALS: Readonly<Record<string, string>> = {
  NotAllowedError: "The passkey was not used: it was cancelled, or it took too long. You can try again.",
  InvalidStateError: "This device already has a passkey for your account.",
  SecurityError: "Passkeys do not work at this address. They need a domain name and HTTPS.",
  AbortError: "The passkey was not used. You can try again.",
};

async function withBrowser(ask: () => Promise<Credential | null>): Promise<unknown> {
  if (!passkeysWork()) throw new PasskeyError("This browser cannot use passkeys.");
  try {
    const credential = await ask();
    if (credential instanceof PublicKeyCredential) return credential.toJSON();
  } catch (error) {
    const name = error instanceof Error ? error.name : "";
    throw new PasskeyError(REFUSALS[name] ?? "The passkey could not be used. You can try again.");
  }
  throw new PasskeyError("The browser gave no passkey. You can try again.");
}

const get = (options: PublicKeyCredentialRequestOptionsJSON) =>
  withBrowser(() =>
    navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) }),
  );

export async function signInWithPasskey(remember: boolean): Promise<Step> {
  const options = await call("POST", "/api/auth/passkeys/sign-in/options", requestOptions);
  const response = await get(options);
  return stepCall("/api/auth/passkeys/sign-in/verify", {
    response,
    ...(remember ? { remember_me: true } : {}),
  });
}

/** The second step of a sign-in, or fresh proof inside a session. */
export async function verifyPasskey(): Promise<Step> {
  const options = await call("POST", "/api/auth/passkeys/verify/options", requestOptions);
  const response = await get(options);
  return stepCall("/api/auth/passkeys/verify", { response });
}

export async function addPasskey(name: string) {
  const options = await call("POST", "/api/auth/passkeys/register/options", creationOptions);
  const response = await withBrowser(() =>
    navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) }),
  );
  const result = await call(
    "POST",
    "/api/auth/passkeys/register/verify",
    (value) => ({
      ...object({ backup_codes: optional(list(text)) })(value),
      next: stepIfAny(value),
    }),
    { name, response },
  );
  forgetCsrfToken();
  return result;
}
