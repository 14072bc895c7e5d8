/**
 * Threat: a session that is guessed, stolen, planted or left open. Rule: a 256-bit opaque token in a cookie that
 * scripts and plain HTTP cannot see, stored only as a hash, new at every sign-in, short-lived by idleness and in
 * absolute terms, all held on the server. References: ASVS 5.0 3.3, 7.1-7.6; NIST SP 800-63B-4 5.1-5.3; RFC 6265bis.
 */
import Type from "typebox";
import { count, type Environment, flag, oneOf, seconds, section } from "../lib/schema.ts";

const YEAR = 31_536_000;

export const sessionPolicySchema = section(
  {
    cookie: section(
      {
        name: Type.String({
          pattern: "^[A-Za-z0-9_-]{1,64}$",
          description: "Name of the cookie, without prefix.",
        }),
        hostPrefix: flag(
          "Prefix __Host-: browsers then demand Secure, Path=/ and no Domain, so that no subdomain can plant it.",
        ),
        secure: flag("Sent over HTTPS only."),
        sameSite: oneOf(["lax", "strict", "none"], "SameSite."),
      },
      "The session cookie. It is always HttpOnly, with Path=/ and without Domain.",
    ),
    idleTimeoutSeconds: seconds(10, YEAR, "A session unused for so long is over."),
    absoluteTimeoutSeconds: seconds(10, YEAR, "A session is over after so long, used or not."),
    concurrentLimit: count(1, 100, "Sessions of one user at a time; one more ends the oldest."),
    rotateEverySeconds: seconds(
      0,
      YEAR,
      "The token is replaced when older than this, data kept. 0: only at sign-in and privilege change.",
    ),
    rotationGraceSeconds: seconds(0, 60, "How long the replaced token still serves requests in flight."),
    rememberMe: section(
      {
        enabled: flag("Users may ask for a longer session."),
        idleTimeoutSeconds: seconds(10, YEAR, "Idle timeout of such a session."),
        absoluteTimeoutSeconds: seconds(10, YEAR, "Absolute timeout of such a session."),
      },
      "Long-lived sessions on request.",
    ),
  },
  "Sessions and their cookie.",
);

export type SessionPolicy = Type.Static<typeof sessionPolicySchema>;

export const sessionDefaults = (environment: Environment): SessionPolicy => ({
  cookie: {
    name: "session",
    hostPrefix: environment === "production",
    secure: environment === "production",
    sameSite: "lax",
  },
  idleTimeoutSeconds: 15 * 60,
  absoluteTimeoutSeconds: 8 * 3600,
  concurrentLimit: 10, // more than anybody's devices; a thief's logins push the owner's out where they notice it
  rotateEverySeconds: 5 * 60,
  rotationGraceSeconds: 10, // a page's parallel requests are done by then; a thief gains ten seconds at most
  rememberMe: { enabled: false, idleTimeoutSeconds: 3 * 86_400, absoluteTimeoutSeconds: 7 * 86_400 },
});
