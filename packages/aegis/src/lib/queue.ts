/** A bounded number of tasks at a time and a bounded number waiting: what a stranger can ask for cannot pile up. */
export interface QueueLimits {
  readonly concurrency: number;
  readonly queueLimit: number;
}

/** `busy` makes the error that is thrown when the queue is full. */
export function boundedQueue(limits: QueueLimits, busy: () => Error) {
  const waiting: (() => void)[] = [];
  let running = 0;

  return async function run<T>(work: () => Promise<T>): Promise<T> {
    if (running >= limits.concurrency) {
      if (waiting.length >= limits.queueLimit) throw busy();
      await new Promise<void>((resolve) => waiting.push(resolve)); // the one before hands its place on
    } else {
      running += 1;
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
