/** A local stand-in for npm's registry: it answers the bulk endpoint for advisories, and can be slow to say so, broken or another thing. */
import { createServer } from "node:http";

export interface AdvisoryStandIn {
  readonly address: string;
  /** What it was asked, oldest first. */
  readonly asked: { readonly path: string; readonly body: unknown }[];
  answer: unknown;
  status: number;
  close(): Promise<void>;
}

export async function startAdvisoryStandIn(answer: unknown): Promise<AdvisoryStandIn> {
  const asked: { path: string; body: unknown }[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (piece: Buffer) => (text += piece.toString()));
    request.on("end", () => {
      asked.push({ path: `${request.method} ${request.url}`, body: JSON.parse(text) });
      response.writeHead(standIn.status, {
        "content-type": "application/json",
        ...(standIn.status === 302 ? { location: "/elsewhere" } : {}),
      });
      response.end(typeof standIn.answer === "string" ? standIn.answer : JSON.stringify(standIn.answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const standIn: AdvisoryStandIn = {
    address: `http://127.0.0.1:${port}/npm/`,
    asked,
    answer,
    status: 200,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return standIn;
}
