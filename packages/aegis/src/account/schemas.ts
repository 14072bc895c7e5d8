/** What the account routes take (VAL-1). Passwords have no schema pattern: their own room names every failing rule at once. */
import Type from "typebox";
import type { DeepReadonly } from "../lib/freeze.ts";
import type { AccountPolicy } from "./policy.ts";

/** Letters, digits and few signs: no "@", so that a name can never pass for somebody's address. */
const USERNAME = "^[\\p{L}\\p{N}][\\p{L}\\p{N}._-]*$";
/** Beyond any password policy; stops a stranger from having megabytes normalised. */
const PASSWORD_CEILING = 4096;

const closed = { additionalProperties: false } as const;

export function accountSchemas(policy: DeepReadonly<AccountPolicy>) {
  const username = Type.String({
    minLength: policy.usernameMinLength,
    maxLength: policy.usernameMaxLength,
    pattern: USERNAME,
  });
  const email = Type.String({ format: "email", maxLength: 254 });
  const password = Type.String({ maxLength: PASSWORD_CEILING });
  return {
    register: Type.Object(
      { username, email: policy.emailRequired ? email : Type.Optional(email), password },
      closed,
    ),
    login: Type.Object(
      {
        username: Type.String({ minLength: 1, maxLength: 254 }),
        password: Type.String({ minLength: 1, maxLength: PASSWORD_CEILING }),
        remember_me: Type.Optional(Type.Boolean()),
      },
      closed,
    ),
    profile: Type.Object(
      { display_name: Type.String({ maxLength: 100 }), about_me: Type.String({ maxLength: 2000 }) },
      closed,
    ),
  };
}
