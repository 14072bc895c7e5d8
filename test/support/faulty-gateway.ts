/** A gateway with one fault: it stands before a hub and changes what passes, as misconfigured ones do. */
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";

/** A header line; lines of one name are kept apart. */
type Line = [name: string, value: string];

export interface Asked {
  method: string;
  url: string;
  headers: Line[];
  readonly body: Buffer;
}

export interface Answered {
  readonly asked: Asked;
  status: number;
  headers: Line[];
  body: Buffer;
}

export interface Fault {
  /** What goes on to the hub. */
  readonly ask?: (asked: Asked, origin: string) => void | Promise<void>;
  /** What comes back from it. */
  readonly answer?: (answered: Answered) => void;
  /** Instead of asking the hub. */
  readonly instead?: (asked: Asked) => Omit<Answered, "asked"> | undefined;
  /** It reads what two readers would read in two ways. */
  readonly lenient?: boolean;
}

export const valueOf = (headers: readonly Line[], name: string): string | undefined =>
  headers.find(([one]) => one.toLowerCase() === name)?.[1];

export const without = (headers: readonly Line[], name: string): Line[] =>
  headers.filter(([one]) => one.toLowerCase() !== name);

const linesOf = (raw: readonly string[]): Line[] =>
  raw.flatMap((name, place) => (place % 2 === 0 ? [[name, raw[place + 1] ?? ""] satisfies Line] : []));

async function read(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

const forward = (origin: string, { method, url, headers, body }: Asked) =>
  new Promise<Omit<Answered, "asked">>((resolve, reject) => {
    const sent = request(
      new URL(url, origin),
      { method, headers: without(headers, "transfer-encoding").flat(), setHost: false, agent: false },
      (answer) => {
        const got = { status: answer.statusCode ?? 0, headers: linesOf(answer.rawHeaders) };
        read(answer).then((all) => resolve({ ...got, body: all }), reject);
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });

export async function startFaultyGateway(origin: string, fault: Fault) {
  const pass = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const asked: Asked = {
      method: incoming.method ?? "GET",
      url: incoming.url ?? "/",
      headers: linesOf(incoming.rawHeaders),
      body: await read(incoming),
    };
    await fault.ask?.(asked, origin);
    const answered: Answered = { asked, ...(fault.instead?.(asked) ?? (await forward(origin, asked))) };
    fault.answer?.(answered);
    const lines = without(without(answered.headers, "content-length"), "transfer-encoding");
    outgoing.sendDate = false;
    outgoing.writeHead(answered.status, [...lines, ["content-length", String(answered.body.length)]].flat());
    outgoing.end(answered.body);
  };
  const server = createServer({ insecureHTTPParser: fault.lenient === true }, (incoming, outgoing) => {
    pass(incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    origin: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
