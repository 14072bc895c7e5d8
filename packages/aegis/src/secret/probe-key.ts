/**
 * A verification asks hundreds of times from one address, and would find nothing but limits. Whoever runs the
 * application may give its verifier a key: a request that carries it is not limited in volume, and is not held against
 * its address; it gains nothing else, and every other guard looks at it as at any other. Without the key, which is the
 * default, there is no such way.
 */
import type { FastifyRequest } from "fastify";
import { equalInConstantTime } from "../lib/bytes.ts";

export const PROBE_HEADER = "aegis-probe-key";

/** 32 random bytes as text: a shorter one could be found by trying, and trying is what limits are for. */
const LEAST_LENGTH = 43;

/** @throws where the key is too short */
export function probeCheck(key: string | undefined): (request: FastifyRequest) => boolean {
  if (key === undefined) return () => false;
  if (!/^[\x21-\x7e]+$/.test(key) || key.length < LEAST_LENGTH || new Set(key).size < 12)
    throw new Error(
      `The probe key must be ${LEAST_LENGTH} random characters or more without spaces; npx aegis keys secret prints one.`,
    );
  return ({ headers }) => {
    const given = headers[PROBE_HEADER];
    return typeof given === "string" && equalInConstantTime(given, key);
  };
}
