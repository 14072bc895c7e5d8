/** One connection, bounded in time and size. The far end may be hostile: whatever it does, this ends. */
import net from "node:net";
import tls from "node:tls";
import { WireError } from "./fault.ts";

export { faultOf, WireError, type WireFault } from "./fault.ts";

export interface WireOptions {
  readonly origin: URL;
  /** Until the far end takes the connection, in milliseconds; beyond it the fault is `refused`. */
  readonly connectTimeoutMs: number;
  /** Whole exchange, in milliseconds. */
  readonly timeoutMs: number;
  readonly maxHeaderBytes: number;
  readonly maxBodyBytes: number;
  /** Do not check the certificate. Never the default. */
  readonly insecure: boolean;
  /** PEM of a certificate authority to trust. */
  readonly ca: string | undefined;
  /** Sent with every request, as the proxy in front would: for targets that are tested without it. */
  readonly edgeHeaders: Readonly<Record<string, string>>;
  /** A 429 is an answer like any other. Otherwise it is a fault: limits of volume hide what a probe wants to see. */
  readonly limitsAnswer?: boolean;
  /** Ends every exchange at once when it fires: nothing goes on behind the back of a run that is over. */
  readonly signal?: AbortSignal;
}

export const wireDefaults = {
  connectTimeoutMs: 5000,
  timeoutMs: 10_000,
  maxHeaderBytes: 65_536,
  maxBodyBytes: 1_048_576,
  insecure: false,
  ca: undefined,
  edgeHeaders: {},
} as const;

/** @throws WireError where our own settings cannot make a connection. */
export function connect(options: WireOptions): net.Socket {
  const socket = open(options);
  const timer = setTimeout(
    () => socket.destroy(new WireError("refused", "nobody takes the connection")),
    options.connectTimeoutMs,
  ).unref();
  const stop = (): void => clearTimeout(timer);
  return socket.once("connect", stop).once("close", stop);
}

function open({ origin, insecure, ca }: WireOptions): net.Socket {
  const host = origin.hostname.replace(/^\[|\]$/g, "");
  const secure = origin.protocol === "https:";
  const port = origin.port === "" ? (secure ? 443 : 80) : Number(origin.port);
  if (!secure) return net.connect({ host, port });
  try {
    return tls.connect({
      host,
      port,
      ...(net.isIP(host) === 0 ? { servername: host } : {}),
      rejectUnauthorized: !insecure,
      ...(ca === undefined ? {} : { ca }),
      ALPNProtocols: ["http/1.1"],
    });
  } catch {
    throw new WireError("certificate", "the settings for TLS cannot be used"); // OpenSSL's own text helps nobody
  }
}

export interface RawResult {
  readonly bytes: Buffer;
  readonly ended: "closed" | "time" | "size" | "refused";
  readonly seconds: number;
}

/** Sends bytes and collects what comes back until the far end closes, the time is up, or it is too much. Never rejects. */
export function sendRaw(
  options: WireOptions,
  bytes: string | Uint8Array,
  waitMs: number,
): Promise<RawResult> {
  return new Promise((resolve) => {
    const started = performance.now();
    const chunks: Buffer[] = [];
    let size = 0;
    let settled = false;
    let socket: net.Socket | undefined;
    const end = (ended: RawResult["ended"]): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", outOfTime);
      socket?.destroy();
      resolve({ bytes: Buffer.concat(chunks), ended, seconds: (performance.now() - started) / 1000 });
    };
    const outOfTime = (): void => end("time");
    // After a pause of this process timers come before what has arrived meanwhile: that is looked at first.
    const timer = setTimeout(() => setImmediate(() => setImmediate(outOfTime)), waitMs);
    if (options.signal?.aborted === true) return end("time");
    options.signal?.addEventListener("abort", outOfTime);
    try {
      socket = connect(options);
    } catch {
      return end("refused"); // our own settings; the exchange before this one has said so
    }
    const line = socket;
    line.on(options.origin.protocol === "https:" ? "secureConnect" : "connect", () => line.write(bytes));
    line.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > options.maxHeaderBytes + options.maxBodyBytes) end("size");
    });
    line.on("error", () => end(size > 0 ? "closed" : "refused"));
    line.on("close", () => end("closed"));
  });
}
