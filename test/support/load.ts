/** People at work while a deployment changes under them: what failed, and what was acknowledged. */
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import type { IncomingHttpHeaders } from "node:http";

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

interface Place {
  readonly origin: string;
  readonly caFile: string;
  /** So that limits of volume do not count all of them as one visitor. */
  readonly probeKey: string;
}

/** Over connections that are kept, as browsers keep them; nothing is tried twice. Status 0: the connection broke. */
function browser({ origin, caFile, probeKey }: Place) {
  const agent = new Agent({ keepAlive: true, maxSockets: 8, ca: readFileSync(caFile) });
  const ask = (path: string, headers: Record<string, string> = {}, json?: unknown): Promise<Answer> =>
    new Promise((resolve) => {
      const typed = json === undefined ? headers : { ...headers, "content-type": "application/json" };
      const asked = request(
        new URL(path, origin),
        {
          agent,
          method: json === undefined ? "GET" : "POST",
          headers: { "aegis-probe-key": probeKey, ...typed },
          timeout: 20_000,
        },
        (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (part: string) => (text += part));
          response.once("end", () =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
          );
          response.once("error", () => resolve({ status: 0, headers: {}, text }));
        },
      );
      asked.once("timeout", () => asked.destroy());
      asked.once("error", (error) => resolve({ status: 0, headers: {}, text: error.message }));
      asked.end(json === undefined ? undefined : JSON.stringify(json));
    });
  return { ask, close: () => agent.destroy() };
}

/** As people do; what loads without a pause meets the proxy's bound for one address. */
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 150));

/** Somebody who is signed in and saves again and again, and others who read. */
export async function startLoad(place: Place, username: string) {
  const { ask, close } = browser(place);
  const credentials = { username, password: "Harbour violet, 11 spoons" };
  const registered = await ask("/api/register", {}, credentials);
  if (registered.status !== 201) throw new Error(`no account: ${registered.status} ${registered.text}`);
  const login = await ask("/api/login", {}, credentials);
  const setCookie = login.headers["set-cookie"]?.[0] ?? "";
  const cookie = setCookie.split(";")[0] ?? "";
  const { csrf_token: token } = JSON.parse((await ask("/csrf-token", { cookie })).text);
  const asset =
    /\/assets\/[^"]+\.css/.exec((await ask("/", { accept: "text/html" })).text)?.[0] ?? "no asset";
  const failed: string[] = [];
  const state = { on: true };
  let [answered, acknowledged] = [0, -1];
  const note = (what: string, { status, text }: Answer): void => {
    if (status === 200) answered += 1;
    else failed.push(`${what}: ${status} ${text.slice(0, 200)}`);
  };
  const readers = ["/api/content", "/", asset, "/api/check_session"].map(async (path) => {
    for (; state.on; await pause()) note(path, await ask(path, { cookie }));
  });
  const writer = (async () => {
    for (let count = 0; state.on; count++, await pause()) {
      const save = { display_name: `name ${count}`, about_me: "" };
      const answer = await ask("/api/profile", { cookie, "x-csrftoken": String(token) }, save);
      note("save", answer);
      if (answer.status === 200) acknowledged = count;
    }
  })();
  const saved = async (): Promise<number> =>
    Number(JSON.parse((await ask("/api/profile", { cookie })).text).display_name.split(" ")[1]);
  return {
    ask,
    cookie,
    setCookie,
    saved,
    acknowledged: () => acknowledged,
    stop: async () => {
      state.on = false;
      await Promise.all([...readers, writer]);
      return { failed, answered };
    },
    close,
  };
}
