import type { Exchange, WireRequest, WireResponse } from "../../control.ts";
import { connect, faultOf, WireError, type WireOptions } from "./connection.ts";
import { ResponseReader } from "./response.ts";

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** One request and its answer on a connection of its own. @throws WireError */
export function exchange(
  options: WireOptions,
  request: WireRequest,
  cookie: string | undefined,
): Promise<Exchange> {
  const method = request.method ?? "GET";
  const { headers, body } = encode(options, request, cookie);
  if (!isSendable(method, request.path, headers))
    return Promise.reject(new WireError("malformed", "our own request would be malformed"));
  const head = [
    `${method} ${request.path} HTTP/1.1`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    "",
    "",
  ].join("\r\n");
  return new Promise((resolve, reject) => {
    const reader = new ResponseReader(method, options);
    const socket = connect(options);
    const finish = (act: () => void): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", stopped);
      socket.removeAllListeners();
      socket.on("error", () => undefined); // late faults of a connection that is done with
      socket.destroy();
      act();
    };
    const fail = (error: unknown): void => finish(() => reject(error));
    const stopped = (): void => fail(new WireError("time", "the run has no time left"));
    const read = (take: () => WireResponse | undefined): void => {
      try {
        const response = take();
        if (response === undefined) return;
        const sent = { method, url: options.origin.origin + request.path, headers };
        finish(() => resolve({ request: sent, response }));
      } catch (error) {
        fail(error);
      }
    };
    const timer = setTimeout(
      () => fail(new WireError("time", "no complete answer in time")),
      options.timeoutMs,
    );
    if (options.signal?.aborted === true) return stopped();
    options.signal?.addEventListener("abort", stopped);
    socket.on(options.origin.protocol === "https:" ? "secureConnect" : "connect", () =>
      socket.write(Buffer.concat([Buffer.from(head, "latin1"), body])),
    );
    socket.on("data", (chunk: Buffer) => read(() => reader.push(chunk)));
    socket.on("end", () => read(() => reader.end()));
    socket.on("error", (error) => fail(faultOf(error)));
    socket.on("close", () => fail(new WireError("closed", "closed without a complete answer")));
  });
}

/** Cookies come from the far end: none may end our header early. Beyond Latin-1 a character would become other bytes. */
function isSendable(method: string, path: string, headers: readonly (readonly [string, string])[]): boolean {
  return (
    TOKEN.test(method) &&
    /^[\u0021-\u007e\u0080-\u00ff]+$/.test(path) &&
    headers.every(([name, value]) => TOKEN.test(name) && !/[\0\r\n\u0100-\uffff]/.test(value))
  );
}

function encode(options: WireOptions, request: WireRequest, cookie: string | undefined) {
  const method = request.method ?? "GET";
  const [type, text] =
    request.json !== undefined
      ? ["application/json", JSON.stringify(request.json)]
      : request.form !== undefined
        ? ["application/x-www-form-urlencoded", new URLSearchParams(request.form).toString()]
        : [undefined, request.text];
  const body = request.bytes === undefined ? Buffer.from(text ?? "") : Buffer.from(request.bytes);
  const hasLength =
    text !== undefined ||
    request.bytes !== undefined ||
    !["GET", "HEAD", "OPTIONS", "DELETE", "TRACE"].includes(method);
  const own: [string, string][] = [
    ["Host", options.origin.host],
    ["User-Agent", "aegis-verify/0.1"],
    ["Accept", "*/*"],
    ["Accept-Encoding", "identity"],
    ["Connection", "close"],
    ...(type === undefined ? [] : [["Content-Type", type] satisfies [string, string]]),
    ...(hasLength
      ? [["Content-Length", String(request.declaredLength ?? body.length)] satisfies [string, string]]
      : []),
    ...(cookie === undefined ? [] : [["Cookie", cookie] satisfies [string, string]]),
  ];
  const given = { ...options.edgeHeaders, ...request.headers };
  const replaced = new Set(Object.keys(given).map((name) => name.toLowerCase()));
  const headers = [...own.filter(([name]) => !replaced.has(name.toLowerCase())), ...Object.entries(given)];
  return { headers, body };
}
