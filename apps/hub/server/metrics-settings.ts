import { ConfigError } from "./config-error.ts";

/** A short one could be guessed: it is refused before anybody listens. */
export function metricsTokenProblem(token: string): string | undefined {
  if (/^[\x21-\x7e]{43,}$/.test(token) && new Set(token).size >= 12) return undefined;
  return "it must be 43 random characters or more without spaces";
}

/** "127.0.0.1:443": where the proxy shows its certificate. */
export function addressFrom(text: string | undefined): { host: string; port: number } | undefined {
  if (text === undefined || text === "") return undefined;
  const [, host = "", port = ""] = /^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/.exec(text) ?? [];
  if (host === "" || Number(port) < 1 || Number(port) > 65_535)
    throw new ConfigError(`CERTIFICATE_ADDRESS is "${text}"; it must be host and port, e.g. 127.0.0.1:443.`);
  return { host: host.replaceAll(/[[\]]/g, ""), port: Number(port) };
}
