/** A proxy as it stands in front of a server: one port that speaks TLS and, as misconfigured ones do, plain HTTP too. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer as createHttp, type IncomingMessage, request, type ServerResponse } from "node:http";
import { createServer as createHttps } from "node:https";
import { type AddressInfo, createServer as createNet } from "node:net";
import { join } from "node:path";

export interface TlsDoor {
  readonly port: number;
  /** The certificate, which is its own authority (PEM). */
  readonly caFile: string;
  /** What it says of how people came; "as-is" is the truth, "none": it says nothing. */
  proto: "as-is" | "https" | "none";
  /** Headers of answers that it takes away, in lower case. */
  readonly dropped: Set<string>;
  close(): Promise<void>;
}

const TLS_HANDSHAKE = 0x16; // RFC 8446 5.1

export async function openTlsDoor(folder: string, serverPort: number, days = 90): Promise<TlsDoor> {
  const [keyFile, caFile] = [join(folder, "door.key"), join(folder, "door.pem")];
  execFileSync(
    "openssl",
    [
      ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=door".split(" "),
      "-days",
      String(days),
      "-addext",
      "subjectAltName=IP:127.0.0.1",
      "-keyout",
      keyFile,
      "-out",
      caFile,
    ],
    { stdio: "ignore" },
  );
  const door: Pick<TlsDoor, "proto" | "dropped"> = { proto: "as-is", dropped: new Set() };
  const pass = (isTls: boolean) => (incoming: IncomingMessage, answer: ServerResponse) => {
    const proto = door.proto === "none" ? undefined : door.proto === "https" || isTls ? "https" : "http";
    const headers = { ...incoming.headers, ...(proto === undefined ? {} : { "x-forwarded-proto": proto }) };
    const out = request({
      host: "127.0.0.1",
      port: serverPort,
      path: incoming.url,
      method: incoming.method,
      headers,
    });
    out.once("response", (from) => {
      answer.writeHead(from.statusCode ?? 502, without(from.rawHeaders, door.dropped));
      from.pipe(answer);
    });
    out.once("error", () => {
      if (!answer.headersSent) answer.writeHead(502);
      answer.end("Bad Gateway");
    });
    incoming.pipe(out);
  };
  const https = createHttps({ key: readFileSync(keyFile), cert: readFileSync(caFile) }, pass(true));
  const http = createHttp(pass(false));
  const front = createNet((socket) => {
    socket.once("error", () => undefined);
    socket.once("data", (first) => {
      socket.pause();
      socket.unshift(first);
      (first[0] === TLS_HANDSHAKE ? https : http).emit("connection", socket);
      process.nextTick(() => socket.resume());
    });
  });
  await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
  const address: string | AddressInfo | null = front.address();
  const sockets = new Set<{ destroy(): void }>();
  front.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  return Object.assign(door, {
    port: typeof address === "object" && address !== null ? address.port : 0,
    caFile,
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        front.close(() => resolve());
      }),
  });
}

/** Name, value, name, value. */
const without = (fields: readonly string[], dropped: ReadonlySet<string>): string[] =>
  fields.filter((_, place) => !dropped.has((fields[place - (place % 2)] ?? "").toLowerCase()));
