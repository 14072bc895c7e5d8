/**
 * Threat: passwords and codes that people type into the wrong page. Rule: a key pair per site that the browser offers
 * to that site alone; every challenge is ours, minutes old at most, and answered once.
 * References: WebAuthn Level 3; NIST SP 800-63B-4 3.2.5; ASVS 5.0 6.3.3, 6.7; requirement MFA-5.
 */
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from "@simplewebauthn/server";
import { sha256 } from "../lib/bytes.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { PurposeKeys } from "../lib/secret-keys.ts";
import { CHALLENGE_SECONDS, challengeExpiry, newChallenge } from "./challenge.ts";
import type { AuthenticationJson, RegistrationJson } from "./schemas.ts";
import type { Passkey, PasskeyStore } from "./store.ts";

/** Where the browser stands: the relying party is that host, and no other page may answer. */
export interface RelyingParty {
  /** "https://hub.example". */
  readonly origin: string;
  readonly name: string;
}

interface Owner {
  readonly id: string;
  readonly username: string;
  readonly displayName: string;
}

/** `first`: opens an account by itself, so the authenticator must verify the person. `second`: after a password. */
export type PasskeyUse = "first" | "second";

export interface PasskeyParts {
  readonly store: PasskeyStore;
  readonly keys: PurposeKeys;
  readonly clock: Clock;
  readonly random: Random;
  /** True for the one call that spends this challenge. */
  readonly spend: (hash: string, now: number, expiresAt: number) => Promise<boolean>;
}

/** EdDSA, ES256, RS256: what authenticators have (COSE algorithm numbers). */
const ALGORITHMS = [-8, -7, -257];
const hostOf = ({ origin }: RelyingParty): string => new URL(origin).hostname;

export function passkeyService({ store, keys, clock, random, spend }: PasskeyParts) {
  const boundToOwner = (owner: Owner): string => `register ${owner.id}`;
  const boundToUse = (use: PasskeyUse, accountId: string | undefined): string => `${use} ${accountId ?? ""}`;

  /** Holds the challenge against what it was made for; remembers when it ends. */
  const expecting = (boundTo: string) => {
    const seen = { challenge: "", expiresAt: 0 };
    const check = (challenge: string): boolean => {
      const expiresAt = challengeExpiry(keys(), boundTo, challenge, clock.now());
      if (expiresAt === undefined) return false;
      Object.assign(seen, { challenge, expiresAt });
      return true;
    };
    const spendIt = (): Promise<boolean> => spend(sha256(seen.challenge), clock.now(), seen.expiresAt);
    return { check, spendIt };
  };

  return {
    store,
    async registrationOptions(owner: Owner, party: RelyingParty) {
      const own = await store.listByAccount(owner.id);
      return generateRegistrationOptions({
        rpName: party.name,
        rpID: hostOf(party),
        userID: new Uint8Array(Buffer.from(owner.id.replaceAll("-", ""), "hex")), // no name, no address: WebAuthn 14.6.1
        userName: owner.username,
        userDisplayName: owner.displayName,
        challenge: newChallenge(keys()[0], boundToOwner(owner), clock.now(), random),
        timeout: CHALLENGE_SECONDS * 1000,
        attestationType: "none",
        excludeCredentials: own.map(({ credentialId }) => ({ id: credentialId })),
        authenticatorSelection: { residentKey: "preferred", userVerification: "preferred" },
        supportedAlgorithmIDs: ALGORITHMS,
      });
    },

    /** The new passkey; undefined where it does not verify, is known, or is one too many. */
    async register(
      owner: Owner,
      party: RelyingParty,
      name: string,
      response: RegistrationJson,
    ): Promise<Passkey | undefined> {
      const challenge = expecting(boundToOwner(owner));
      const result = await verifyRegistrationResponse({
        response: registrationOf(response),
        expectedChallenge: challenge.check,
        expectedOrigin: party.origin,
        expectedRPID: hostOf(party),
        requireUserVerification: false,
        supportedAlgorithmIDs: ALGORITHMS,
      });
      if (!result.verified || !(await challenge.spendIt())) return undefined;
      const { credential, credentialBackedUp } = result.registrationInfo;
      const passkey: Passkey = {
        id: random.uuid(),
        accountId: owner.id,
        credentialId: credential.id,
        publicKey: credential.publicKey,
        counter: credential.counter,
        transports: credential.transports ?? [],
        name,
        backedUp: credentialBackedUp,
        createdAt: clock.now(),
        lastUsedAt: null,
      };
      return (await store.add(passkey)) ? passkey : undefined;
    },

    async authenticationOptions(use: PasskeyUse, party: RelyingParty, accountId?: string) {
      const own = accountId === undefined ? [] : await store.listByAccount(accountId);
      return generateAuthenticationOptions({
        rpID: hostOf(party),
        challenge: newChallenge(keys()[0], boundToUse(use, accountId), clock.now(), random),
        timeout: CHALLENGE_SECONDS * 1000,
        userVerification: use === "first" ? "required" : "preferred",
        allowCredentials: own.map(({ credentialId }) => ({ id: credentialId })),
      });
    },

    /** The account whose passkey answered, for exactly one call with that answer. */
    async authenticate(
      use: PasskeyUse,
      party: RelyingParty,
      response: AuthenticationJson,
      accountId?: string,
    ): Promise<string | undefined> {
      const passkey = await store.findByCredentialId(response.id);
      if (passkey === undefined) return undefined;
      if (accountId !== undefined && passkey.accountId !== accountId) return undefined;
      const challenge = expecting(boundToUse(use, accountId));
      const { verified, authenticationInfo } = await verifyAuthenticationResponse({
        response: assertionOf(response),
        expectedChallenge: challenge.check,
        expectedOrigin: party.origin,
        expectedRPID: hostOf(party),
        requireUserVerification: use === "first",
        credential: {
          id: passkey.credentialId,
          publicKey: new Uint8Array(passkey.publicKey),
          counter: passkey.counter,
        },
      });
      if (!verified || !(await challenge.spendIt())) return undefined;
      const noted = await store.noteUse(
        passkey.id,
        passkey.counter,
        authenticationInfo.newCounter,
        clock.now(),
      );
      return noted ? passkey.accountId : undefined;
    },
  };
}

export type PasskeyService = ReturnType<typeof passkeyService>;

type Attachment = { readonly authenticatorAttachment?: "cross-platform" | "platform" | null };

/** Less what may be null in the browser's JSON and is absent in the library's types. */
const attachmentOf = ({ authenticatorAttachment: attachment }: Attachment) =>
  attachment === null || attachment === undefined ? {} : { authenticatorAttachment: attachment };

const registrationOf = ({
  id,
  rawId,
  type,
  clientExtensionResults,
  response,
  ...rest
}: RegistrationJson) => ({
  id,
  rawId,
  type,
  clientExtensionResults,
  response,
  ...attachmentOf(rest),
});

function assertionOf({ id, rawId, type, clientExtensionResults, response, ...rest }: AuthenticationJson) {
  const { userHandle, ...answer } = response;
  return {
    id,
    rawId,
    type,
    clientExtensionResults,
    response: { ...answer, ...(typeof userHandle === "string" ? { userHandle } : {}) },
    ...attachmentOf(rest),
  };
}
