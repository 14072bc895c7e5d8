/** Reads a stream of server-sent events as it comes, with a parser of its own. */
import { request } from "node:http";
import type { IncomingHttpHeaders } from "node:http";

export interface Listening {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The next picture, parsed. */
  next(): Promise<ReturnType<typeof JSON.parse>>;
  /** How many have come so far. */
  pictures(): number;
  /** "end" when the server ended it in order, "broken" otherwise. */
  readonly ended: Promise<"end" | "broken">;
  close(): void;
}

export function listen(origin: string, cookie: string): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const asked = request(
      new URL("/api/admin/security/stream", origin),
      { headers: { cookie, accept: "text/event-stream" } },
      (response) => {
        const waiting: ((text: string) => void)[] = [];
        const come: string[] = [];
        let count = 0;
        let rest = "";
        response.setEncoding("utf8").on("data", (text: string) => {
          const blocks = (rest + text).split("\n\n");
          rest = blocks.pop() ?? "";
          for (const block of blocks.filter((one) => one.startsWith("data: "))) {
            count += 1;
            const data = block.slice("data: ".length);
            const first = waiting.shift();
            if (first === undefined) come.push(data);
            else first(data);
          }
        });
        response.on("error", () => undefined);
        const ended = new Promise<"end" | "broken">((settle) => {
          response.once("end", () => settle("end"));
          response.once("close", () => settle("broken"));
        });
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          next: async () => {
            const ready = come.shift();
            return JSON.parse(ready ?? (await new Promise<string>((settle) => waiting.push(settle))));
          },
          pictures: () => count,
          ended,
          close: () => asked.destroy(),
        });
      },
    );
    asked.on("error", reject);
    asked.end();
  });
}
