/** A Redis Cluster of three masters: real processes, ended by pid. */
import { execFileSync } from "node:child_process";
import { createCluster } from "@redis/client";
import { freePort } from "./ports.ts";
import { startRedis } from "./redis.ts";

export async function startCluster() {
  const nodes = await Promise.all(
    [0, 1, 2].map(async () => {
      const bus = String(await freePort()); // by default port + 10000, which may be no port at all
      return startRedis(["--cluster-enabled", "yes", "--cluster-port", bus]);
    }),
  );
  const close = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.close()));
  };
  try {
    const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
    execFileSync("redis-cli", ["--cluster", "create", ...addresses, "--cluster-yes"], { stdio: "ignore" });
    await untilJoined(nodes.map(({ port }) => port));
    const cluster = createCluster({
      rootNodes: nodes.map(({ url }) => ({ url })),
      defaults: { disableOfflineQueue: true, socket: { connectTimeout: 1000 } },
    });
    cluster.on("error", () => undefined);
    await cluster.connect();
    return {
      cluster,
      close: async () => {
        cluster.destroy();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function untilJoined(ports: readonly number[]): Promise<void> {
  const isOk = (port: number): boolean =>
    execFileSync("redis-cli", ["-p", String(port), "CLUSTER", "INFO"], { encoding: "utf8" }).includes(
      "cluster_state:ok",
    );
  for (let tries = 0; tries < 150; tries++) {
    if (ports.every(isOk)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the cluster took longer than 15 s to form");
}
