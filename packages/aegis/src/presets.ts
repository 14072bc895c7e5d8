/** Presets: data only. Each says where it leaves the defaults, and nothing else. */

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

const fourClasses = {
  requireUppercase: true,
  requireLowercase: true,
  requireDigit: true,
  requireSpecial: true,
};

const platform = {
  session: {
    idleTimeoutSeconds: 15 * MINUTE,
    absoluteTimeoutSeconds: 8 * HOUR,
    rotateEverySeconds: 5 * MINUTE,
    concurrentLimit: 3,
  },
  password: {
    minLength: 12,
    minLengthWithMfa: 12,
    ...fourClasses,
    historyCount: 5,
    expireAfterSeconds: 90 * DAY,
  },
  account: { emailRequired: true, emailVerification: "required" },
  throttle: { mode: "lockout", freeAttemptCount: 4, lockoutSeconds: 30 * MINUTE },
  apiKey: { enabled: true, scopes: ["profile:read", "courses:read"] },
  audit: { onFailure: "refuse" },
} as const;

export const presets = {
  modern: {},
  education: {
    session: { idleTimeoutSeconds: HOUR, absoluteTimeoutSeconds: HOUR, cookie: { sameSite: "lax" } },
    password: { minLength: 12, minLengthWithMfa: 12 },
    account: { emailVerification: "optional" },
    rateLimit: { limits: { global: "200/hour", user: "1000/day", tenant: "30000/hour" } },
    access: { openGroups: ["content"] },
    tenancy: { enabled: true },
    apiKey: { enabled: true, scopes: ["profile:read", "courses:read"] },
  },
  platform: { ...platform, token: { enabled: true, userAgentBinding: "strict" } },
  saas: {
    ...platform,
    session: {
      idleTimeoutSeconds: 30 * MINUTE,
      absoluteTimeoutSeconds: 8 * HOUR,
      concurrentLimit: 3,
      rememberMe: { enabled: true, idleTimeoutSeconds: 3 * DAY, absoluteTimeoutSeconds: 7 * DAY },
    },
    access: { openGroups: [] },
    tenancy: { enabled: true, selfService: true },
  },
  regulated: {
    ...platform,
    session: { ...platform.session, cookie: { sameSite: "strict" } },
    access: { openGroups: [] },
    headers: { hsts: { includeSubDomains: true, maxAgeSeconds: 2 * 365 * DAY } },
    apiKey: { longestLifetimeSeconds: 90 * DAY },
  },
} as const;

export type PresetName = keyof typeof presets;
