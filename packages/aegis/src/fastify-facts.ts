/** What an application finds under `app.aegis`. */
import type { RouteRow } from "./access/enforce.ts";
import type { CreatedAccount, NewAccount } from "./account/service.ts";
import type { NewTenant } from "./fastify-tenants.ts";
import type { RecordEvent } from "./audit/application.ts";
import type { Family } from "./metrics/families.ts";
import type { Policy } from "./policy.ts";
import type { Sanitizer } from "./sanitize/sanitizer.ts";
import type { SignInPaths } from "./sign-in/paths.ts";
import type { Tenant } from "./tenancy/store.ts";
import type { Uploads } from "./upload/routes.ts";

export interface AegisFacts {
  readonly policy: Policy;
  readonly fingerprint: string;
  /** Ways to sign in beyond the built-in ones are declared here before their routes. */
  readonly signInPaths: Pick<SignInPaths, "declare">;
  /** Resolves when what goes on after answers (mail, events) is done. */
  readonly settled: () => Promise<void>;
  /**
   * Ends every session of everybody, and with them their tokens; how many sessions. When it resolves no instance
   * accepts one that was there before.
   */
  readonly endAllSessions: () => Promise<number>;
  /** Makes an account that nobody registered. @throws AEGIS_ACCOUNT_TAKEN */
  readonly createAccount: (account: NewAccount) => Promise<CreatedAccount>;
  /** Opens a tenant that nobody asked for over HTTP; undefined where its name is none. @throws AEGIS_TENANCY_TAKEN */
  readonly openTenant: (tenant: NewTenant) => Promise<Tenant | undefined>;
  /** Files of people, for routes of the application; undefined where no blob store is wired. */
  readonly uploads: Uploads | undefined;
  /** Cleans a text as fields that declare it are (`sanitize` in a schema). */
  readonly sanitize: Sanitizer;
  /**
   * Writes an event of the application's own as `app.<name>`, into the log and, where "other" is covered, into the chain
   * for good: facts are ids and words of the application, never what people have written. With `audit.onFailure: "refuse"`
   * the answer waits for it.
   * @throws TypeError for a name that is not 1 to 32 small letters and "_"
   */
  readonly record: RecordEvent;
  /** What this process would tell Prometheus of itself, as data for another one that shares its port; empty where none is wired. */
  readonly metrics: () => Promise<readonly Family[]>;
  /** The live route table. */
  readonly routes: readonly RouteRow[];
}

declare module "fastify" {
  interface FastifyInstance {
    readonly aegis: AegisFacts;
  }
}
