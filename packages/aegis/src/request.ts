/** What a request gains on its way, each fact set by one room and never lost. Types only. */

/** Who is asking, as far as each request needs to know. */
export interface Principal {
  readonly userId: string;
  readonly username: string;
  readonly roles: readonly string[];
  /**
   * The tenant that the session, token or key works in; null: none. A name, and no right: whether the person is a member,
   * and as what, is looked up by each request that works there (`request.tenant`).
   */
  readonly tenantId: string | null;
}

/** What somebody is in a tenant, each with the rights of those before. */
export type TenantRole = "learner" | "author" | "admin" | "owner";

/** The tenant that a request works in, and what its caller is there at this moment. */
export interface TenantFacts {
  readonly id: string;
  readonly name: string;
  readonly role: TenantRole;
}

/** How far a sign-in has come. Only `complete` has rights; the others may call nothing but what finishes them. */
export type SignInStage = "complete" | "second-factor" | "password-change" | "enrolment";

/** Authenticator assurance level (NIST SP 800-63B-4): 1 one factor, 2 two factors. */
export type Aal = 1 | 2;

/** The session behind a request. Times are milliseconds since the Unix epoch. */
export interface SessionFacts {
  /** Public handle: may be shown and logged; opens nothing. */
  readonly id: string;
  readonly rememberMe: boolean;
  readonly createdAt: number;
  readonly idleExpiresAt: number;
  readonly absoluteExpiresAt: number;
  readonly stage: SignInStage;
  readonly aal: Aal;
  /** The sign-in paths that were walked, e.g. ["password", "totp"]. */
  readonly methods: readonly string[];
  /** When the person last proved who they are. */
  readonly provenAt: number;
}

/** What is sent with each call instead of a cookie: a short-lived access token, or an API key. */
export type BearerCredential = "token" | "api-key";

/** The token or key behind a request. */
export interface BearerFacts {
  readonly credential: BearerCredential;
  /** Public handle: may be shown and logged; opens nothing. */
  readonly id: string;
  readonly scopes: readonly string[];
}

/** Who may call a route: everybody, whoever is signed in, a role, or everybody while the policy opens the group. */
export type AccessRule = "public" | "authenticated" | `role:${string}` | `group:${string}`;

/**
 * How a route looks at the session. `active` (default): looks it up, counts as activity. `passive`: looks it up,
 * extends nothing. `none`: never looks, so the route answers while the session store is away.
 */
export type SessionUse = "active" | "passive" | "none";

/**
 * `token` (default): state-changing requests of a session need its token. `origin-only`: origin and fetch metadata
 * guard alone, and without either no form encoding is accepted (sign-in, registration, sign-out).
 */
export type CsrfRule = "token" | "origin-only";

declare module "fastify" {
  interface FastifyContextConfig {
    access?: AccessRule;
    session?: SessionUse;
    csrf?: CsrfRule;
    /** `any`: answers over plain HTTP too, even where the policy demands HTTPS (health checks of a load balancer). */
    transport?: "https" | "any";
    /** `open`: answers also while the application is closed for maintenance (health checks). */
    maintenance?: "open";
    /** `raw`: the route has its own body parser; otherwise a body without a schema is refused. */
    body?: "raw";
    /** Unfinished sign-ins that may call this route too; none unless named. */
    stages?: readonly Exclude<SignInStage, "complete">[];
    /** The classified sign-in paths that this route ends; a session can be started on no other route. */
    signIn?: string | readonly string[];
    /** Probe accounts, which have no rights, may call it: it shows or ends their own session, and nothing else. */
    probe?: true;
    /** Two factors, however long ago. */
    requireAal?: 2;
    /** The last proof may be no older, in seconds; "policy": mfa.stepUpAgeSeconds. */
    maxAuthAgeSeconds?: number | "policy";
    /** What the caller may come with. Default: a session alone. */
    credentials?: readonly ("session" | BearerCredential)[];
    /**
     * The limits that a request here takes from: names of rateLimit.limits or rateLimit.own. Default: "read" for what
     * only reads, "global" for the rest.
     */
    limit?: string | readonly string[];
    /** The request works in the tenant of its session, token or key, and whoever asks must be this there, or more. */
    tenant?: TenantRole;
    /** Reads, and its event matters as much as that of a change: held with it where the policy says so (audit.onFailure). */
    audited?: true;
    /** What a token or key must be good for: all of these. Sessions are not asked. */
    scopes?: readonly string[];
  }
  interface FastifyRequest {
    /** The session, or null. Set by the session room. */
    session: SessionFacts | null;
    /** A sign-in that this cookie began and has not finished, on routes that do not serve it. Set by the session room. */
    unfinishedSignIn: (SessionFacts & { readonly userId: string }) | null;
    /** The token or key that the call was made with, or null. Set by the access room. */
    bearer: BearerFacts | null;
    /** Who is asking. Reading it while nobody does throws AEGIS_ACCESS_SIGN_IN_REQUIRED (401): absent evidence denies. */
    readonly principal: Principal;
    /**
     * The tenant that the request works in. Reading it on a route that declares none, or where the caller is no member,
     * throws AEGIS_TENANCY_REQUIRED (403): absent evidence denies. Set by the tenancy room; no header, body or address
     * has a say in it.
     */
    readonly tenant: TenantFacts;
  }
  interface FastifyReply {
    /** The nonce of this page's Content-Security-Policy; the same for every call on one reply. */
    cspNonce(): string;
  }
}
