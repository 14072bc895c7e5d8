/**
 * The heart of the house: every setting of the policy is weakened, one by one, in a running hub, which is then held
 * against the unweakened policy. Some control that claims to prove the setting must fail. A verifier that stays green
 * was not looking.
 */
import { randomBytes } from "node:crypto";
import { memoryStores } from "aegis/fastify";
import { definePolicy, newKeyRing, type Policy, policyLeaves } from "aegis";
import { withLeaf } from "aegis/testing";
import { catalogue, type Report, verify } from "aegis/verify";
import { afterAll, describe, expect, it } from "vitest";
import { isUpdate, saidToFail, writeFlips } from "./support/flips.ts";
import { BREACHED, cheapHash, startHub } from "./support/hub.ts";
import { shortLimits } from "./support/short-limits.ts";
import { hubTarget } from "./support/target.ts";

const HOST = "hub.test";

/** Production, with limits short enough to be waited for, and every rule switched on that a preset may switch on. */
const strict = definePolicy({
  environment: "production",
  transport: {
    allowedHosts: [HOST],
    headersTimeoutSeconds: 1,
    requestTimeoutSeconds: 5,
    keepAliveTimeoutSeconds: 2,
  },
  session: { cookie: { sameSite: "strict" }, concurrentLimit: 4 },
  access: { openGroups: [] },
  account: {
    emailRequired: true,
    emailVerification: "required",
    verificationAttemptLimit: 3,
    verificationCodeSeconds: 300,
    usernameMaxLength: 32,
  },
  breach: { source: "online" },
  throttle: {
    firstDelaySeconds: 5,
    longestDelaySeconds: 60,
    attemptLimit: 12,
    forgetAfterSeconds: 7200,
    lockoutSeconds: 600,
  },
  mfa: { driftStepCount: 0 },
  token: { enabled: true, userAgentBinding: "strict", refreshSeconds: 3600, familySeconds: 7200 },
  password: {
    historyCount: 4,
    expireAfterSeconds: 90 * 86_400,
    requireUppercase: true,
    requireLowercase: true,
    requireDigit: true,
    requireSpecial: true,
    argon2: cheapHash,
  },
  apiKey: {
    enabled: true,
    perAccountLimit: 3,
    rotationOverlapSeconds: 3600,
    scopes: ["profile:read", "courses:read"],
    tiers: [
      { name: "standard", requestsLimit: 8, resets: "daily" },
      { name: "high", requestsLimit: 100, resets: "monthly" },
    ],
  },
  tenancy: {
    enabled: true,
    identityHeaders: "refuse",
    selfService: true,
    ownedTenantsLimit: 2,
    membersLimit: 3,
    openInvitationsLimit: 3,
    invitationSeconds: 600,
  },
  input: { jsonLimitBytes: 65_536 },
  sanitize: {
    tags: ["p", "b", "a", "img"],
    attributes: ["a.href", "img.src"],
    htmlMaxLength: 2000,
    htmlMaxDepth: 8,
    htmlNodeLimit: 100,
  },
  upload: {
    allowedKinds: ["png", "gif", "pdf", "csv", "zip", "mp4"],
    limits: {
      generalBytes: 200_000,
      documentBytes: 200_000,
      imageBytes: 200_000,
      videoBytes: 200_000,
      csvBytes: 200_000,
    },
    imagePixelLimit: 1_000_000,
    archiveEntryLimit: 20,
    archiveExpandedBytes: 100_000,
    nameMaxLength: 40,
  },
  reputation: {
    suspiciousScoreLimit: 24,
    banScoreLimit: 60,
    halfLifeSeconds: 600,
    firstBanSeconds: 60,
    longestBanSeconds: 120,
    neverBanned: [],
  },
  rateLimit: { limits: shortLimits },
});

/** The settings of long sessions can be seen only where there are any. */
const remembering = withLeaf(strict, "session.rememberMe.enabled", true);

/** The length of a lockout can be seen only where there is one. */
const locking = withLeaf(strict, "throttle.mode", "lockout");

