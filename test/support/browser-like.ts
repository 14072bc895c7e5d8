/** A visitor of a hub in this process: keeps cookies, sends JSON, knows how to sign in. */
import { randomUUID } from "node:crypto";
import type { FastifyInstance, InjectOptions } from "fastify";

export const PASSWORD = "Harbour violet, 11 spoons";

export class Visitor {
  readonly app: FastifyInstance;
  readonly cookies = new Map<string, string>();
  readonly username = `v${randomUUID().slice(0, 8)}`;

  constructor(app: FastifyInstance) {
    this.app = app;
  }

  /** The Cookie header that goes along; "" for none. */
  get cookie(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  async send(
    method: "GET" | "POST" | "DELETE" | "PUT" | "PATCH" | "HEAD",
    url: string,
    options: { json?: unknown; headers?: Record<string, string>; payload?: string | Buffer } = {},
  ) {
    const request: InjectOptions = {
      method,
      url,
      headers: {
        ...(this.cookie === "" ? {} : { cookie: this.cookie }),
        ...(options.json === undefined ? {} : { "content-type": "application/json" }),
        ...options.headers,
      },
    };
    const payload = options.json === undefined ? options.payload : JSON.stringify(options.json);
    const response = await this.app.inject(payload === undefined ? request : { ...request, payload });
    const set = response.headers["set-cookie"];
    for (const line of [set ?? []].flat()) {
      const [name = "", value = ""] = (line.split(";")[0] ?? "").split("=");
      if (/Max-Age=0/.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }

  async enter(): Promise<this> {
    await this.send("POST", "/api/register", { json: { username: this.username, password: PASSWORD } });
    await this.send("POST", "/api/login", { json: { username: this.username, password: PASSWORD } });
    if (!this.cookies.has("session")) throw new Error("could not sign in");
    return this;
  }

  async token(): Promise<string> {
    const token: unknown = (await this.send("GET", "/csrf-token")).json().csrf_token;
    if (typeof token !== "string") throw new Error("no CSRF token");
    return token;
  }
}
