/**
 * Several processes share the port, and whichever takes a scrape answers for all: it asks the others through the first
 * process. Whoever does not answer in time is left out; Prometheus sees a gap, never a counter that went back.
 */
import type { Worker } from "node:cluster";

interface Given {
  readonly process: string;
  readonly families: unknown;
}

/** What another one asks its stores takes a second and a half at most. */
const ANSWER_WITHIN_MS = 2000;
/** A message between our own processes; what is none is somebody else's. */
const isMessage = (data: unknown): data is Readonly<Record<string, unknown>> =>
  typeof data === "object" && data !== null && "aegisMetrics" in data;

/** In the first process: hands questions and answers on. */
export function relayMetrics(worker: Worker, all: ReadonlySet<Worker>): void {
  const tell = (to: Worker, message: object): void => {
    if (to.isConnected()) to.send(message, () => undefined); // one that ends meanwhile is left out
  };
  worker.on("message", (data: unknown) => {
    if (!isMessage(data)) return;
    if (data["aegisMetrics"] === "ask") {
      const others = [...all].filter((one) => one !== worker && one.isConnected());
      tell(worker, { aegisMetrics: "asked", id: data["id"], count: others.length });
      for (const other of others) tell(other, { aegisMetrics: "want", id: data["id"], asker: worker.id });
    }
    if (data["aegisMetrics"] === "give") {
      const asker = [...all].find(({ id }) => id === data["asker"]);
      if (asker !== undefined) tell(asker, { ...data, aegisMetrics: "given" });
    }
  });
}

let lastId = 0;
const waiting = new Map<number, (data: Readonly<Record<string, unknown>>) => void>();

/** In a process that serves: gives what it has whenever another asks. */
export function answerSiblings(own: () => Promise<unknown>): void {
  process.on("message", (data: unknown) => {
    if (!isMessage(data)) return;
    const { aegisMetrics: kind, id, asker } = data;
    if (kind === "want")
      void own().then(
        (families) =>
          process.send?.({
            aegisMetrics: "give",
            id,
            asker,
            process: process.env["HUB_PROCESS"] ?? "1",
            families,
          }),
        () => undefined, // the one who asks waits no longer than its time
      );
    else if (typeof id === "number") waiting.get(id)?.(data);
  });
}

export function askSiblings(): Promise<readonly Given[]> {
  if (process.send === undefined) return Promise.resolve([]);
  const id = ++lastId;
  return new Promise((resolve) => {
    const given: Given[] = [];
    let expected = Number.POSITIVE_INFINITY;
    const done = (): void => {
      clearTimeout(timer);
      waiting.delete(id);
      resolve(given);
    };
    const timer = setTimeout(done, ANSWER_WITHIN_MS);
    waiting.set(id, (data) => {
      if (data["aegisMetrics"] === "asked") expected = Number(data["count"]);
      if (data["aegisMetrics"] === "given")
        given.push({ process: String(data["process"]), families: data["families"] });
      if (given.length >= expected) done();
    });
    process.send?.({ aegisMetrics: "ask", id });
  });
}
