/**
 * A local stand-in for the range service of Have I Been Pwned: it speaks the same protocol, and knows the passwords
 * that it is told. No test asks the real one.
 */
import { createHash, randomBytes } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";

export interface RangeStandIn {
  readonly origin: string;
  /** What it was asked, oldest first. */
  readonly requests: {
    readonly method: string;
    readonly path: string;
    readonly headers: IncomingHttpHeaders;
  }[];
  /** Set to answer otherwise than the protocol says. */
  misbehave: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  close(): Promise<void>;
}

const PADDED_ROWS = 800; // the service pads to between 800 and 1000

export async function startRangeStandIn(seen: Readonly<Record<string, number>>): Promise<RangeStandIn> {
  const known = Object.entries(seen).map(([password, count]) => ({
    hash: createHash("sha1").update(password.normalize("NFKC")).digest("hex").toUpperCase(),
    count,
  }));
  const rowsFor = (prefix: string, padded: boolean): string => {
    const rows = known
      .filter(({ hash }) => hash.startsWith(prefix))
      .map(({ hash, count }) => `${hash.slice(5)}:${count}`);
    const random = (): string => randomBytes(18).toString("hex").toUpperCase().slice(0, 35);
    while (rows.length < (padded ? PADDED_ROWS : 1)) rows.push(`${random()}:${padded ? 0 : 1}`);
    return rows.toSorted().join("\r\n");
  };
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    standIn.requests.push({ method: request.method ?? "", path, headers: request.headers });
    if (standIn.misbehave !== undefined) return standIn.misbehave(request, response);
    const prefix = /^\/range\/([0-9A-F]{5})$/.exec(path)?.[1];
    if (prefix === undefined)
      return void response.writeHead(400).end("The hash prefix was not in a valid format");
    response.writeHead(200, { "content-type": "text/plain" });
    response.end(rowsFor(prefix, request.headers["add-padding"] === "true"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const standIn: RangeStandIn = {
    origin: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    requests: [],
    misbehave: undefined,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return standIn;
}
