/** What a browser sends of a credential (WebAuthn Level 3, 5.1: the JSON forms), bounded. */
import Type from "typebox";
import { rowId } from "../lib/schema.ts";

const closed = { additionalProperties: false } as const;
const base64url = (maxLength: number) => Type.String({ pattern: "^[A-Za-z0-9_-]*$", maxLength });
const id = Type.String({ pattern: "^[A-Za-z0-9_-]{16,1400}$" });
const attachment = Type.Optional(
  Type.Union([Type.Literal("platform"), Type.Literal("cross-platform"), Type.Null()]),
);
const transport = Type.Unsafe<"ble" | "cable" | "hybrid" | "internal" | "nfc" | "smart-card" | "usb">({
  type: "string",
  enum: ["ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb"],
});
/** Nothing of it is read; bounded by the body's limit. */
const extensions = Type.Object({}, { additionalProperties: true });

export const registrationSchema = Type.Object(
  {
    id,
    rawId: id,
    type: Type.Literal("public-key"),
    authenticatorAttachment: attachment,
    clientExtensionResults: extensions,
    response: Type.Object(
      {
        clientDataJSON: base64url(4096),
        attestationObject: base64url(16_384),
        authenticatorData: Type.Optional(base64url(4096)),
        publicKey: Type.Optional(base64url(4096)),
        publicKeyAlgorithm: Type.Optional(Type.Integer()),
        transports: Type.Optional(Type.Array(transport, { maxItems: 8 })),
      },
      closed,
    ),
  },
  closed,
);

export const authenticationSchema = Type.Object(
  {
    id,
    rawId: id,
    type: Type.Literal("public-key"),
    authenticatorAttachment: attachment,
    clientExtensionResults: extensions,
    response: Type.Object(
      {
        clientDataJSON: base64url(4096),
        authenticatorData: base64url(4096),
        signature: base64url(2048),
        userHandle: Type.Optional(Type.Union([base64url(128), Type.Null()])),
      },
      closed,
    ),
  },
  closed,
);

export type RegistrationJson = Type.Static<typeof registrationSchema>;
export type AuthenticationJson = Type.Static<typeof authenticationSchema>;

export const passkeySchemas = {
  name: Type.Object({ name: Type.String({ minLength: 1, maxLength: 64 }) }, closed),
  register: Type.Object(
    { name: Type.String({ minLength: 1, maxLength: 64 }), response: registrationSchema },
    closed,
  ),
  verify: Type.Object({ response: authenticationSchema }, closed),
  signIn: Type.Object({ response: authenticationSchema, remember_me: Type.Optional(Type.Boolean()) }, closed),
  id: Type.Object({ id: rowId() }),
};
