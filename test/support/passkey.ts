/** A passkey that a test holds: signs as an authenticator does, on paper of its own (WebAuthn Level 3, 6.1, 6.3.3). */
import { createHash, generateKeyPairSync, randomUUID, sign } from "node:crypto";

const sha256 = (bytes: string | Buffer): Buffer => createHash("sha256").update(bytes).digest();
const PRESENT_AND_VERIFIED = 5;

export function softPasskey(accountId: string) {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { x = "", y = "" } = publicKey.export({ format: "jwk" });
  // COSE_Key: EC2, ES256, P-256 (RFC 9053).
  const cose = Buffer.concat([
    Buffer.from("a5010203262001215820", "hex"),
    Buffer.from(x, "base64url"),
    Buffer.from("225820", "hex"),
    Buffer.from(y, "base64url"),
  ]);
  const credentialId = sha256(randomUUID()).toString("base64url");
  return {
    record: {
      id: randomUUID(),
      accountId,
      credentialId,
      publicKey: new Uint8Array(cose),
      counter: 0,
      transports: [],
      name: "Key",
      backedUp: false,
      createdAt: 0,
      lastUsedAt: null,
    },
    /** What the browser sends back for a challenge. */
    answer(challenge: string, origin: string) {
      const client = Buffer.from(JSON.stringify({ type: "webauthn.get", challenge, origin }));
      const data = Buffer.concat([
        sha256(new URL(origin).hostname),
        Buffer.from([PRESENT_AND_VERIFIED, 0, 0, 0, 0]),
      ]);
      const signature = sign("sha256", Buffer.concat([data, sha256(client)]), privateKey);
      return {
        id: credentialId,
        rawId: credentialId,
        type: "public-key",
        clientExtensionResults: {},
        response: {
          clientDataJSON: client.toString("base64url"),
          authenticatorData: data.toString("base64url"),
          signature: signature.toString("base64url"),
        },
      };
    },
  };
}
