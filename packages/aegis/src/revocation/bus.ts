/** Tells every instance at once. It may lose messages: leases, not messages, are what strictness rests on. */
export interface RevocationBus {
  /** Resolves when it was sent; rejects when it cannot be. */
  publish(message: string): Promise<void>;
  /** Hears what anybody publishes, itself too, until the answer is called. */
  listen(onMessage: (message: string) => void): Promise<() => Promise<void>>;
}
