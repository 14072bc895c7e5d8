/**
 * `refused`: nobody listens there. `network`: we could not get that far, which says nothing about the target.
 * `limited`: it does not answer so often (429).
 * `closed`, `time`, `size`, `malformed`, `certificate`: somebody is there, and gives no answer that could be used.
 */
export type WireFault =
  | "refused"
  | "network"
  | "time"
  | "size"
  | "malformed"
  | "closed"
  | "certificate"
  | "limited";

/** Why there is no answer. The message is ours, so that nothing of the far end's text gets into it. */
export class WireError extends Error {
  override readonly name = "WireError";
  readonly fault: WireFault;

  constructor(fault: WireFault, message: string) {
    super(message);
    this.fault = fault;
  }
}

/** What a socket's error means. */
export function faultOf(error: Error & { code?: string }): WireError {
  if (error instanceof WireError) return error;
  const code = error.code ?? "";
  const shown = /^[A-Z0-9_]{3,60}$/.test(code) ? code : "network error";
  if (/^(CERT_|ERR_TLS|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED)/.test(code))
    return new WireError("certificate", `the certificate is not trusted (${shown})`);
  if (/^(ERR_SSL_|EPROTO$)/.test(code))
    return new WireError("malformed", `no TLS could be agreed on (${shown})`);
  if (code === "ECONNRESET" || code === "EPIPE") return new WireError("closed", "the connection was reset");
  // Only these two say that nothing answers; a fault on our own side (no route, no free socket) must prove nothing.
  return new WireError(
    code === "ECONNREFUSED" || code === "ETIMEDOUT" ? "refused" : "network",
    `no connection (${shown})`,
  );
}
