/** A real Redis for one test file: its own folder, its own port, ended by pid. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@redis/client";
import { freePort } from "./ports.ts";

export interface TestRedis {
  readonly port: number;
  readonly url: string;
  readonly pid: () => number;
  start(): Promise<void>;
  /** As an outage: at once. What was not yet on disk is lost. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** `args` are settings as on the command line: ["--appendonly", "yes"]. */
export async function startRedis(args: readonly string[] = [], password = ""): Promise<TestRedis> {
  const folder = mkdtempSync(join(tmpdir(), "aegis-redis-"));
  const port = await freePort();
  const url = `redis://${password === "" ? "" : `:${password}@`}127.0.0.1:${port}`;
  let server: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    server = spawn(
      "redis-server",
      [
        ...`--bind 127.0.0.1 --port ${port} --dir ${folder} --daemonize no`.split(" "),
        ...`--appendonly yes --maxmemory-policy noeviction --save`.split(" "),
        "",
        ...args,
      ],
      { stdio: "ignore" },
    );
    const failed = new Promise<never>((_resolve, reject) => {
      server?.once("error", () =>
        reject(new Error("There is no Redis server on this machine: apt-get install redis-server")),
      );
    });
    await Promise.race([failed, answers(url)]);
  };
  const stop = async (): Promise<void> => {
    const running = server;
    server = undefined;
    if (running === undefined || running.exitCode !== null) return;
    const ended = new Promise((resolve) => running.once("exit", resolve));
    running.kill("SIGCONT"); // one that a test stopped would never die
    running.kill("SIGKILL");
    await ended;
  };
  await start();
  return {
    port,
    url,
    pid: () => server?.pid ?? 0,
    start,
    stop,
    close: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function answers(url: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const client = createClient({ url, socket: { reconnectStrategy: false } });
    client.on("error", () => undefined);
    try {
      await client.connect();
      await client.ping();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    } finally {
      if (client.isOpen) client.destroy();
    }
  }
  throw new Error("Redis did not answer within 5 s");
}

/** A connection to it that fails at once while it is away, and comes back by itself. */
export async function connectRedis(url: string) {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    socket: { reconnectStrategy: () => 50, connectTimeout: 1000 },
  });
  client.on("error", () => undefined); // commands tell
  await client.connect();
  return client;
}
