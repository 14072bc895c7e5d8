/**
 * How to use an application from outside: routes and field names. Plain data (a JSON file), every part optional:
 * what is not described is not probed. `{username}`, `{password}`, `{email}` and `{random}` in bodies are filled in.
 */
export interface TargetDescription {
  readonly name?: string;
  readonly routes?: readonly TargetRoute[];
  readonly register?: TargetCall;
  readonly login?: TargetCall & {
    /** Field that asks for a long-lived session, e.g. "remember_me". */
    readonly rememberField?: string;
  };
  readonly logout?: TargetCall;
  /** Answers 2xx while signed in and 401, 403 or a redirect otherwise. */
  readonly sessionCheck?: TargetCall;
  /** Extends the session. */
  readonly sessionRefresh?: TargetCall;
  /** Any request that counts as activity of the user and changes nothing. */
  readonly activity?: TargetCall;
  readonly csrf?: {
    readonly tokenPath: string;
    /** JSON field of the answer that holds the token. */
    readonly tokenField: string;
    readonly header?: string;
    readonly formField?: string;
  };
  /** A harmless request that changes something of one's own and needs a session. */
  readonly write?: TargetCall;
  /** Name of the session cookie; guessed from the sign-in answer where absent. */
  readonly sessionCookie?: string;
  /** Paths that give an HTML page, public JSON, an answer that depends on who asks, and a static file. */
  readonly samples?: {
    readonly html?: string;
    readonly json?: string;
    readonly personal?: string;
    readonly static?: string;
  };
  /** Confirms an address by the code that was mailed: `{username}`, `{email}`, `{code}`. */
  readonly verifyEmail?: TargetCall;
  /** Sends that code again: `{username}`, `{email}`. */
  readonly resendCode?: TargetCall;
  /** Asks for a link to a new password: `{email}`. */
  readonly forgot?: TargetCall;
  /** Sets it: `{token}`, `{new_password}`. */
  readonly reset?: TargetCall;
  /** Changes one's password: `{password}`, `{new_password}`. */
  readonly changePassword?: TargetCall;
  /** Deletes one's account. */
  readonly deleteAccount?: TargetCall;
  /** Second factors by code (RFC 6238). `setup` answers with the secret in base32, `confirm` with backup codes. */
  /** Calls that take from the named limits of the policy: "login", "upload", ... */
  readonly limits?: Readonly<Record<string, TargetCall>>;
  readonly mfa?: {
    readonly setup: TargetCall & { readonly secretField: string };
    readonly confirm: TargetCall & { readonly codesField: string };
    /** Finishes a sign-in: `{code}`. */
    readonly verify: TargetCall;
    /** The same by backup code: `{backup_code}`. */
    readonly verifyBackup?: TargetCall;
    /** Begins a sign-in without a password. */
    readonly passkeyOptions?: TargetCall;
  };
  /** Access and refresh tokens (RFC 9068, RFC 6749). */
  readonly tokens?: {
    /** Asked for in a session. */
    readonly issue: TargetCall & { readonly accessField: string; readonly refreshField: string };
    /** `{refresh_token}`; answers with the same fields. */
    readonly refresh: TargetCall;
    /** The public keys (RFC 7517). */
    readonly keysPath: string;
    /** Takes an access token. */
    readonly use: TargetCall;
  };
  /** Keys for programs. `{id}` in a path is the key's id. */
  readonly apiKeys?: {
    readonly create: TargetCall & {
      /** Fields of the answer. */
      readonly keyField: string;
      readonly idField: string;
      /** Field of the body: a list of scopes. */
      readonly scopesField: string;
      /** Field of the body: seconds that the key is to live. */
      readonly lifetimeField?: string;
    };
    /** One's own keys; `scopesField` of the answer: what a key can be good for. */
    readonly list: TargetCall & { readonly scopesField?: string };
    /** A new secret, in the same field as at creation. */
    readonly rotate?: TargetCall;
    readonly revoke: TargetCall;
    readonly usage?: TargetCall;
    /** Routes that take keys (GET), each with the scope that it asks for. */
    readonly routes: readonly { readonly path: string; readonly scope: string }[];
  };
  /** Tenants. `{name}`, `{tenant_id}`, `{email}`, `{role}`, `{token}` are filled in; `{id}` in a path is the member's id. */
  readonly tenancy?: {
    readonly open: TargetCall;
    /** The tenant that the session works in. */
    readonly current: TargetCall;
    /** Field of both answers: an object with an `id`, or null. */
    readonly tenantField: string;
    readonly enter: TargetCall;
    readonly invite: TargetCall;
    /** `{token}`: that of the link in the letter. */
    readonly accept: TargetCall;
    /** Rows with `id` and the user name. */
    readonly members: TargetCall;
    readonly remove: TargetCall;
    /** A harmless request that works in the tenant, and that every member may make. */
    readonly use: TargetCall;
  };
  /** Files: one multipart part named "file". `{id}` in a path is the file's id. */
  readonly uploads?: {
    readonly create: TargetCall & {
      /** Fields of the answer. */
      readonly idField: string;
      readonly nameField: string;
    };
    /** Gives the bytes back. */
    readonly contentPath: string;
    readonly remove: TargetCall;
  };
  /** Takes rich text in the body's `{html}` and answers with it as readers get it. */
  readonly richText?: TargetCall & { readonly htmlField: string };
  /** How the isolation of tenants is proven, beyond what the routes show by themselves. */
  readonly isolation?: {
    /** Two accounts that work in two tenants; otherwise two are registered, and open a tenant each. */
    readonly account?: { readonly username: string; readonly password: string };
    readonly otherAccount?: { readonly username: string; readonly password: string };
    /** Bodies of calls that make something, where refusals do not say what is missing: `{marker}`, `{email}`, `{random}`. */
    readonly makes?: readonly TargetCall[];
  };
  /** A password that the target's source of breaches knows and that no other rule refuses. */
  readonly breachedPassword?: string;
  /** An administrator without a second factor. */
  readonly administrator?: { readonly username: string; readonly password: string };
  /** An account that may be used; otherwise one is registered. */
  readonly credentials?: { readonly username: string; readonly password: string };
}

export interface TargetCall {
  readonly method?: string;
  readonly path: string;
  readonly encoding?: "json" | "form";
  readonly body?: Readonly<Record<string, string>>;
}

export interface TargetRoute {
  readonly method: string;
  /** Parameters as ":name". */
  readonly path: string;
  /** "public", "authenticated", "role:admin", or "group:content" (public while the policy opens the group). */
  readonly access: string;
  /** What the caller must be, at least, in the tenant that they work in ("learner", "author"); absent: it works in none. */
  readonly tenant?: string;
  /** False where the route changes nothing or needs no token by design (sign-in, registration). */
  readonly csrf?: boolean;
}
