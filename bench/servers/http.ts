/** Bare node:http: no router, no guard, no schema. The floor under everything else. */
import { createServer, type ServerResponse } from "node:http";
import { ITEM, itemAnswer, PAGE, serve } from "./shared.ts";

const answer = (response: ServerResponse, status: number, value: unknown): void => {
  const body = JSON.stringify(value);
  response
    .writeHead(status, {
      "content-type": "application/json; charset=utf-8",
      "content-length": Buffer.byteLength(body),
    })
    .end(body);
};

const refusals: Readonly<Record<string, number>> = {
  "/bench/401": 401,
  "/bench/403": 403,
  "/bench/429": 429,
};

const server = createServer((request, response) => {
  const { url = "" } = request;
  if (url === "/bench/me") return answer(response, 200, PAGE);
  const status = refusals[url];
  if (status !== undefined) return answer(response, status, { error: "refused" });
  if (url !== "/bench/item") return answer(response, 404, { error: "not found" });
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const item: typeof ITEM = JSON.parse(Buffer.concat(chunks).toString());
    answer(response, 200, itemAnswer(item));
  });
});
server.keepAliveTimeout = 65_000;
server.listen(0, "127.0.0.1", () => serve(server.address()));
