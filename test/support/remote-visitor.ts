/** A visitor of a hub over the network, as programs are: keeps cookies, sends JSON. */
import { randomUUID } from "node:crypto";

export interface RemoteAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export class RemoteVisitor {
  readonly origin: string;
  readonly cookies = new Map<string, string>();
  readonly username = `r${randomUUID().slice(0, 8)}`;

  constructor(origin: string) {
    this.origin = origin;
  }

  async send(
    method: "GET" | "POST",
    path: string,
    json?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<RemoteAnswer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(new URL(path, this.origin), {
      method,
      headers: {
        ...(cookie === "" ? {} : { cookie }),
        ...(json === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [name = "", value = ""] = (line.split(";")[0] ?? "").split("=");
      if (/Max-Age=0/.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    const body: unknown = await response.json();
    return { status: response.status, body: recordOf(body) };
  }

  /** As the page does it: with the token that the session is given. */
  async post(path: string, json: unknown = {}): Promise<RemoteAnswer> {
    const token = textIn((await this.send("GET", "/csrf-token")).body, "csrf_token");
    return this.send("POST", path, json, { "x-csrftoken": token });
  }

  signIn(username: string, password: string): Promise<RemoteAnswer> {
    return this.send("POST", "/api/login", { username, password });
  }
}

export function textIn(body: Readonly<Record<string, unknown>>, field: string): string {
  const value = body[field];
  if (typeof value !== "string") throw new Error(`no ${field} in ${JSON.stringify(body)}`);
  return value;
}

export function textsIn(body: Readonly<Record<string, unknown>>, field: string): readonly string[] {
  const value = body[field];
  if (!Array.isArray(value) || !value.every((one) => typeof one === "string"))
    throw new Error(`no ${field} in ${JSON.stringify(body)}`);
  return value;
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) throw new Error("the answer is no JSON object");
  return Object.fromEntries(Object.entries(value));
}
