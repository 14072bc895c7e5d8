/** AWS Secrets Manager: one secret that is a JSON object, asked for with a signed request (Signature Version 4). */
import { createHash, createHmac } from "node:crypto";
import type { Clock } from "../../lib/clock.ts";
import { isRecord } from "../../lib/freeze.ts";
import { ask, safeAddress } from "./ask.ts";
import { sourceFailure } from "../../secret/errors.ts";
import { found, type SecretSource, textsIn } from "../../secret/source.ts";

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface AwsOptions {
  readonly region: string;
  /** Name or ARN of the secret; its fields are the names. */
  readonly secretId: string;
  readonly credentials: AwsCredentials;
  /** Default: the service's own in the region. */
  readonly endpoint?: string | undefined;
  readonly timeoutSeconds: number;
  readonly clock: Clock;
  readonly fetch?: typeof globalThis.fetch;
}

/** @throws SecretError AEGIS_SECRET_SOURCE_BROKEN for settings that cannot be right */
export function awsSource(options: AwsOptions): SecretSource {
  const { region, secretId, credentials, timeoutSeconds, clock } = options;
  if (!/^[a-z0-9-]{1,32}$/.test(region))
    throw sourceFailure("broken", "AWS_REGION", "it is no region like eu-central-1");
  const url = safeAddress(
    options.endpoint ?? `https://secretsmanager.${region}.amazonaws.com/`,
    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
  );
  const where = `AWS Secrets Manager (${region}, ${secretId})`;
  return {
    kind: "aws",
    where,
    own: () =>
      [credentials.secretAccessKey, credentials.sessionToken].flatMap((one) =>
        one === undefined ? [] : [one],
      ),
    async read(names) {
      const body = JSON.stringify({ SecretId: secretId });
      const headers = signedHeaders({
        method: "POST",
        url,
        headers: {
          "content-type": "application/x-amz-json-1.1",
          "x-amz-target": "secretsmanager.GetSecretValue",
        },
        body,
        region,
        service: "secretsmanager",
        credentials,
        at: new Date(clock.now()),
      });
      const { host: _set, ...sent } = headers; // fetch writes it itself, the same
      const { status, data } = await ask({
        url: url.href,
        method: "POST",
        headers: sent,
        body,
        timeoutSeconds,
        where,
        ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
      });
      if (status === 200) return valuesIn(data, names, where);
      const kind = kindOf(data);
      if (kind === "ResourceNotFoundException") return new Map();
      if (status >= 500 || status === 429 || /Throttl|InternalService/.test(kind))
        throw sourceFailure("away", where, `it answers ${status} ${kind}`);
      throw sourceFailure(
        "refused",
        where,
        `it answers ${status} ${kind}`,
        "Look at AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, the clock of this machine, and the right secretsmanager:GetSecretValue",
      );
    },
  };
}

function valuesIn(data: unknown, names: readonly string[], where: string): ReadonlyMap<string, string> {
  const text = isRecord(data) ? data["SecretString"] : undefined;
  let inner: unknown;
  try {
    inner = typeof text === "string" ? JSON.parse(text) : undefined;
  } catch {
    inner = undefined; // a parser's words quote what they stumble over
  }
  const values = textsIn(inner);
  if (values === undefined)
    throw sourceFailure("broken", where, "the secret's text (SecretString) is not one JSON object");
  return found(names, (name) => values.get(name));
}

/** "com.amazonaws...#AccessDeniedException" by its last word: what else the answer says is not repeated. */
const kindOf = (data: unknown): string => {
  const type = isRecord(data) ? data["__type"] : undefined;
  return typeof type === "string" ? (/(\w{1,64})$/.exec(type)?.[1] ?? "") : "";
};

export interface SignOrder {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly region: string;
  readonly service: string;
  readonly credentials: AwsCredentials;
  readonly at: Date;
}

/** Signature Version 4, as AWS publishes it: canonical request, text to sign, key of the day. Header names in lower case. */
export function signedHeaders(order: SignOrder): Readonly<Record<string, string>> {
  const { method, url, body, region, service, credentials, at } = order;
  const time = at.toISOString().replace(/[-:]|\.\d{3}/g, "");
  const day = time.slice(0, 8);
  const headers: Record<string, string> = {
    ...order.headers,
    host: url.host,
    "x-amz-date": time,
    ...(credentials.sessionToken === undefined ? {} : { "x-amz-security-token": credentials.sessionToken }),
  };
  const names = Object.keys(headers).toSorted((a, b) => (a < b ? -1 : 1));
  const signed = names.join(";");
  const canonical = [
    method,
    url.pathname,
    [...url.searchParams]
      .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
      .toSorted((a, b) => (a < b ? -1 : 1))
      .join("&"),
    ...names.map((name) => `${name}:${(headers[name] ?? "").trim().replace(/ +/g, " ")}`),
    "",
    signed,
    sha256Hex(body),
  ].join("\n");
  const scope = `${day}/${region}/${service}/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", time, scope, sha256Hex(canonical)].join("\n");
  const key = [day, region, service, "aws4_request"].reduce<string | Buffer>(
    (under, part) => createHmac("sha256", under).update(part).digest(),
    `AWS4${credentials.secretAccessKey}`,
  );
  const signature = createHmac("sha256", key).update(text).digest("hex");
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${signature}`,
  };
}

const sha256Hex = (text: string): string => createHash("sha256").update(text).digest("hex");
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
