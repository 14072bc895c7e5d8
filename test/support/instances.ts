/** Instances in processes of their own (session-server.ts), and what they are asked. */
import { type ChildProcess, fork } from "node:child_process";
import { Agent, request } from "node:http";
import { fileURLToPath } from "node:url";
import type { History } from "./revocation-history.ts";

export interface Instance {
  readonly child: ChildProcess;
  readonly origin: string;
  /** Families whose reuse it reported. */
  readonly reported: readonly string[];
  close(): Promise<void>;
}

/** `env`: see session-server.ts. */
export async function startInstance(env: Readonly<Record<string, string>>): Promise<Instance> {
  const child = fork(fileURLToPath(new URL("./session-server.ts", import.meta.url)), [], {
    execArgv: ["--conditions=source"],
    env: { PATH: process.env["PATH"] ?? "", ...env },
  });
  const reported: string[] = [];
  const origin = await new Promise<string>((resolve, reject) => {
    child.once("message", (message) => resolve(typeof message === "string" ? message : ""));
    child.once("exit", (code) => reject(new Error(`the instance ended with ${code}`)));
  });
  child.on("message", (message) => typeof message === "string" && reported.push(message));
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const close = (): Promise<void> => {
    child.kill("SIGCONT"); // one that a test stopped would never die
    child.kill("SIGKILL");
    return ended;
  };
  return { child, origin, reported, close };
}

const agent = new Agent({ keepAlive: true, maxSockets: 40 });

export interface Call {
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
}

/** Status 0 when the connection broke. */
export const call = (
  origin: string,
  path: string,
  { method = "GET", headers = {}, json }: Call = {},
): Promise<{ readonly status: number; readonly text: string }> =>
  new Promise((resolve) => {
    const typed = json === undefined ? headers : { ...headers, "content-type": "application/json" };
    const out = request(`${origin}${path}`, { agent, method, headers: typed }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => (text += part));
      answer.once("end", () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    out.once("error", () => resolve({ status: 0, text: "" }));
    out.end(json === undefined ? undefined : JSON.stringify(json));
  });

/** Asks an instance whether it accepts the credential, and writes down what it said. */
export async function ask(
  history: History,
  instances: readonly Instance[],
  instance: number,
  credential: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  const startedAt = performance.now();
  const { status } = await call(instances[instance]?.origin ?? "", path, { headers });
  history.asked.push({ credential, instance, startedAt, accepted: status === 200 });
}
