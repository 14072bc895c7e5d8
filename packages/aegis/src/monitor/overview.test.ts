import { describe, expect, it } from "vitest";
import { manualClock } from "../testing/clock.ts";
import { MemoryMonitorStore } from "./memory-store.ts";
import { overviews } from "./overview.ts";
import { tallies } from "./tally.ts";

function start(tookSeconds: number) {
  const clock = manualClock();
  const store = new MemoryMonitorStore();
  const made = { times: 0 };
  const read = store.read.bind(store);
  store.read = (minute) => {
    made.times += 1;
    clock.advance(tookSeconds);
    return read(minute);
  };
  const overview = overviews({
    store,
    clock,
    tallies: tallies(store, clock),
    limits: [],
    listBans: async () => [],
    open: () => undefined,
  });
  return { clock, made, overview };
}

describe("the picture", () => {
  it("is one for all who ask within a second", async () => {
    const { clock, made, overview } = start(0);
    await Promise.all([overview.read(), overview.read(), overview.read()]);
    clock.advance(0.9);
    await overview.read();
    expect(made.times).toBe(1);
    clock.advance(0.1);
    await overview.read();
    expect(made.times).toBe(2);
  });

  it("costs a tenth of the time at most, however much there is to count", async () => {
    const { clock, made, overview } = start(0.5);
    for (let seconds = 0; seconds < 20; seconds++) {
      await overview.read();
      clock.advance(1);
    }
    expect(made.times).toBe(4);
  });

  it("is made once while it is being made, and anew for whoever has changed something", async () => {
    const { clock, made, overview } = start(0);
    const first = overview.read();
    clock.advance(30);
    const second = overview.read();
    await Promise.all([first, second]);
    expect(made.times).toBe(1);
    overview.forget();
    await overview.read();
    expect(made.times).toBe(2);
  });
});