/** That strangers open no tenants can be seen only where they may not. */
const byAdministrators = withLeaf(strict, "tenancy.selfService", false);

/** What each setting is weakened to: off, longer, larger, wider. */
const weaker: Readonly<Record<string, unknown>> = {
  "transport.httpsRequired": false,
  "transport.allowedHosts": [],
  "transport.headersTimeoutSeconds": 60,
  "transport.requestTimeoutSeconds": 60,
  "transport.keepAliveTimeoutSeconds": 60,
  "transport.maxHeaderBytes": 65_536,
  "transport.maxUrlLength": 16_384,
  "maintenance.retryAfterSeconds": 86_400,
  "headers.setBy": "proxy",
  "headers.hsts.enabled": false,
  "headers.hsts.maxAgeSeconds": 300,
  "headers.hsts.includeSubDomains": false,
  "headers.hsts.preload": true,
  "headers.csp.mode": "report-only",
  "headers.csp.scripts": "self",
  "headers.csp.connectSources": ["https://collect.example"],
  "headers.csp.imageSources": ["https://pixel.example"],
  "headers.csp.frameAncestors": "self",
  "headers.csp.formAction": "none",
  "headers.csp.baseUri": "self",
  "headers.csp.trustedTypes": false,
  "headers.csp.reports": false,
  "headers.csp.upgradeInsecureRequests": false,
  "headers.frameOptions": "SAMEORIGIN",
  "headers.referrerPolicy": "same-origin",
  "headers.permissionsDenied": ["camera"],
  "headers.crossOriginEmbedder": "unsafe-none",
  "headers.crossOriginOpener": "unsafe-none",
  "headers.crossOriginResource": "cross-origin",
  "headers.xssProtection": "1; mode=block",
  "headers.clearSiteDataOnSignOut": [],
  "session.cookie.hostPrefix": false,
  "session.cookie.secure": false,
  "session.cookie.sameSite": "lax",
  "session.idleTimeoutSeconds": 7200,
  "session.absoluteTimeoutSeconds": 86_400,
  "session.concurrentLimit": 6,
  "session.rotateEverySeconds": 0,
  "session.rotationGraceSeconds": 60,
  "session.rememberMe.enabled": true,
  "session.rememberMe.idleTimeoutSeconds": 6 * 86_400,
  "session.rememberMe.absoluteTimeoutSeconds": 30 * 86_400,
  "csrf.originCheck": false,
  "csrf.tokenRequired": false,
  "csrf.sameSiteTrusted": true,
  "csrf.refusalStatus": 403,
  "access.openGroups": ["content"],
  "access.signInPath": "/elsewhere",
  "account.selfRegistration": false,
  "account.emailRequired": false,
  "account.usernameMinLength": 1,
  "account.usernameMaxLength": 64,
  "password.minLength": 8,
  "password.maxLength": 256,
  "password.requireUppercase": false,
  "password.requireLowercase": false,
  "password.requireDigit": false,
  "password.requireSpecial": false,
  "password.refuseCommon": false,
  "account.emailVerification": "off",
  "account.verificationCodeSeconds": 600,
  "account.verificationAttemptLimit": 10,
  "account.verificationResendSeconds": 10,
  "account.deletionGraceSeconds": 60 * 86_400,
  "password.minLengthWithMfa": 10,
  "password.historyCount": 1,
  "password.expireAfterSeconds": 365 * 86_400,
  "breach.source": "off",
  "throttle.mode": "lockout",
  "throttle.freeAttemptCount": 8,
  "throttle.firstDelaySeconds": 1,
  "throttle.longestDelaySeconds": 20,
  "throttle.lockoutSeconds": 60,
  "throttle.attemptLimit": 100,
  "throttle.forgetAfterSeconds": 3600,
  "throttle.knownDeviceSeconds": 0,
  "mfa.requiredForRoles": [],
  "mfa.driftStepCount": 2,
  "mfa.backupCodeCount": 4,
  "mfa.passkeys": false,
  "mfa.stepUpAgeSeconds": 86_400,
  "mfa.unfinishedSeconds": 3600,
  "recovery.linkSeconds": 86_400,
  "recovery.resendSeconds": 10,
  "reputation.suspiciousScoreLimit": 50,
  "reputation.banScoreLimit": 200,
  "reputation.halfLifeSeconds": 60,
  "reputation.firstBanSeconds": 10,
  "reputation.longestBanSeconds": 86_400,
  "rateLimit.algorithm": "fixed-window",
  "rateLimit.limits.login": "60/minute",
  "rateLimit.limits.register": "5/minute",
  "rateLimit.limits.reset": "10/minute",
  "rateLimit.limits.verifyEmail": "60/minute",
  "rateLimit.limits.mfaVerify": "60/minute",
  "rateLimit.limits.refresh": "60/minute",
  "rateLimit.limits.cspReport": "60/minute",
  "rateLimit.limits.global": "200/hour",
  "rateLimit.limits.read": "41/minute",
  "rateLimit.limits.user": "1000/day",
  "rateLimit.limits.tenant": "12/hour",
  "rateLimit.ipv6PrefixLength": 128,
  "rateLimit.headers": ["legacy"],
  "token.enabled": false,
  "token.algorithm": "ES256",
  "token.accessSeconds": 3599,
  "token.refreshSeconds": 7200,
  "token.familySeconds": 14_400,
  "token.reuseGraceSeconds": 60,
  "token.userAgentBinding": "off",
  "apiKey.enabled": false,
  "apiKey.perAccountLimit": 4,
  "apiKey.longestLifetimeSeconds": 2 * 365 * 86_400,
  "apiKey.rotationOverlapSeconds": 7200,
  "apiKey.scopes": ["profile:read", "courses:read", "everything:write"],
  "apiKey.tiers": [
    { name: "standard", requestsLimit: 80, resets: "daily" }, // another end: test/api-keys.test.ts, at a given hour
    { name: "high", requestsLimit: 100, resets: "monthly" },
  ],
  "apiKey.defaultTier": "high",
  "tenancy.enabled": false,
  "tenancy.identityHeaders": "ignore",
  "tenancy.identityHeaderNames": ["x-tenant-id"],
  "tenancy.selfService": true,
  "tenancy.ownedTenantsLimit": 3,
  "tenancy.membersLimit": 4,
  "tenancy.openInvitationsLimit": 4,
  "tenancy.invitationSeconds": 86_400,
  "input.jsonLimitBytes": 1_048_576,
  "input.jsonMaxDepth": 200,
  "input.unknownFields": "strip",
  "sanitize.tags": ["p", "b", "a", "img", "table", "tr", "td"],
  "sanitize.attributes": ["a.href", "a.title", "img.src"],
  "sanitize.linkProtocols": ["http", "https", "mailto", "tel"],
  "sanitize.htmlMaxLength": 4000,
  "sanitize.htmlMaxDepth": 16,
  "sanitize.htmlNodeLimit": 200,
  "upload.allowedKinds": ["png", "gif", "pdf", "csv", "zip", "mp4", "text"],
  "upload.limits.generalBytes": 400_000,
  "upload.limits.documentBytes": 400_000,
  "upload.limits.imageBytes": 400_000,
  "upload.limits.videoBytes": 400_000,
  "upload.limits.csvBytes": 400_000,
  "upload.imagePixelLimit": 2_000_000,
  "upload.archiveEntryLimit": 40,
  "upload.archiveExpandedBytes": 200_000,
  "upload.nameMaxLength": 80,
  "upload.inlineImages": true,
  "metrics.tokenRequired": false,
};

