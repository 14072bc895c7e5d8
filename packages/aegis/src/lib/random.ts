import { randomBytes, randomInt, randomUUID } from "node:crypto";

/** Where randomness comes from. Passed in, so that a test can choose it; production has the system's. */
export interface Random {
  /** `size` bytes as base64url text. */
  token(size: number): string;
  /** A random UUID (RFC 9562, version 4). */
  uuid(): string;
  /** `length` decimal digits, each value equally likely; leading zeros count. At most 14. */
  digits(length: number): string;
}

export const systemRandom: Random = {
  token: (size) => randomBytes(size).toString("base64url"),
  uuid: () => randomUUID(),
  digits: (length) => String(randomInt(10 ** length)).padStart(length, "0"),
};
