/** Everything that the hub can be told by its environment. What is a secret may come from any source of the policy's. */
import { DataKeyError, KeyRingError, parseDataKeyRing, parseKeyRing } from "aegis";
import type { EnvSetting } from "aegis/secrets";
import { metricsTokenProblem } from "./metrics-settings.ts";

/** What a parser says of a broken ring may quote it: its own errors do not. */
const ringCheck =
  (parse: (data: unknown) => unknown) =>
  (text: string): string | undefined => {
    try {
      parse(JSON.parse(text));
      return undefined;
    } catch (error) {
      const ours = error instanceof KeyRingError || error instanceof DataKeyError;
      return ours ? error.message.replace(/\.$/, "") : "it is no JSON";
    }
  };

export const hubSettings: readonly EnvSetting[] = [
  {
    name: "SECRET_KEY",
    about: "32 random bytes. Development makes one at the first start and keeps it.",
    secret: { kind: "key", previous: "SECRET_KEY_PREVIOUS" },
    production: "needed",
  },
  {
    name: "DATABASE_URL",
    about:
      "PostgreSQL 15 or later, as the application's role (postgres://hub_app:password@host/hub), which owns nothing.",
    secret: {
      kind: "url",
      how: "Make the role: create role hub_app login password '...'; grant aegis_app to hub_app",
    },
    production: "needed",
  },
  {
    name: "PUBLIC_ORIGIN",
    about: "Where people reach it (https://hub.example); production answers no other host.",
    example: "https://hub.example",
    production: "needed",
  },
  {
    name: "REDIS_URL",
    about:
      "Redis 7 (redis://user:password@host:6379), where all processes count limits together. Not needed with WORKERS=1.",
    secret: { kind: "url", how: "Set a password with: redis-cli ACL SETUSER hub ..." },
    production: "needed",
  },
  {
    name: "SMTP_URL",
    about: "Where mail goes out (smtps://user:password@host, or smtp: with STARTTLS).",
    secret: { kind: "url", how: "The provider of the mail server gives it." },
    production: { leaf: "account.emailVerification", is: ["optional", "required"] },
  },
  {
    name: "TOKEN_KEYS",
    about: "The key ring of access tokens, as JSON; or TOKEN_KEYS_FILE, the file that holds it.",
    secret: {
      kind: "text",
      lasting: true,
      check: ringCheck(parseKeyRing),
      how: "Make one with: npx aegis keys ring",
    },
    production: { leaf: "token.enabled", is: [true] },
  },
  {
    name: "DATABASE_OWNER_URL",
    about: "The same database as who owns its tables: migrates at the start and is let go.",
    secret: { kind: "url", how: "Unset it where migrations are applied by somebody else." },
  },
  {
    name: "SECRET_KEY_PREVIOUS",
    about: "Earlier keys, newest first, comma between: they verify and open what was made under them.",
    secret: { kind: "keys", how: "Written by: npx aegis keys rotate FILE" },
  },
  {
    name: "DATA_KEYS",
    about:
      "The key ring of encrypted columns, as JSON; or DATA_KEYS_FILE. Without it: keys derived of SECRET_KEY.",
    secret: {
      kind: "text",
      lasting: true,
      check: ringCheck(parseDataKeyRing),
      how: "Make one with: npx aegis keys ring --for data",
    },
  },
  {
    name: "AUDIT_KEYS",
    about:
      "The key ring (EdDSA) that signs the audit log, as JSON; or AUDIT_KEYS_FILE. Without it: a key derived of SECRET_KEY.",
    secret: {
      kind: "text",
      check: ringCheck(parseKeyRing),
      how: "Make one with: npx aegis keys ring --algorithm EdDSA",
    },
  },
  {
    name: "PASSWORD_PEPPER",
    about:
      "Goes into password hashes beside the salt; a list, newest first. Lost, it takes all passwords with it.",
    secret: { kind: "keys" },
  },
  {
    name: "PROBE_KEY",
    about: "A verifier that has it is not stopped by limits of volume. Unset it afterwards.",
    secret: { kind: "text" },
  },
  {
    name: "METRICS_TOKEN",
    about: "Who has it reads GET /metrics; Prometheus does. Unset: there is no such page.",
    secret: {
      kind: "text",
      check: metricsTokenProblem,
      how: "Make one with: npx aegis keys secret --out /etc/hub/keys/metrics-token",
    },
  },
  { name: "PORT", about: "Where it listens.", example: "3000" },
  { name: "HOST", about: "On which address; a proxy in front ends TLS.", example: "127.0.0.1" },
  { name: "WORKERS", about: "Processes of the production server.", example: "2" },
  {
    name: "TRUSTED_PROXIES",
    about: "Addresses whose forwarded headers are believed, comma between.",
    example: "127.0.0.1,::1",
  },
  { name: "MAIL_FROM", about: "Whom mail is from.", example: "hub@hub.example" },
  { name: "SECURITY_CONTACT", about: "The contact in security.txt.", example: "mailto:security@hub.example" },
  {
    name: "AEGIS_POLICY",
    about: "A JSON file of settings that differ from the preset.",
    example: "policy.json",
  },
  { name: "AEGIS_DIRECTORY", about: "Where development keeps its database and keys.", example: ".aegis" },
  {
    name: "UPLOADS_DIRECTORY",
    about: "Where uploaded files lie; all processes share it.",
    example: ".aegis/uploads",
  },
  {
    name: "MAINTENANCE_FILE",
    about: "There while the hub is closed (aegis maintenance on); outside of the folder of a release.",
    example: ".aegis/maintenance.json",
  },
  {
    name: "PROOFS_DIRECTORY",
    about: "Where runs of aegis verify are saved (--save); the security pages show the newest 30.",
    example: ".aegis/proofs",
  },
  {
    name: "CERTIFICATE_FILE",
    about: "The certificate that the proxy shows, without its key: the security pages say how long it lasts.",
    example: "/etc/letsencrypt/live/hub.example/fullchain.pem",
  },
  {
    name: "RELEASES_DIRECTORY",
    about: "The folder of aegis release: the security pages show what is live since when.",
    example: "/srv/hub",
  },
  {
    name: "CHECKLIST_FILE",
    about: "The record of aegis checklist: the security pages show what is open and who signed.",
    example: "/etc/hub/checklist.json",
  },
  {
    name: "CHECKLIST_PUBLIC_KEY_FILE",
    about: "The public key that it is signed with, where that is none of AUDIT_KEYS.",
    example: "/etc/hub/checklist-key.json",
  },
  {
    name: "DRAIN_SECONDS",
    about: "How long a process that is told to stop goes on answering, with 503 at /ready.",
    example: "0",
  },
  {
    name: "CERTIFICATE_ADDRESS",
    about: "Where the certificate that people are shown is looked at, for the metrics.",
    example: "127.0.0.1:443",
  },
  {
    name: "BACKUP_DIRECTORY",
    about: "Where backups are: the metrics and the security pages say how old the newest is.",
    example: "/var/backups/hub",
  },
  {
    name: "BACKUP_PUBLIC_KEY_FILE",
    about: "The public key that they are signed with (aegis backup key).",
    example: "/etc/hub/backup-key.json",
  },
  { name: "BREACH_CORPUS", about: "A file made by aegis breach build.", example: "corpus.bin" },
  {
    name: "SECRETS_DIRECTORY",
    about: "Source files: a folder with a file per secret.",
    example: "/run/secrets",
  },
  { name: "SECRETS_AGE_FILE", about: "Source age: secrets encrypted with age.", example: "secrets.age" },
  {
    name: "SECRETS_AGE_IDENTITY_FILE",
    about: "The identity that opens it.",
    example: "/etc/hub/identity.txt",
  },
  { name: "VAULT_ADDR", about: "Source Vault: its address.", example: "https://vault.example:8200" },
  { name: "VAULT_MOUNT", about: "The mount of its key/value engine, version 2.", example: "secret" },
  { name: "VAULT_PATH", about: "The path in it.", example: "hub" },
  { name: "VAULT_ROLE_ID", about: "AppRole; its secret id is in VAULT_SECRET_ID_FILE.", example: "hub" },
  {
    name: "VAULT_SECRET_ID_FILE",
    about: "The file that holds the secret id.",
    example: "/etc/hub/vault-secret-id",
  },
  {
    name: "AWS_SECRET_ID",
    about: "Source AWS Secrets Manager: the secret's name or ARN.",
    example: "prod/hub",
  },
  { name: "AWS_REGION", about: "Its region.", example: "eu-central-1" },
];
