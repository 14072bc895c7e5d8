/** A receiver of webhooks that can be away: checks signatures as Standard Webhooks has it, by itself. */
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer, type Server } from "node:http";

export interface Delivery {
  readonly id: string;
  /** The signature is right, and of this moment. */
  readonly genuine: boolean;
  readonly body: string;
}

/** `secret`: what stands behind `whsec_`, decoded. */
export function webhookReceiver(port: number, secret: Uint8Array) {
  const deliveries: Delivery[] = [];
  let server: Server | undefined;
  const mode = { answers: true };
  const receive = (headers: Readonly<Record<string, unknown>>, body: string): void => {
    const [id, at, signature] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) =>
      String(headers[name]),
    );
    const expected = Buffer.from(
      `v1,${createHmac("sha256", secret).update(`${id}.${at}.${body}`).digest("base64")}`,
    );
    const given = Buffer.from(signature ?? "");
    const isFresh = Math.abs(Date.now() / 1000 - Number(at)) < 300;
    const genuine = isFresh && given.length === expected.length && timingSafeEqual(given, expected);
    deliveries.push({ id: id ?? "", genuine, body });
  };
  const close = async (): Promise<void> => {
    const was = server;
    server = undefined;
    was?.closeAllConnections();
    await new Promise<void>((resolve) => (was === undefined ? resolve() : was.close(() => resolve())));
  };
  return {
    deliveries,
    /** Whether it answers what it takes. */
    mode,
    async open(): Promise<void> {
      server = createServer((request, response) => {
        let body = "";
        request.setEncoding("utf8").on("data", (part: string) => (body += part));
        request.once("end", () => {
          receive(request.headers, body);
          if (mode.answers) response.writeHead(204).end();
        });
      });
      await new Promise<void>((resolve) => server?.listen(port, "127.0.0.1", resolve));
    },
    close,
  };
}
