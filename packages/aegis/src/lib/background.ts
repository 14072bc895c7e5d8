/** Work that goes on after the answer: bounded, waited for at the end, and never in the way of a request. */
export interface Background {
  /** Starts it at once; beyond the bound it is refused and `onError` told. */
  run(work: () => Promise<void>): void;
  /** Waits for what is under way. */
  settled(): Promise<void>;
}

const MOST_AT_A_TIME = 1000;

export function background(onError: (error: unknown) => void): Background {
  const under = new Set<Promise<void>>();
  return {
    run(work) {
      if (under.size >= MOST_AT_A_TIME) {
        onError(new Error(`more than ${MOST_AT_A_TIME} tasks wait in the background`));
        return;
      }
      const task = Promise.resolve()
        .then(work)
        .catch(onError)
        .finally(() => under.delete(task));
      under.add(task);
    },
    async settled() {
      while (under.size > 0) await Promise.all(under);
    },
  };
}
