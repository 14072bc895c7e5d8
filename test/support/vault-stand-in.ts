/**
 * A local stand-in for HashiCorp Vault: it speaks what we use of its HTTP API (AppRole sign-in, look-up and renewal of
 * tokens, key/value engine version 2) and can be sealed, silent, or forgetful. No server of Vault's is to be had where
 * these tests run.
 */
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

export interface VaultStandIn {
  readonly address: string;
  /** "METHOD path", oldest first. */
  readonly requests: string[];
  /** What lies at secret/data/hub. */
  values: Record<string, string>;
  sealed: boolean;
  /** Takes requests and answers none. */
  silent: boolean;
  /** Answers 403 to whoever reads, with a token or not. */
  forbidding: boolean;
  leaseSeconds: number;
  now: () => number;
  readonly roleId: string;
  readonly secretId: string;
  /** Of no role; lives as long as a lease from now. */
  newToken(): string;
  /** Ends every token. */
  revokeAll(): void;
  readonly signIns: () => number;
  close(): Promise<void>;
}

export async function startVaultStandIn(values: Record<string, string>): Promise<VaultStandIn> {
  const ends = new Map<string, number>();
  let signIns = 0;
  const newToken = (): string => {
    const token = `hvs.${randomBytes(18).toString("base64url")}`;
    ends.set(token, vault.now() + vault.leaseSeconds * 1000);
    return token;
  };
  const tell = (response: ServerResponse, status: number, data: unknown): void => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(data));
  };
  const auth = (token: string) => ({
    auth: { client_token: token, lease_duration: vault.leaseSeconds, renewable: true, policies: ["hub"] },
  });
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const asked = `${request.method} ${request.url}`;
    vault.requests.push(asked);
    if (vault.silent) return;
    if (vault.sealed) return tell(response, 503, { errors: ["Vault is sealed"] });
    if (asked === "POST /v1/auth/approle/login") {
      let text = "";
      for await (const part of request.setEncoding("utf8")) text += String(part);
      const body: unknown = JSON.parse(text);
      const right = JSON.stringify({ role_id: vault.roleId, secret_id: vault.secretId });
      if (JSON.stringify(body) !== right)
        return tell(response, 400, { errors: ["invalid role or secret ID"] });
      signIns += 1;
      return tell(response, 200, auth(newToken()));
    }
    const token = String(request.headers["x-vault-token"] ?? "");
    const endsAt = ends.get(token);
    if (endsAt === undefined || endsAt <= vault.now() || vault.forbidding)
      return tell(response, 403, { errors: ["permission denied"] });
    if (asked === "GET /v1/auth/token/lookup-self")
      return tell(response, 200, {
        data: { ttl: Math.ceil((endsAt - vault.now()) / 1000), renewable: true },
      });
    if (asked === "POST /v1/auth/token/renew-self") {
      ends.set(token, vault.now() + vault.leaseSeconds * 1000);
      return tell(response, 200, auth(token));
    }
    if (asked === "GET /v1/secret/data/hub")
      return tell(response, 200, { data: { data: vault.values, metadata: { version: 1 } } });
    return tell(response, 404, { errors: [] });
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const at = server.address();
  const vault: VaultStandIn = {
    address: `http://127.0.0.1:${typeof at === "object" && at !== null ? at.port : 0}`,
    requests: [],
    values,
    sealed: false,
    silent: false,
    forbidding: false,
    leaseSeconds: 3600,
    now: () => Date.now(),
    roleId: "hub-role",
    secretId: randomBytes(16).toString("hex"),
    newToken,
    revokeAll: () => ends.clear(),
    signIns: () => signIns,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return vault;
}
