/**
 * Server-sent events (HTML 9.2): a picture when somebody connects and whenever it has changed. A stream ends with its
 * session, looked up at every tick: who was signed out sees nothing further. There is a bound on them, one picture at
 * most waits for a slow reader, and none holds up the end of the process.
 */
import { Readable } from "node:stream";

export interface Watcher {
  readonly userId: string;
  readonly sessionId: string;
}

export interface StreamsWiring {
  /** What is to be sent, as text; the same text is not sent twice. */
  readonly picture: () => Promise<string>;
  /** Whether this session may still watch. */
  readonly mayWatch: (watcher: Watcher) => Promise<boolean>;
  readonly onTrouble: (error: unknown) => void;
}

const TICK_MS = 2000;
/** Proxies cut what is silent for a minute. */
const HEARTBEAT_TICKS = 7;
/** Each costs a look-up every two seconds. */
const MOST_STREAMS = 20;
/** An administrator with a few windows; one who forgets them does not lock out the others. */
const MOST_OF_ONE = 4;

interface Stream {
  readonly watcher: Watcher;
  readonly out: Readable;
  sent: string;
  quiet: number;
}

export function streams({ picture, mayWatch, onTrouble }: StreamsWiring) {
  const open = new Set<Stream>();
  let timer: NodeJS.Timeout | undefined;
  let busy = false;
  let isClosing = false;

  const end = (stream: Stream): void => {
    open.delete(stream);
    stream.out.push(null);
    if (open.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
  const send = (stream: Stream, text: string): void => {
    // A reader that has not taken the last one gets the next that it can take, not all of them.
    if (stream.out.readableLength > 0) return;
    const isNew = text !== stream.sent;
    stream.quiet = isNew ? 0 : stream.quiet + 1;
    if (isNew) stream.out.push(`data: ${text}\n\n`);
    else if (stream.quiet % HEARTBEAT_TICKS === 0) stream.out.push(": still here\n\n");
    stream.sent = text;
  };
  const turn = async (stream: Stream, text: string | undefined): Promise<void> => {
    // Where it cannot be known whether somebody may watch, they may not.
    const may = await mayWatch(stream.watcher).catch((error: unknown) => {
      onTrouble(error);
      return false;
    });
    if (!open.has(stream)) return;
    if (!may) end(stream);
    else if (text !== undefined) send(stream, text);
  };
  const tick = async (): Promise<void> => {
    if (busy) return; // the last one still waits for a store
    busy = true;
    try {
      const text = await picture().catch((error: unknown) => {
        onTrouble(error);
        return undefined;
      });
      await Promise.all([...open].map((stream) => turn(stream, text)));
    } finally {
      busy = false;
    }
  };

  return {
    /** Undefined where there are too many, or the server is ending. */
    async watch(watcher: Watcher): Promise<Readable | undefined> {
      const own = [...open].filter((one) => one.watcher.userId === watcher.userId);
      if (isClosing || open.size >= MOST_STREAMS || own.length >= MOST_OF_ONE) return undefined;
      const out = new Readable({ read: () => undefined });
      const stream: Stream = { watcher, out, sent: "", quiet: 0 };
      open.add(stream); // before anything is waited for, or parallel calls would pass the bound
      out.once("close", () => end(stream));
      try {
        const text = await picture();
        if (!open.has(stream)) return out; // the reader or the server went away meanwhile: it has ended
        send(stream, text);
      } catch (error) {
        end(stream);
        throw error;
      }
      timer ??= setInterval(() => void tick(), TICK_MS).unref();
      return out;
    },
    close(): void {
      isClosing = true; // a connection that is drained may still ask for one
      for (const stream of open) end(stream);
    },
  };
}
