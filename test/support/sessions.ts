/** Sessions as a sign-in would have left them, without one. */
import { createHash, randomBytes, randomUUID } from "node:crypto";
import type { SessionStore } from "aegis/fastify";

const HOUR = 3_600_000;

/** Somebody with a session; the token of its cookie. */
export async function signedIn(store: SessionStore): Promise<string> {
  const token = randomBytes(32).toString("base64url");
  const now = Date.now();
  await store.create(
    {
      id: randomUUID(),
      tokenHash: createHash("sha256").update(token).digest("base64url"),
      previousTokenHash: null,
      graceUntil: null,
      subject: { userId: randomUUID(), username: "ada", roles: ["user"], tenantId: null },
      stage: "complete",
      aal: 1,
      methods: ["password"],
      provenAt: now,
      rememberMe: false,
      createdAt: now,
      lastSeenAt: now,
      rotatedAt: now,
      idleExpiresAt: now + HOUR,
      absoluteExpiresAt: now + HOUR,
      ip: "127.0.0.1",
      userAgent: "test",
    },
    10,
  );
  return token;
}

export const cookieOf = (token: string) => ({ cookie: `session=${token}` });
