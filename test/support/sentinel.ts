/** A master, a replica and a Sentinel that watches them: real processes, ended by pid. */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@redis/client";
import { freePort } from "./ports.ts";
import { startRedis } from "./redis.ts";

export interface TestSentinel {
  readonly port: number;
  /** Port of whoever is master now. */
  masterPort(): Promise<number>;
  /**
   * Kills the master as a crash would, waits for the replica to take over, and starts the killed one again: for the
   * next seconds it believes that it is master still.
   */
  failOver(): Promise<void>;
  close(): Promise<void>;
}

export async function startSentinel(): Promise<TestSentinel> {
  const first = await startRedis();
  const second = await startRedis(["--replicaof", "127.0.0.1", String(first.port)]);
  const folder = mkdtempSync(join(tmpdir(), "aegis-sentinel-"));
  const port = await freePort();
  const file = join(folder, "sentinel.conf");
  writeFileSync(
    file,
    [
      `port ${port}`,
      "bind 127.0.0.1",
      `dir ${folder}`,
      `sentinel monitor aegis 127.0.0.1 ${first.port} 1`,
      "sentinel down-after-milliseconds aegis 1500",
      "sentinel failover-timeout aegis 2000",
      "",
    ].join("\n"),
  );
  const watcher = spawn("redis-server", [file, "--sentinel"], { stdio: "ignore" });
  const ask = async (...args: string[]): Promise<unknown> => {
    const client = createClient({ url: `redis://127.0.0.1:${port}`, socket: { reconnectStrategy: false } });
    client.on("error", () => undefined);
    try {
      await client.connect();
      return await client.sendCommand(args);
    } finally {
      if (client.isOpen) client.destroy();
    }
  };
  const masterPort = async (): Promise<number> => {
    const answer = await ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "aegis").catch(() => []);
    return Array.isArray(answer) ? Number(answer[1]) : Number.NaN;
  };
  const until = async (isDone: () => Promise<boolean>, what: string): Promise<void> => {
    for (let tries = 0; tries < 150; tries++) {
      if (await isDone().catch(() => false)) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`${what} took longer than 15 s`);
  };
  const hasReplica = async (): Promise<boolean> => {
    const replicas = await ask("SENTINEL", "REPLICAS", "aegis");
    return (
      Array.isArray(replicas) && replicas.length === 1 && JSON.stringify(replicas).includes("link-status")
    );
  };
  const close = async (): Promise<void> => {
    watcher.kill("SIGKILL");
    await Promise.all([first.close(), second.close()]);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await until(hasReplica, "finding the replica");
    await until(async () => replicaIsUp(second.port), "joining the replica");
  } catch (error) {
    await close();
    throw error;
  }

  return {
    port,
    masterPort,
    async failOver() {
      const before = await masterPort();
      const killed = before === first.port ? first : second;
      await killed.stop();
      await until(async () => {
        const now = await masterPort();
        return now !== before && Number.isFinite(now);
      }, "the failover");
      await killed.start();
    },
    close,
  };
}

function replicaIsUp(port: number): boolean {
  const text = execFileSync("redis-cli", ["-p", String(port), "INFO", "replication"], { encoding: "utf8" });
  return text.includes("role:slave") && text.includes("master_link_status:up");
}
