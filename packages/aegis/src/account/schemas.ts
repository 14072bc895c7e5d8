/** What the account routes take (VAL-1). Names and passwords have rules of their own that name every failure at once. */
import Type from "typebox";
import type { DeepReadonly } from "../lib/freeze.ts";
import { numberQuery } from "../lib/pages.ts";
import { rowId } from "../lib/schema.ts";
import type { AccountPolicy } from "./policy.ts";
import { ACCOUNT_ORDERS } from "./store.ts";

/** Beyond any password policy; stops a stranger from having megabytes normalised. */
const PASSWORD_CEILING = 4096;

const closed = { additionalProperties: false } as const;
/** Whose address it is: the user name, or what else the account signs in with. */
const username = Type.String({ minLength: 1, maxLength: 254 });
const email = Type.String({ format: "email", maxLength: 254 });

/** `joinsTenants`: whoever registers may name a tenant. */
export function accountSchemas(policy: DeepReadonly<AccountPolicy>, joinsTenants = false) {
  const mustHaveEmail = policy.emailRequired || policy.emailVerification === "required";
  return {
    register: Type.Object(
      {
        username: Type.String({ minLength: policy.usernameMinLength, maxLength: policy.usernameMaxLength }),
        email: mustHaveEmail ? email : Type.Optional(email),
        password: Type.String({ maxLength: PASSWORD_CEILING }),
        ...(joinsTenants ? { tenant: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })) } : {}),
      },
      closed,
    ),
    email: Type.Object({ email }, closed),
    resend: Type.Object({ username, email }, closed),
    verify: Type.Object({ username, email, code: Type.String({ minLength: 1, maxLength: 16 }) }, closed),
    profile: Type.Object(
      {
        display_name: Type.String({ maxLength: 100, sanitize: "text" }),
        about_me: Type.String({ maxLength: 2000, sanitize: "text" }),
      },
      closed,
    ),
    exported: Type.Object({ format: Type.Optional(Type.Enum(["json", "zip"])) }, closed),
    events: Type.Object({ limit: Type.Optional(Type.String({ pattern: "^([1-9][0-9]?|100)$" })) }, closed),
    page: Type.Object(
      {
        q: Type.Optional(Type.String({ maxLength: 100 })),
        sort: Type.Optional(Type.Enum([...ACCOUNT_ORDERS, ...ACCOUNT_ORDERS.map((order) => `-${order}`)])),
        ...numberQuery(),
      },
      closed,
    ),
    id: Type.Object({ id: rowId() }),
  };
}
