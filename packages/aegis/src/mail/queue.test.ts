import { describe, expect, it } from "vitest";
import { MailError, memoryTransport, type MailMessage, type MailTransport, type Schedule } from "./mailer.ts";
import { mailQueue, type MailQueueOptions } from "./queue.ts";

const message = (subject: string): MailMessage => ({
  to: "ada@example.org",
  subject,
  text: "the code is 482913\n",
  html: "<p>482913</p>",
});

/** Timers that stand still until they are moved. */
function manualSchedule() {
  const timers = new Set<{ at: number; run: () => void }>();
  let now = 0;
  const schedule: Schedule = (run, milliseconds) => {
    const timer = { at: now + milliseconds, run };
    timers.add(timer);
    return () => timers.delete(timer);
  };
  /** Lets promises settle and runs what is due, one after the other. */
  async function advance(milliseconds: number): Promise<void> {
    const end = now + milliseconds;
    for (;;) {
      await new Promise(setImmediate);
      const next = [...timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      now = next.at;
      timers.delete(next);
      next.run();
    }
    now = end;
  }
  return { schedule, advance };
}

function setUp(transport: MailTransport, options: Partial<MailQueueOptions> = {}) {
  const { schedule, advance } = manualSchedule();
  const failures: [kind: string, error: Error][] = [];
  const onFailure = (kind: string, error: Error) => failures.push([kind, error]);
  return { mailer: mailQueue(transport, { onFailure, schedule, ...options }), failures, advance };
}

/** Fails as often as told, then sends. */
function failing(times: number, error: unknown = new MailError("AEGIS_MAIL_UNDELIVERED", "away")) {
  const memory = memoryTransport();
  const tries: string[] = [];
  const transport: MailTransport = {
    async send(one) {
      tries.push(one.subject);
      if (tries.length <= times) throw error;
      await memory.send(one);
    },
  };
  return { transport, tries, sent: memory.sent };
}

/** Finishes only when told. */
function hanging() {
  const open: (() => void)[] = [];
  let closed = 0;
  const transport: MailTransport = {
    send: () => new Promise<void>((resolve) => open.push(resolve)),
    close: async () => void (closed += 1),
  };
  return { transport, open, closed: () => closed };
}

describe("the mail queue", () => {
  it("does nothing before its caller is through, then sends in order", async () => {
    const memory = memoryTransport();
    const { mailer, failures, advance } = setUp(memory);
    for (const subject of ["one", "two", "three"]) mailer.post(message(subject), "test");
    expect(memory.sent).toEqual([]);
    await advance(0);
    expect(memory.sent.map(({ subject }) => subject)).toEqual(["one", "two", "three"]);
    expect(failures).toEqual([]);
  });

  it("tries again after 5 and after 30 seconds", async () => {
    const { transport, tries, sent } = failing(2);
    const { mailer, failures, advance } = setUp(transport);
    mailer.post(message("one"), "test");
    await advance(0);
    expect(tries).toHaveLength(1);
    await advance(4999);
    expect(tries).toHaveLength(1);
    await advance(1);
    expect(tries).toHaveLength(2);
    await advance(30_000);
    expect(sent).toHaveLength(1);
    expect(failures).toEqual([]);
  });

  it("gives up after three tries, and says only what kind of message was lost and why", async () => {
    const { transport, tries } = failing(99);
    const { mailer, failures, advance } = setUp(transport);
    mailer.post(message("Your code"), "verify_code");
    await advance(600_000);
    expect(tries).toHaveLength(3);
    expect(failures).toEqual([["verify_code", expect.objectContaining({ code: "AEGIS_MAIL_UNDELIVERED" })]]);
    expect(`${failures[0]?.[1].stack}${JSON.stringify(failures)}`).not.toMatch(/482913|Your code|ada@/);
  });

  it("does not repeat what was refused for good", async () => {
    const { transport, tries } = failing(99, new MailError("AEGIS_MAIL_REFUSED", "550"));
    const { mailer, failures, advance } = setUp(transport);
    mailer.post(message("one"), "test");
    await advance(600_000);
    expect([tries.length, failures.length]).toEqual([1, 1]);
  });

  it("lets no message wait behind one that pauses", async () => {
    const { transport, sent } = failing(1);
    const { mailer, advance } = setUp(transport, { concurrency: 1 });
    mailer.post(message("one"), "test");
    mailer.post(message("two"), "test");
    await advance(0);
    expect(sent.map(({ subject }) => subject)).toEqual(["two"]);
  });

  it("sends two at a time and lets no more wait than its limit, those that pause included", async () => {
    const { transport, open } = hanging();
    const { mailer, failures, advance } = setUp(transport, { limit: 3 });
    for (const subject of ["one", "two"]) mailer.post(message(subject), "test");
    await advance(0);
    expect(open).toHaveLength(2);
    for (const kind of ["a", "b", "c", "d"]) mailer.post(message(kind), kind);
    await advance(0);
    expect(open).toHaveLength(2);
    expect(failures).toEqual([["d", expect.objectContaining({ code: "AEGIS_MAIL_BUSY" })]]);

    const away = setUp(failing(99).transport, { limit: 2 });
    for (const kind of ["a", "b"]) away.mailer.post(message(kind), kind);
    await away.advance(0);
    away.mailer.post(message("c"), "c");
    expect(away.failures.map(([kind]) => kind)).toEqual(["c"]);
  });

  it("goes on when a report of a failure fails, and when a transport throws no error", async () => {
    const { transport, sent } = failing(1, "no error");
    const { mailer, advance } = setUp(transport, {
      retryAfterSeconds: [],
      onFailure: () => {
        throw new Error("the log is full");
      },
    });
    for (const subject of ["one", "two"]) mailer.post(message(subject), "test");
    await advance(0);
    expect(sent).toHaveLength(1);
  });
});

describe("closing the mail queue", () => {
  it("sends what waits and what pauses, closes the transport, and takes nothing more", async () => {
    const { transport, sent } = failing(1);
    const { mailer, failures, advance } = setUp(transport);
    mailer.post(message("one"), "test");
    await advance(0);
    mailer.post(message("two"), "test");
    await mailer.close();
    expect(sent.map(({ subject }) => subject)).toEqual(["two", "one"]);
    mailer.post(message("three"), "late");
    expect(failures).toEqual([["late", expect.objectContaining({ code: "AEGIS_MAIL_CLOSED" })]]);
  });

  it("waits 5 seconds at most, then reports everything that was lost, once", async () => {
    const { transport, open, closed } = hanging();
    const { mailer, failures, advance } = setUp(transport);
    for (const kind of ["a", "b", "c"]) mailer.post(message(kind), kind);
    await advance(0);
    let ended = false;
    const closing = mailer.close().then(() => (ended = true));
    await advance(4999);
    expect(ended).toBe(false);
    await advance(1);
    await closing;
    expect(failures.map(([kind]) => kind)).toEqual(["a", "b", "c"]);
    expect(closed()).toBe(1);
    for (const finish of open) finish();
    await mailer.close();
    expect([failures.length, closed()]).toEqual([3, 1]);
  });

  it("ends although the transport does not, or cannot, close", async () => {
    const stuck = setUp({ send: async () => {}, close: () => new Promise<void>(() => {}) });
    const closing = stuck.mailer.close();
    await stuck.advance(5000);
    await closing;
    const broken = setUp({
      send: async () => {},
      close: async () => {
        throw new Error("broken");
      },
    });
    await broken.mailer.close();
    expect(broken.failures.map(([kind]) => kind)).toEqual(["close"]);
  });
});
