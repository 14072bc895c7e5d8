/** Stops the start; the message says what is wrong and what to do. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}
