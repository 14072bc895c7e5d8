/** LIST 2, continued: what happened, in a chain that shows what was done to it. */
import { isIP } from "node:net";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { derivedSigner, type HeadSigner, headKeys, headSigner } from "./audit-chain/heads.ts";
import { auditRoutes } from "./audit-chain/routes.ts";
import { auditWriter } from "./audit-chain/writer.ts";
import { auditor } from "./audit/auditor.ts";
import { enforceAudit } from "./audit/enforce.ts";
import type { AuditEvent, AuditSink } from "./audit/events.ts";
import { logSink } from "./audit/log-sink.ts";
import { coverage, keptOf } from "./audit/record.ts";
import { deriveKey, hmac, macKey } from "./lib/bytes.ts";
import type { Clock } from "./lib/clock.ts";
import type { Random } from "./lib/random.ts";
import {
  type AtLeastOne,
  ofKeys,
  type SecretKeys,
  secretKeys,
  type SecretWiring,
} from "./lib/secret-keys.ts";
import type { AegisStores } from "./memory-stores.ts";
import type { Policy } from "./policy.ts";
import { type KeyRing, KeyRingError, openKeyRing } from "./token/keys.ts";

export interface AuditWiring extends Pick<AegisStores, "auditLog">, SecretWiring {
  readonly policy: Policy;
  readonly auditKeys?: KeyRing;
  /** Where every event goes, covered or not. */
  readonly audit?: AuditSink;
}

/** An outage is one line a minute. */
const QUIET_MS = 60_000;

export function auditing(app: FastifyInstance, wiring: AuditWiring, clock: Clock, random: Random) {
  const sink = wiring.audit ?? logSink(app.log);
  const { policy } = wiring;
  const secrets = secretKeys(wiring);
  const { signer, keys } = signing(wiring, secrets);
  const sourceKey = macKey(deriveKey(secrets.eldest(), "audit-source"));
  /** 96 bits: no two addresses meet. */
  const sourceOf = (address: string): string => hmac(sourceKey, canonicalAddress(address)).slice(0, 16);
  const covers = coverage(policy.audit);
  const own = (event: "audit.events_lost" | "audit.chain_broken", count: number): AuditEvent => ({
    event,
    at: new Date(clock.now()).toISOString(),
    outcome: "failure",
    request_id: "",
    ip: "",
    facts: event === "audit.events_lost" ? { count } : { seq: count },
  });

  let lastTrouble = Number.NEGATIVE_INFINITY;
  const writer = auditWriter({
    store: wiring.auditLog,
    queueLimit: policy.audit.queueLimit,
    signEverySeconds: policy.audit.signEverySeconds,
    signer,
    clock,
    lostRecord: (count) => keptOf(own("audit.events_lost", count), random.uuid(), sourceOf),
    onTrouble: (error, waiting) => {
      if (clock.now() - lastTrouble < QUIET_MS) return;
      lastTrouble = clock.now();
      app.log.error({ err: error, waiting }, "the audit log takes no entries; they wait");
    },
    onHead: (head) => app.log.info({ audit_head: head }, "audit.head"),
    onBroken: ({ seq }) => {
      const event = own("audit.chain_broken", seq);
      sink.write(event);
      writer.add(keptOf(event, random.uuid(), sourceOf));
    },
  });
  const refuses = policy.audit.onFailure === "refuse";
  const gate = refuses ? enforceAudit(app, () => writer.isFailing()) : undefined;

  const chained = (request: FastifyRequest | undefined, event: AuditEvent): void => {
    const { covered, untold } = covers(event, clock.now());
    if (!covered) return;
    const told = untold === 0 ? event : { ...event, facts: { ...event.facts, untold } };
    const record = keptOf(told, random.uuid(), sourceOf);
    if (gate === undefined || request === undefined) writer.add(record);
    else gate.hold(request, new Promise<boolean>((resolve) => writer.add(record, resolve)));
  };

  app.addHook("onClose", async () => {
    await writer
      .close()
      .catch((error: unknown) => app.log.error({ err: error }, "the audit log was not signed"));
    const { waiting } = writer.state();
    if (waiting > 0)
      app.log.error({ waiting }, "events were not written to the audit log; they are in this log alone");
  });

  return {
    audit: auditor(sink, clock, chained),
    settled: () => writer.settled(),
    state: () => writer.state(),
    routes: () =>
      auditRoutes(app, {
        store: wiring.auditLog,
        signer,
        keys,
        clock,
        state: () => writer.state(),
        sourceOf,
      }),
  };
}

/** An operator's own key, or one derived of the secret; what was signed under secrets before is known too. */
function signing({ auditKeys }: AuditWiring, secrets: SecretKeys) {
  const given = auditKeys === undefined ? undefined : openKeyRing(auditKeys);
  if (given !== undefined && given.signing.algorithm !== "EdDSA")
    throw new KeyRingError(
      "Heads of the audit log are signed with EdDSA: aegis keys ring --algorithm EdDSA.",
    );
  const own = given === undefined ? undefined : headSigner(given.signing.privateKey);
  const now = ofKeys(secrets, ([first, ...others]) => {
    const derived: AtLeastOne<HeadSigner> = [derivedSigner(first), ...others.map(derivedSigner)];
    return {
      signer: own ?? derived[0],
      keys: headKeys([...derived.map(({ jwk }) => jwk), ...(given?.jwks.keys ?? [])]),
    };
  });
  const signer: HeadSigner = {
    get kid() {
      return now().signer.kid;
    },
    get jwk() {
      return now().signer.jwk;
    },
    sign: (head, at) => now().signer.sign(head, at),
  };
  return { signer, keys: () => now().keys };
}

/** One address has one name: IPv4 in IPv6 is IPv4. */
function canonicalAddress(address: string): string {
  const plain = address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, "");
  return isIP(plain) === 6 ? new URL(`http://[${plain}]/`).hostname : plain;
}
