import type { Exchange, WireRequest } from "../../control.ts";
import { connect, faultOf, WireError, type WireOptions } from "./connection.ts";
import { readResponse } from "./response.ts";

/** Chunked framing may cost so many times the content; a server that sends a byte a chunk means no good. */
const MAX_FRAMING = 3;

/** One request and its answer on a connection of its own. @throws WireError */
export function exchange(
  options: WireOptions,
  request: WireRequest,
  cookie: string | undefined,
): Promise<Exchange> {
  const method = request.method ?? "GET";
  const { headers, body } = encode(options, request, cookie);
  const head = [
    `${method} ${request.path} HTTP/1.1`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    "",
    "",
  ].join("\r\n");
  if (/[\0\n]/.test(request.path) || headers.some(([, value]) => /[\0\r\n]/.test(value)))
    return Promise.reject(new WireError("malformed", "our own request would be malformed"));

  return new Promise((resolve, reject) => {
    const socket = connect(options);
    let received = Buffer.alloc(0);
    let quiet: NodeJS.Timeout | undefined;
    const finish = (act: () => void): void => {
      clearTimeout(timer);
      clearTimeout(quiet);
      socket.removeAllListeners();
      socket.on("error", () => undefined); // late faults of a connection that is done with
      socket.destroy();
      act();
    };
    const tryRead = (ended: boolean): void => {
      try {
        const response = readResponse(received, ended, method, options);
        if (response !== undefined)
          finish(() =>
            resolve({ request: { method, url: options.origin.origin + request.path, headers }, response }),
          );
      } catch (error) {
        finish(() => reject(error));
      }
    };
    const timer = setTimeout(
      () => finish(() => reject(new WireError("time", "no complete answer in time"))),
      options.timeoutMs,
    );
    socket.on(options.origin.protocol === "https:" ? "secureConnect" : "connect", () =>
      socket.write(Buffer.concat([Buffer.from(head), body])),
    );
    let readAt = 0;
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length > options.maxHeaderBytes + MAX_FRAMING * options.maxBodyBytes)
        return finish(() => reject(new WireError("size", "far more bytes than content")));
      // Read from its beginning each time, an answer in tiny pieces would cost the square of its length.
      clearTimeout(quiet);
      if (received.length < 65_536 || received.length > readAt * 1.5) {
        readAt = received.length;
        tryRead(false);
      } else quiet = setTimeout(() => tryRead(false), 20);
    });
    socket.on("end", () => tryRead(true));
    socket.on("error", (error) => finish(() => reject(faultOf(error))));
    socket.on("close", () =>
      finish(() => reject(new WireError("closed", "closed without a complete answer"))),
    );
  });
}

function encode(options: WireOptions, request: WireRequest, cookie: string | undefined) {
  const [type, text] =
    request.json !== undefined
      ? ["application/json", JSON.stringify(request.json)]
      : request.form !== undefined
        ? ["application/x-www-form-urlencoded", new URLSearchParams(request.form).toString()]
        : [undefined, request.text];
  const body = Buffer.from(text ?? "");
  const own: [string, string][] = [
    ["Host", options.origin.host],
    ["User-Agent", "aegis-verify/0.1"],
    ["Accept", "*/*"],
    ["Connection", "close"],
    ...(type === undefined ? [] : [["Content-Type", type] satisfies [string, string]]),
    ...(text === undefined
      ? []
      : [["Content-Length", String(request.declaredLength ?? body.length)] satisfies [string, string]]),
    ...(cookie === undefined ? [] : [["Cookie", cookie] satisfies [string, string]]),
  ];
  const given = { ...options.edgeHeaders, ...request.headers };
  const replaced = new Set(Object.keys(given).map((name) => name.toLowerCase()));
  const headers = [...own.filter(([name]) => !replaced.has(name.toLowerCase())), ...Object.entries(given)];
  return { headers, body };
}
