/** One connection, bounded in time and size. The far end may be hostile: whatever it does, this ends. */
import net from "node:net";
import tls from "node:tls";

export interface WireOptions {
  readonly origin: URL;
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
}

export const wireDefaults = {
  timeoutMs: 10_000,
  maxHeaderBytes: 65_536,
  maxBodyBytes: 1_048_576,
  insecure: false,
  ca: undefined,
  edgeHeaders: {},
} as const;

export type WireFault = "refused" | "time" | "size" | "malformed" | "closed" | "certificate";

/** Why there is no answer. The message is ours, so that nothing of the far end's text gets into it. */
export class WireError extends Error {
  override readonly name = "WireError";
  readonly fault: WireFault;

  constructor(fault: WireFault, message: string) {
    super(message);
    this.fault = fault;
  }
}

export function connect(options: WireOptions): net.Socket {
  const { origin, insecure, ca } = options;
  const host = origin.hostname.replace(/^\[|\]$/g, "");
  const secure = origin.protocol === "https:";
  const port = origin.port === "" ? (secure ? 443 : 80) : Number(origin.port);
  if (!secure) return net.connect({ host, port });
  return tls.connect({
    host,
    port,
    ...(net.isIP(host) === 0 ? { servername: host } : {}),
    rejectUnauthorized: !insecure,
    ...(ca === undefined ? {} : { ca }),
    ALPNProtocols: ["http/1.1"],
  });
}

export function faultOf(error: Error & { code?: string }): WireError {
  const code = error.code ?? "";
  if (/^(CERT_|ERR_TLS|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED)/.test(code))
    return new WireError("certificate", `the certificate is not trusted (${code})`);
  if (code === "ECONNRESET" || code === "EPIPE") return new WireError("closed", "the connection was reset");
  return new WireError("refused", `no connection (${/^[A-Z_]{3,40}$/.test(code) ? code : "network error"})`);
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
    const socket = connect(options);
    const chunks: Buffer[] = [];
    let size = 0;
    let settled = false;
    const end = (ended: RawResult["ended"]): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      socket.destroy();
      resolve({ bytes: Buffer.concat(chunks), ended, seconds: (performance.now() - started) / 1000 });
    };
    const timer = setTimeout(() => end("time"), waitMs);
    socket.on(options.origin.protocol === "https:" ? "secureConnect" : "connect", () => socket.write(bytes));
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > options.maxHeaderBytes + options.maxBodyBytes) end("size");
    });
    socket.on("error", () => end(size > 0 ? "closed" : "refused"));
    socket.on("close", () => end("closed"));
  });
}
