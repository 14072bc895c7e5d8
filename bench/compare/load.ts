/**
 * A process of its own that asks: so many connections, each sending its next request when it has its answer. Raw
 * sockets, because a full HTTP client would need more of its core than the servers need of theirs.
 */
import { connect, type Socket } from "node:net";
import { percentile } from "./statistics.ts";
import { frameOf } from "./wire.ts";

export interface Order {
  readonly port: number;
  /** Handed out to the connections in turn. */
  readonly requests: readonly string[];
  readonly connections: number;
  /** Each connection comes from an address of its own, as people do: what is counted by address is many counts. */
  readonly apart: boolean;
  readonly milliseconds: number;
  readonly status: number;
}

export interface Result {
  readonly completed: number;
  /** Answers with another status than the declared one, and the last such status. */
  readonly wrong: number;
  readonly wrongStatus: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
  /** Share of its core that the load itself used: near 1, throughput is the load's and not the server's. */
  readonly busy: number;
}

async function run({ port, requests, connections, apart, milliseconds, status }: Order): Promise<Result> {
  const taken: number[] = [];
  let wrong = 0;
  let wrongStatus = 0;
  const cpu = process.cpuUsage();
  const start = performance.now();
  const end = start + milliseconds;

  const connection = (text: string, place: number): Promise<void> =>
    new Promise((resolve, reject) => {
      // Only Linux has the whole of 127.0.0.0/8 at hand.
      const from = apart && process.platform === "linux" ? { localAddress: `127.0.1.${place + 1}` } : {};
      const request = Buffer.from(text, "latin1");
      let asked = 0;
      let pending: Buffer | undefined;
      const open = (): void => {
        const socket = connect({ host: "127.0.0.1", port, noDelay: true, ...from });
        socket.once("error", reject);
        socket.once("end", () => reject(new Error("a connection ended without an answer")));
        socket.on("data", (chunk) => {
          const bytes = pending === undefined ? chunk : Buffer.concat([pending, chunk]);
          const frame = frameOf(bytes);
          pending = frame === undefined ? bytes : undefined;
          if (frame === undefined) return;
          const now = performance.now();
          taken.push(now - asked);
          if (frame.status !== status) {
            wrong += 1;
            wrongStatus = frame.status;
          }
          if (now < end && !frame.closes) return ask(socket);
          socket.removeAllListeners("end").destroy();
          if (now < end) open();
          else resolve();
        });
        ask(socket);
      };
      const ask = (socket: Socket): void => {
        asked = performance.now();
        socket.write(request);
      };
      open();
    });

  await Promise.all(
    Array.from({ length: connections }, (_, place) =>
      connection(requests[place % requests.length] ?? "", place),
    ),
  );
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const sorted = Float64Array.from(taken).toSorted();
  return {
    completed: taken.length,
    wrong,
    wrongStatus,
    seconds,
    p50: percentile(sorted, 0.5),
    p99: percentile(sorted, 0.99),
    busy: (user + system) / 1e6 / seconds,
  };
}

process.on("disconnect", () => process.exit());
process.on("message", (order: Order) => {
  void run(order).then(
    (result) => process.send?.(result),
    (error: unknown) => process.send?.({ failed: String(error) }),
  );
});
