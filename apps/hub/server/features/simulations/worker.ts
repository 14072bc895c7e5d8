/**
 * The thread that computes. It knows a plan and nothing else: no database, no environment, no request; so that whatever
 * goes wrong in it ends this thread and no other.
 */
import { parentPort, workerData } from "node:worker_threads";
import { refine } from "./engine/refine.ts";
import { readPlan } from "./messages.ts";

const port = parentPort;
if (port === null) throw new Error("this is a worker's file");

const going = refine(readPlan(workerData));
for (;;) {
  const next = going.next();
  if (next.done === true) {
    port.postMessage({ kind: "ended", ending: next.value });
    break;
  }
  port.postMessage({ kind: "step", step: next.value });
}
