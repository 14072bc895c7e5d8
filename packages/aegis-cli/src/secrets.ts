/** What a command needs to know of the server's secrets, from wherever the server has them: the same sources, the project's order. */
import { environmentOf } from "aegis";
import { backupSettings, openSecrets, type SecretNeed, secretSources } from "aegis/secrets";
import { choosePolicy, loadConfig } from "./config.ts";

const NEEDS: readonly SecretNeed[] = [
  { name: "DATABASE_URL", kind: "text" },
  { name: "SECRET_KEY", kind: "text" },
  { name: "SECRET_KEY_PREVIOUS", kind: "text" },
  { name: "DATA_KEYS", kind: "text" },
  { name: "PASSWORD_PEPPER", kind: "text" },
  ...backupSettings.flatMap(({ name, secret }) =>
    secret === undefined ? [] : [{ name, kind: "text" as const }],
  ),
  { name: "SMTP_URL", kind: "text" },
  { name: "WATCH_WEBHOOK_SECRET", kind: "text" },
  { name: "WATCH_WEBHOOK_URL", kind: "text" },
];

export type KnownSecrets = Readonly<Record<string, string | undefined>>;

/**
 * By name; what is nowhere is undefined, for the command to say. `names`: no others are asked for.
 * @throws SecretError for a source that gives nothing
 */
export async function readSecrets(...names: readonly string[]): Promise<KnownSecrets> {
  const environment = environmentOf(process.env["NODE_ENV"]);
  const policy = await choosePolicy({}, await loadConfig(process.cwd()), environment);
  const { timeoutSeconds } = policy.secret;
  const secrets = await openSecrets({
    policy,
    needs: NEEDS.filter(({ name }) => names.includes(name)),
    sources: secretSources({ env: process.env, timeoutSeconds }),
    onProblem: () => undefined,
  });
  return Object.fromEntries(names.map((name) => [name, secrets.get(name)]));
}
