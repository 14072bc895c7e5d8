import type { FastifyInstance } from "fastify";
import type { Policy } from "aegis";

export interface PolicyFacts {
  readonly product: string;
  readonly sendsMail: boolean;
}

const DAY = 86_400;

/** What the web UI shows of the policy: rules that a person has to follow, and how an account is protected. */
export function policyRoutes(app: FastifyInstance, policy: Policy, facts: PolicyFacts): void {
  const view = publicView(policy, facts);
  app.get("/api/policy/public", { config: { access: "public", session: "none" } }, async () => view);
}

function publicView(policy: Policy, { product, sendsMail }: PolicyFacts) {
  const { environment, account, password, session, mfa, throttle, breach, apiKey } = policy;
  return {
    product,
    environment,
    self_registration: account.selfRegistration,
    email_required: account.emailRequired,
    email_verification: account.emailVerification,
    recovery: sendsMail,
    passkeys: mfa.passkeys,
    tokens: policy.token.enabled,
    api_keys: apiKey.enabled,
    tenants: policy.tenancy.enabled,
    username: { min_length: account.usernameMinLength, max_length: account.usernameMaxLength },
    password: {
      min_length: password.minLength,
      min_length_with_mfa: password.minLengthWithMfa,
      max_length: password.maxLength,
      require_uppercase: password.requireUppercase,
      require_lowercase: password.requireLowercase,
      require_digit: password.requireDigit,
      require_special: password.requireSpecial,
      common_passwords_refused: password.refuseCommon,
      history_count: password.historyCount,
      expires_after_days:
        password.expireAfterSeconds === 0 ? null : Math.floor(password.expireAfterSeconds / DAY),
      breach_check: breach.source !== "off",
    },
    mfa: {
      required_for_roles: mfa.requiredForRoles,
      step_up_age_seconds: mfa.stepUpAgeSeconds,
      backup_code_count: mfa.backupCodeCount,
    },
    throttle: {
      mode: throttle.mode,
      free_attempt_count: throttle.freeAttemptCount,
      known_device: throttle.knownDeviceSeconds > 0,
    },
    account: {
      deletion_grace_days: Math.floor(account.deletionGraceSeconds / DAY),
      verification_code_minutes: Math.ceil(account.verificationCodeSeconds / 60),
      resend_seconds: account.verificationResendSeconds,
    },
    session: {
      idle_timeout_seconds: session.idleTimeoutSeconds,
      absolute_timeout_seconds: session.absoluteTimeoutSeconds,
      remember_me_enabled: session.rememberMe.enabled,
      remember_me_seconds: session.rememberMe.absoluteTimeoutSeconds,
    },
  };
}