const closed = {
  read: async () => JSON.stringify({ since: "2026-01-01T00:00:00Z", until: null, allow: [] }),
};

async function verifyHub(enforced: Policy, declared: Policy, leaf?: string): Promise<Report> {
  const probeKey = randomBytes(32).toString("base64url");
  const tokenKeys = newKeyRing(enforced.token.algorithm, 0);
  // How it is closed shows only while it is.
  const maintenance = leaf?.startsWith("maintenance.") === true ? { maintenance: { source: closed } } : {};
  const hub = await startHub(enforced, {
    limits: memoryStores().limits,
    probeKey,
    tokenKeys,
    metrics: { token: randomBytes(32).toString("base64url") },
    ...maintenance,
  });
  const administrator = { username: "root", password: "Aa7-harbour-violet-eleven-spoons" };
  await hub.app.aegis.createAccount({
    ...administrator,
    email: "root@example.com",
    roles: ["user", "admin"],
  });
  try {
    return await verify({
      origin: hub.origin,
      policy: declared,
      target: { ...hubTarget, administrator, breachedPassword: BREACHED },
      advance: (seconds) => hub.clock.advance(seconds),
      now: () => hub.clock.now(),
      probeKey,
      mailbox: async (address) => hub.mail.sent.filter(({ to }) => to === address).map(({ text }) => text),
      wire: { edgeHeaders: { "x-forwarded-proto": "https", Host: HOST }, timeoutMs: 5000 },
      ...(leaf === undefined ? {} : { only: ({ proves }) => proves.includes(leaf) }),
    });
  } finally {
    await hub.close();
  }
}

