/**
 * HashiCorp Vault, key/value version 2, by token or AppRole. A token that ends is replaced by a new sign-in (AppRole) or
 * renewed while it lives; a token that Vault refuses is given up, and where there is an AppRole one further sign-in is
 * tried, so that a token that was taken back heals and a role that was taken back does not knock for ever.
 */
import type { Clock } from "../../lib/clock.ts";
import { isRecord } from "../../lib/freeze.ts";
import { ask, safeAddress, type Told } from "./ask.ts";
import { sourceFailure } from "../../secret/errors.ts";
import { found, type SecretSource, textsIn } from "../../secret/source.ts";

export interface VaultOptions {
  /** VAULT_ADDR. */
  readonly address: string;
  /** Mount of the key/value engine; default "secret". */
  readonly mount?: string | undefined;
  /** The secret's path in it; its fields are the names. */
  readonly path: string;
  readonly namespace?: string | undefined;
  readonly token?: string | undefined;
  readonly role?: { readonly roleId: string; readonly secretId: string } | undefined;
  readonly timeoutSeconds: number;
  readonly clock: Clock;
  readonly fetch?: typeof globalThis.fetch;
}

interface Lease {
  readonly token: string;
  /** Undefined: it does not end. */
  readonly endsAt: number | undefined;
  readonly lengthMs: number;
  readonly renewable: boolean;
}

const PATH = /^[\w.-]+(\/[\w.-]+)*$/;

/** @throws SecretError AEGIS_SECRET_SOURCE_BROKEN for settings that cannot be right */
export function vaultSource(options: VaultOptions): SecretSource {
  const { mount = "secret", path, namespace, role, timeoutSeconds, clock } = options;
  const origin = safeAddress(options.address, "VAULT_ADDR").origin;
  const where = `Vault (${origin}, ${mount}/${path})`;
  if (!PATH.test(mount) || !PATH.test(path) || /(^|\/)\.\.?(\/|$)/.test(`${mount}/${path}`))
    throw sourceFailure(
      "broken",
      "VAULT_MOUNT, VAULT_PATH",
      "they are names with / between, and nothing else",
    );
  if (options.token === undefined && role === undefined)
    throw sourceFailure(
      "broken",
      where,
      "there is nothing to sign in with",
      "Set VAULT_ROLE_ID and VAULT_SECRET_ID (or VAULT_SECRET_ID_FILE), or VAULT_TOKEN (or VAULT_TOKEN_FILE)",
    );
  let lease: Lease | undefined;

  const call = (method: "GET" | "POST", at: string, token?: string, body?: unknown): Promise<Told> =>
    ask({
      url: `${origin}/v1/${at}`,
      method,
      headers: {
        "X-Vault-Request": "true", // Vault's agent refuses what another site makes a browser send
        ...(token === undefined ? {} : { "X-Vault-Token": token }),
        ...(namespace === undefined ? {} : { "X-Vault-Namespace": namespace }),
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      timeoutSeconds,
      where,
      ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
    });

  const leaseFrom = ({ data }: Told, old?: string): Lease | undefined => {
    const auth = isRecord(data) && isRecord(data["auth"]) ? data["auth"] : undefined;
    const { client_token: token = old, lease_duration: seconds, renewable } = auth ?? {};
    if (typeof token !== "string" || typeof seconds !== "number" || !Number.isFinite(seconds))
      return undefined;
    const endsAt = seconds > 0 ? clock.now() + seconds * 1000 : undefined;
    return { token, endsAt, lengthMs: seconds * 1000, renewable: renewable === true };
  };

  const signIn = async (): Promise<Lease> => {
    if (role === undefined) {
      const token = options.token ?? "";
      // How long a token that was handed in lives, only Vault knows.
      const told = await call("GET", "auth/token/lookup-self", token);
      demand(told, where, "VAULT_TOKEN");
      const about = isRecord(told.data) && isRecord(told.data["data"]) ? told.data["data"] : {};
      const seconds = typeof about["ttl"] === "number" ? about["ttl"] : 0;
      const endsAt = seconds > 0 ? clock.now() + seconds * 1000 : undefined;
      return { token, endsAt, lengthMs: seconds * 1000, renewable: about["renewable"] === true };
    }
    const { roleId, secretId } = role;
    const told = await call("POST", "auth/approle/login", undefined, {
      role_id: roleId,
      secret_id: secretId,
    });
    // Vault answers a wrong role or secret id with 400.
    demand(told.status === 400 ? { ...told, status: 403 } : told, where, "VAULT_ROLE_ID and VAULT_SECRET_ID");
    const made = leaseFrom(told);
    if (made === undefined) throw sourceFailure("broken", where, "its answer to the sign-in is none");
    return made;
  };

  /** A lease with a third or more of its time left is used, one with less is renewed, one that is over is replaced. */
  const leased = async (): Promise<Lease> => {
    const now = clock.now();
    if (lease?.endsAt !== undefined) {
      if (lease.endsAt <= now) lease = undefined;
      else if (lease.renewable && lease.endsAt - now < lease.lengthMs / 3) {
        const told = await call("POST", "auth/token/renew-self", lease.token, {});
        lease = told.status === 200 ? leaseFrom(told, lease.token) : undefined; // at its longest life: sign in anew
      }
    }
    lease ??= await signIn();
    return lease;
  };

  return {
    kind: "vault",
    where,
    own: () =>
      [options.token, role?.secretId, lease?.token].flatMap((one) => (one === undefined ? [] : [one])),
    dueAt: () => (lease?.endsAt === undefined ? undefined : lease.endsAt - lease.lengthMs / 3 + 1),
    async read(names) {
      let told = await call("GET", `${mount}/data/${path}`, (await leased()).token);
      if (told.status === 403) {
        lease = undefined;
        if (role !== undefined) told = await call("GET", `${mount}/data/${path}`, (await leased()).token);
      }
      if (told.status === 404) return new Map();
      demand(told, where, "the token's policy");
      const outer = isRecord(told.data) ? told.data["data"] : undefined;
      const values = textsIn(isRecord(outer) ? outer["data"] : undefined);
      if (values === undefined)
        throw sourceFailure("broken", where, "its answer is no key/value secret of version 2");
      return found(names, (name) => values.get(name));
    },
  };
}

function demand({ status }: Told, where: string, what: string): void {
  if (status === 200) return;
  if (status === 403 || status === 401)
    throw sourceFailure("refused", where, `it refuses (${status}): look at ${what}`);
  if (status === 503) throw sourceFailure("away", where, "it is sealed, or in maintenance (503)");
  throw sourceFailure("away", where, `it answers ${status}`);
}
