/**
 * A local stand-in for AWS Secrets Manager: it answers GetSecretValue, and computes the signature of each request by
 * itself, from the published description of Signature Version 4, out of the bytes that arrived. No test asks the real one.
 */
import { createHash, createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

export interface AwsStandIn {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  secretString: string;
  /** Why requests were refused, oldest first. */
  readonly refusals: string[];
  /** Set to answer otherwise. */
  misbehave: ((response: ServerResponse) => void) | undefined;
  close(): Promise<void>;
}

const NAME = "prod/hub";

export async function startAwsStandIn(values: Record<string, string>): Promise<AwsStandIn> {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = "";
    for await (const part of request.setEncoding("utf8")) body += String(part);
    if (aws.misbehave !== undefined) return aws.misbehave(response);
    const tell = (status: number, data: unknown): void => {
      response.writeHead(status, { "content-type": "application/x-amz-json-1.1" });
      response.end(JSON.stringify(data));
    };
    const refusal = whyNot(request, body);
    if (refusal !== undefined) {
      aws.refusals.push(refusal);
      return tell(400, { __type: "com.amazon.coral.service#InvalidSignatureException", message: refusal });
    }
    if (request.headers["x-amz-target"] !== "secretsmanager.GetSecretValue")
      return tell(400, { __type: "UnknownOperationException" });
    const asked: unknown = JSON.parse(body);
    if (JSON.stringify(asked) !== JSON.stringify({ SecretId: NAME }))
      return tell(400, { __type: "ResourceNotFoundException" });
    return tell(200, { Name: NAME, SecretString: aws.secretString, VersionStages: ["AWSCURRENT"] });
  };

  function whyNot(request: IncomingMessage, body: string): string | undefined {
    const header =
      /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([\w-]+)\/(\w+)\/aws4_request, SignedHeaders=([\w;-]+), Signature=([0-9a-f]{64})$/;
    const [, id, day = "", region = "", service = "", signed = "", signature] =
      header.exec(request.headers.authorization ?? "") ?? [];
    if (id !== aws.accessKeyId) return "no such access key";
    const time = String(request.headers["x-amz-date"] ?? "");
    if (!time.startsWith(day) || !/^\d{8}T\d{6}Z$/.test(time)) return "the date is not that of the scope";
    for (const needed of ["host", "x-amz-date", "x-amz-target"])
      if (!signed.split(";").includes(needed)) return `${needed} is not signed`;
    const lines = signed.split(";").map((name) => `${name}:${String(request.headers[name] ?? "").trim()}\n`);
    const hash = (text: string) => createHash("sha256").update(text).digest("hex");
    const canonical = `${request.method}\n${request.url}\n\n${lines.join("")}\n${signed}\n${hash(body)}`;
    const toSign = `AWS4-HMAC-SHA256\n${time}\n${day}/${region}/${service}/aws4_request\n${hash(canonical)}`;
    const mac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();
    const key = mac(mac(mac(mac(`AWS4${aws.secretAccessKey}`, day), region), service), "aws4_request");
    return mac(key, toSign).toString("hex") === signature ? undefined : "the signature does not match";
  }

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const at = server.address();
  const aws: AwsStandIn = {
    endpoint: `http://127.0.0.1:${typeof at === "object" && at !== null ? at.port : 0}`,
    accessKeyId: "AKIASTANDIN",
    secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYSTANDIN",
    secretString: JSON.stringify(values),
    refusals: [],
    misbehave: undefined,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return aws;
}
