/**
 * A process of its own that signs in without a pause, each connection to its own account, while its parent says so:
 * `true` starts it, `false` stops it and is answered with what came of it. Ends with its parent.
 */
import { Agent, request } from "node:http";
import { accountOf, CONNECTIONS } from "./login-hub.ts";

const [origin = ""] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true });
const signIn = (place: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const payload = JSON.stringify(accountOf(place));
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(payload) };
    const call = request(`${origin}/api/login`, { method: "POST", agent, headers }, (answer) => {
      answer.resume();
      answer.once("end", () => resolve(answer.statusCode ?? 0));
    });
    call.once("error", reject);
    call.end(payload);
  });

const flood = { isOn: false, started: 0, counts: new Map<number, number>() };
async function connection(place: number): Promise<void> {
  while (flood.isOn) {
    const status = await signIn(place);
    flood.counts.set(status, (flood.counts.get(status) ?? 0) + 1);
  }
}
let running: Promise<unknown> = Promise.resolve();
process.on("message", (on) => {
  flood.isOn = on === true;
  if (flood.isOn) {
    flood.started = performance.now();
    flood.counts.clear();
    running = Promise.all(Array.from({ length: CONNECTIONS }, (_, place) => connection(place)));
  } else {
    const seconds = (performance.now() - flood.started) / 1000;
    const tell = () =>
      process.send?.(
        [...flood.counts].map(([status, n]) => `${Math.round(n / seconds)}/s ${status}`).join(" "),
      );
    void running.then(tell);
  }
});
process.on("disconnect", () => process.exit());