const unprovable = new Set(catalogue.flatMap((room) => room.unprovable).map(({ leaf }) => leaf));
const leaves = policyLeaves(strict)
  .map(([path]) => path)
  .filter((path) => path !== "environment");
const needsRemembering = (leaf: string): boolean =>
  leaf.startsWith("session.rememberMe.") && leaf !== "session.rememberMe.enabled";

describe("the verifier", () => {
  it.each([
    ["the strict policy", strict],
    ["the strict policy with long sessions", remembering],
    ["the strict policy with lockouts", locking],
  ])(
    "finds nothing wrong with a hub that enforces %s, and nothing it cannot see",
    async (_name, policy) => {
      const report = await verifyHub(policy, policy);
      const open = report.findings.filter(
        ({ outcome }) => outcome !== "pass" && outcome !== "not-applicable",
      );
      expect(open.map(({ id, outcome, observed }) => `${id}: ${outcome}: ${observed}`)).toEqual([]);
      expect(report.counts.pass).toBeGreaterThan(60);
      // A pass that nobody can look at afterwards proves nothing to anybody else.
      const bare = report.findings.filter(
        ({ outcome, evidence, matrix = [] }) =>
          outcome === "pass" && evidence.length === 0 && !matrix.some((cell) => cell.evidence !== undefined),
      );
      expect(bare.map(({ id }) => id)).toEqual([]);
    },
    120_000,
  );

  const seen = new Map<string, readonly string[]>();
  afterAll(() => {
    if (isUpdate) writeFlips("policy", seen);
  });

  it.concurrent.each(leaves.filter((leaf) => !unprovable.has(leaf)))("catches a weaker %s", async (leaf) => {
    expect(Object.hasOwn(weaker, leaf), `say in this test what a weaker ${leaf} is`).toBe(true);
    const declared =
      leaf === "account.emailRequired"
        ? withLeaf(strict, "account.emailVerification", "optional") // required verification asks for one anyway
        : leaf === "throttle.lockoutSeconds"
          ? locking
          : leaf === "tenancy.selfService"
            ? byAdministrators
            : needsRemembering(leaf)
              ? remembering
              : strict;
    const report = await verifyHub(withLeaf(declared, leaf, weaker[leaf]), declared, leaf);
    const failed = report.findings.filter(({ outcome }) => outcome === "fail");
    expect(
      failed.length,
      report.findings.map(({ id, outcome, observed }) => `${id}: ${outcome}: ${observed}`).join("\n") ||
        "no control proves it",
    ).toBeGreaterThan(0);
    const ids = failed.map(({ id }) => id);
    seen.set(leaf, ids);
    if (!isUpdate) expect(ids).toEqual(expect.arrayContaining([...saidToFail(`policy:${leaf}`)]));
  });

  it("lists as unprovable only settings that exist and that no control claims to prove", () => {
    const proven = new Set(catalogue.flatMap((room) => room.controls).flatMap(({ proves }) => proves));
    for (const leaf of unprovable) {
      expect(leaves).toContain(leaf);
      expect([...proven]).not.toContain(leaf);
    }
  });
});
