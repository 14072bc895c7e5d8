import type { FastifyInstance } from "fastify";
import type { Policy } from "aegis";

/** What the web UI shows of the policy: rules that a person has to follow, and how an account is protected. */
export function policyRoutes(app: FastifyInstance, policy: Policy, product: string): void {
  const view = publicView(policy, product);
  app.get("/api/policy/public", { config: { access: "public", session: "none" } }, async () => view);
}

function publicView({ environment, account, password, session }: Policy, product: string) {
  return {
    product,
    environment,
    self_registration: account.selfRegistration,
    email_required: account.emailRequired,
    username: { min_length: account.usernameMinLength, max_length: account.usernameMaxLength },
    password: {
      min_length: password.minLength,
      max_length: password.maxLength,
      require_uppercase: password.requireUppercase,
      require_lowercase: password.requireLowercase,
      require_digit: password.requireDigit,
      require_special: password.requireSpecial,
      common_passwords_refused: password.refuseCommon,
    },
    session: {
      idle_timeout_seconds: session.idleTimeoutSeconds,
      absolute_timeout_seconds: session.absoluteTimeoutSeconds,
      remember_me_enabled: session.rememberMe.enabled,
      remember_me_seconds: session.rememberMe.absoluteTimeoutSeconds,
    },
  };
}
