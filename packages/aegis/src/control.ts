/**
 * A control is a claim about a running system, with the black-box probe that proves it.
 * The rule for every probe: it starts at `unknown` and earns its pass; what it cannot read, it does not believe.
 */
import type { TargetCall, TargetDescription } from "./target.ts";

export type { TargetCall, TargetDescription, TargetRoute } from "./target.ts";

/** `not-applicable`: the policy or the target has nothing to prove here. `unknown`: could not be seen. `error`: the probe broke. */
export type Outcome = "pass" | "fail" | "not-applicable" | "unknown" | "error";

/** What one probe found. `observed` and `expected` are one line each, for a person. */
export interface Verdict {
  readonly outcome: Outcome;
  readonly observed: string;
  readonly expected?: string;
  /** Where a control looks at many routes: what it found at each. */
  readonly matrix?: readonly MatrixCell[];
}

export interface MatrixCell {
  readonly method: string;
  readonly path: string;
  readonly outcome: Outcome;
  readonly observed: string;
  /** What gives a failure away, or shows what a pass rests on. */
  readonly exchange?: Exchange;
}

/** One answer as it came over the wire; header names are lower case, repeated headers are kept apart. */
export interface Exchange {
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly headers: readonly (readonly [string, string])[];
  };
  readonly response: WireResponse;
  /** On a raw connection: how it ended, and when. */
  readonly connection?: string;
}

export interface WireResponse {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  /** At most the wire's body limit; `truncated` says that there was more. */
  readonly body: string;
  readonly truncated: boolean;
}

export interface WireRequest {
  readonly method?: string;
  /** Path on the target, starting with "/". */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** `json` and `form` set the content type; `text` is sent as it is. */
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  readonly text?: string;
  /** Sent as they are; the content type is in `headers`. */
  readonly bytes?: Uint8Array;
  /** Content-Length to declare, in bytes, where it differs from the body's: a server may refuse before it reads. */
  readonly declaredLength?: number;
}

/** A client that keeps cookies as a browser would; `cookies` reads and plants them by name. */
export interface WireClient {
  send(request: WireRequest): Promise<Exchange>;
  readonly cookies: Map<string, string>;
  /** Every Set-Cookie line that was received, oldest first. */
  readonly received: readonly string[];
  /** A new client with a copy of the cookies: a second device that stole them. */
  clone(): WireClient;
}

/** A client that has signed in through the target's own front door. */
export interface SignedIn {
  readonly client: WireClient;
  readonly username: string;
  readonly password: string;
  /** As given at registration; with `credentials`, the user name. */
  readonly email: string;
  /** Makes a described call as this client: fills the body in, and adds the CSRF token where one is described. */
  call(
    call: TargetCall,
    values?: Readonly<Record<string, string>>,
    /** Fields that are no text. */
    extra?: Readonly<Record<string, unknown>>,
  ): Promise<Exchange>;
  /** The same person with another client. */
  as(client: WireClient): SignedIn;
  /** The answer to the sign-in request. */
  readonly login: Exchange;
  /** The session cookie's name and value, or undefined where none could be told apart. */
  readonly sessionCookie: { readonly name: string; readonly value: string } | undefined;
  /** True while the target recognises this client; undefined where the target's answer says neither. */
  isAlive(): Promise<boolean | undefined>;
  /** A CSRF token for this client, by the target's description; undefined where it has none. */
  csrfToken(): Promise<string | undefined>;
}

/** Answers that many controls look at; each fetched once a run. Undefined: the target gives no such answer. */
export type SampleName =
  | "html"
  | "json"
  | "personal"
  | "static"
  | "not-found"
  | "bad-request"
  | "unauthenticated"
  | "too-large";

