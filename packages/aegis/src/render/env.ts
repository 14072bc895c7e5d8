/**
 * Examples of an environment, from the policy and the list of an application's settings. Threat: an example value that
 * ends up in production. Rule: no secret has one; what production needs stands there empty, and empty is refused by name.
 * The same input gives the same bytes. References: requirement SEC-3; ASVS 5.0 13.1.1, 13.3.1.
 */
import { valueAt } from "../lib/freeze.ts";
import { fingerprint, type Policy } from "../policy.ts";
import type { SecretNeed } from "../secret/source.ts";

export interface EnvSetting {
  readonly name: string;
  /** What it is, in a sentence or two. */
  readonly about: string;
  /** That it is a secret, and of which kind; then it may come from any source. */
  readonly secret?: Omit<SecretNeed, "name">;
  /** Never a secret's. */
  readonly example?: string;
  /** Whether production needs it; a leaf of the policy that is one of the values makes it so, otherwise it is not used. */
  readonly production?: "needed" | "optional" | { readonly leaf: string; readonly is: readonly unknown[] };
}

/** What `aegis backup` is told. The server needs none of it, and could open no backup if it had all but the last three. */
export const backupSettings: readonly EnvSetting[] = [
  { name: "BACKUP_DIRECTORY", about: "Where backups are kept.", example: "/var/backups/hub" },
  {
    name: "BACKUP_DATABASE_URL",
    about: "The database, as a role that may read everything and change nothing. Without it: DATABASE_URL.",
    secret: {
      kind: "url",
      how: "Make the role: create role hub_backup login bypassrls; grant pg_read_all_data, pg_read_all_settings to hub_backup",
    },
  },
  {
    name: "BACKUP_KEYS",
    about: "The key ring (EdDSA) that signs, as JSON; or BACKUP_KEYS_FILE, the file that holds it.",
    secret: { kind: "text", how: "Make one with: npx aegis keys ring --algorithm EdDSA" },
  },
  {
    name: "BACKUP_RECIPIENTS_FILE",
    about: "Who may open them: a file of public keys, as age -R reads it.",
    example: "/etc/hub/backup-recipients.txt",
  },
  {
    name: "BACKUP_PUBLIC_KEY_FILE",
    about: "Where they are restored: the public key of who signs (aegis backup key).",
    example: "backup-key.json",
  },
  {
    name: "BACKUP_IDENTITY",
    about:
      "Where they are restored, and never on the server: what opens them, as age-keygen writes it; or BACKUP_IDENTITY_FILE.",
    secret: { kind: "text", how: "Make one with: age-keygen" },
  },
  {
    name: "BACKUP_DRILL_USERNAME",
    about: "An account that has to sign in during a drill. Without it one is made in the restored database.",
    example: "drill",
  },
  {
    name: "BACKUP_DRILL_PASSWORD",
    about: "Its password.",
    secret: { kind: "text", how: "It is the account's." },
  },
];

export const envFiles = [
  { file: ".env.example", environment: "development" },
  { file: ".env.production.example", environment: "production" },
] as const;

/** The whole file. `policy` is that of the environment that the file is for. */
export function renderEnv(policy: Policy, settings: readonly EnvSetting[]): string {
  const { environment, secret } = policy;
  const inProduction = environment === "production";
  const sources = secret.sources.filter((kind) => !inProduction || secret.productionSources.includes(kind));
  const needs = (setting: EnvSetting): boolean => inProduction && isNeeded(policy, setting);
  const needed = settings.filter(needs);
  const secrets = settings.filter((one) => one.secret !== undefined && !needs(one));
  const others = settings.filter((one) => one.secret === undefined && !needs(one));
  return [
    ...comment(
      `Made by aegis render env for ${environment}, policy ${fingerprint(policy)}. Change the policy or the list of settings and render again.`,
    ),
    "#",
    ...comment(
      inProduction
        ? "What is needed stands empty, and an empty value stops the start: fill it in, or leave it out here and put it into another source. Keep the file out of repositories and images, mode 0600."
        : "Development needs none of these: take the # from what you want to change, in a copy named .env.",
    ),
    "#",
    ...comment(`Secrets are looked up in this order: ${sources.join(", ")}.`),
    ...comment(
      `They are read again every ${secret.cacheSeconds} s, on SIGHUP, and when a file changes (docs/secrets.md).`,
    ),
    ...part("Needed", needed, policy, true),
    ...part(inProduction ? "Other secrets" : "Secrets", secrets, policy, false),
    ...part("Other settings", others, policy, false),
    ...part(
      "Backups: for whoever makes them, in a file of its own that no server reads (docs/backups.md)",
      backupSettings.filter(({ name }) => !settings.some((one) => one.name === name)),
      policy,
      false,
    ),
    "",
  ].join("\n");
}

/** Whether production needs it, under this policy. */
export function isNeeded(policy: Policy, { name, production = "optional" }: EnvSetting): boolean {
  if (policy.secret.required.includes(name) || production === "needed") return true;
  if (production === "optional") return false;
  return production.is.includes(valueAt(policy, production.leaf));
}

function part(
  title: string,
  settings: readonly EnvSetting[],
  policy: Policy,
  open: boolean,
): readonly string[] {
  if (settings.length === 0) return [];
  return ["", `# --- ${title} ---`, ...settings.flatMap((setting) => entry(setting, policy, open))];
}

function entry(setting: EnvSetting, policy: Policy, open: boolean): readonly string[] {
  const { name, about, secret, example = "", production } = setting;
  const because =
    typeof production === "object" && policy.environment === "production"
      ? ` ${open ? "Needed" : "Not needed"} because ${production.leaf} is ${JSON.stringify(valueAt(policy, production.leaf))}.`
      : "";
  const how = secret === undefined ? "" : ` ${secret.how ?? "Make one with: npx aegis keys secret"}`;
  const value = secret === undefined ? example : "";
  return [
    "",
    ...comment(`${about}${because}${how}`),
    `${open ? "" : "# "}${name}=${open ? "" : quoted(value)}`,
  ];
}

const WIDTH = 100;

function comment(text: string): readonly string[] {
  const lines: string[] = [];
  let line = "#";
  for (const word of text.split(/\s+/)) {
    if (line.length + word.length >= WIDTH) {
      lines.push(line);
      line = "#";
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}

/** As `.env` readers, a shell and systemd's EnvironmentFile take it alike. */
const quoted = (value: string): string => (/^[\w./:@,+-]*$/.test(value) ? value : `"${value}"`);