export interface ProbeContext<P> {
  /** The same object throughout one run: controls of a room keep by it what they look at together. */
  readonly run: object;
  /** The room's section of the policy that the target is held against. */
  readonly policy: P;
  readonly environment: "development" | "test" | "production";
  readonly target: TargetDescription;
  /** Where the target answers, e.g. "https://hub.example". */
  readonly origin: string;
  /** The Host that requests are sent with, and the header lines that a stand-in for the proxy adds; for raw requests. */
  readonly host: string;
  readonly edgeLines: string;
  /** A fresh anonymous client. A 429 is no answer to it: a limit of volume would make any refusal look right. */
  anonymous(): WireClient;
  /**
   * A client without the run's probe key, to whom limits apply as to anybody and a 429 is an answer. `from`: the address
   * that the proxy, for which the run stands in, saw it come from; without effect where the run does not stand in.
   */
  stranger(from?: string): WireClient;
  /** True where the run stands in for the proxy in front, and so can say where a request came from. */
  readonly standsInForProxy: boolean;
  /** Bytes on a raw connection, for what no HTTP client would send; resolves with what came back (bounded in size and time). */
  raw(bytes: string | Uint8Array, options?: { readonly waitSeconds?: number }): Promise<RawAnswer>;
  /** Signs a fresh client in; undefined where the target's description does not say how. */
  signIn(options?: {
    readonly rememberMe?: boolean;
    readonly client?: WireClient;
    readonly fresh?: boolean;
    /** These instead of an account of the run's own. */
    readonly as?: { readonly username: string; readonly password: string };
  }): Promise<SignedIn | undefined>;
  /** Registers a throw-away account; undefined where the description does not say how. */
  register(fields: Readonly<Record<string, string>>): Promise<Exchange | undefined>;
  sample(name: SampleName): Promise<Exchange | undefined>;
  /** True when the target is reached over HTTPS, or stands behind a stand-in for a proxy that says so. */
  readonly secure: boolean;
  /** The same path asked for over plain HTTP; undefined where nothing answers there. */
  plainHttp(path: string): Promise<Exchange | undefined>;
  /** Texts of the mails that the target sent to an address, oldest first, once there are `least` of them (bounded in time); undefined where the run cannot read mail. */
  mails(address: string, least: number): Promise<readonly string[] | undefined>;
  readonly time: {
    /** What the target's clock says, in milliseconds since the Unix epoch. */
    now(): number;
    /** Lets `seconds` go by for the target: at once in process, by waiting on a live target if the run allows it. False: not possible here. */
    pass(seconds: number): Promise<boolean>;
  };
}

export interface RawAnswer {
  readonly text: string;
  /** Who ended it: the target closed, or our own limit of time or size was reached. */
  readonly ended: "closed" | "time" | "size" | "refused";
  readonly seconds: number;
}

export interface Control<P> {
  /** "room.what": stable, unique. */
  readonly id: string;
  /** One sentence that is true or false. */
  readonly claim: string;
  /** Policy leaves (dotted, within the room's section) whose weakening this control catches. */
  readonly proves: readonly string[];
  /** "asvs:v5.0.0-3.3.1", "rfc:6265", "req:SES-1", "nist:sp800-63b-4-5.1". */
  readonly references: readonly string[];
  /** When each outcome is given, and what to do about a failure. */
  readonly advice: { readonly symptom: string; readonly cause: string; readonly fix: string };
  /** Lets time pass for the target, and so must run alone. Default false. */
  readonly slow?: boolean;
  readonly probe: (context: ProbeContext<P>) => Promise<Verdict>;
}

/** A policy leaf that no probe can see from outside, and why. */
export interface Unprovable {
  readonly leaf: string;
  readonly reason: string;
}

export interface RoomControls<P> {
  readonly controls: readonly Control<P>[];
  readonly unprovable: readonly Unprovable[];
}

export const pass = (observed: string): Verdict => ({ outcome: "pass", observed });
export const fail = (observed: string, expected: string): Verdict => ({
  outcome: "fail",
  observed,
  expected,
});
export const unknown = (observed: string): Verdict => ({ outcome: "unknown", observed });
export const notApplicable = (observed: string): Verdict => ({ outcome: "not-applicable", observed });
