/** Which sources an environment sets up. What is named and incomplete stops the start: it was meant. */
import { readFileSync } from "node:fs";
import { type Clock, systemClock } from "../../lib/clock.ts";
import { sourceFailure } from "../../secret/errors.ts";
import { type Env, present, type SecretSource } from "../../secret/source.ts";
import { ageSource } from "./age.ts";
import { awsSource } from "./aws.ts";
import { credentialsSource, dotenvSource, environmentSource, filesSource } from "./local.ts";
import { vaultSource } from "./vault.ts";

export interface SourceSettings {
  readonly env: Env;
  /** The policy's secret.timeoutSeconds. */
  readonly timeoutSeconds: number;
  readonly clock?: Clock;
  readonly fetch?: typeof globalThis.fetch;
}

/**
 * CREDENTIALS_DIRECTORY; NAME_FILE and SECRETS_DIRECTORY; VAULT_ADDR; AWS_SECRET_ID; SECRETS_AGE_FILE; the environment;
 * DOTENV_FILE (".env"). In no order: that is the policy's.
 * @throws SecretError AEGIS_SECRET_SOURCE_BROKEN
 */
export function secretSources({
  env,
  timeoutSeconds,
  clock = systemClock,
  fetch,
}: SourceSettings): readonly SecretSource[] {
  const overHttp = { timeoutSeconds, clock, ...(fetch === undefined ? {} : { fetch }) };
  const sources: SecretSource[] = [
    environmentSource(env),
    dotenvSource(given(env, "DOTENV_FILE") ?? ".env"),
    filesSource(env),
  ];
  const credentials = given(env, "CREDENTIALS_DIRECTORY");
  if (credentials !== undefined) sources.push(credentialsSource(credentials));
  const ageFile = given(env, "SECRETS_AGE_FILE");
  if (ageFile !== undefined)
    sources.push(
      ageSource({
        file: ageFile,
        identityFile: demanded(env, "SECRETS_AGE_IDENTITY_FILE", "SECRETS_AGE_FILE"),
      }),
    );
  const address = given(env, "VAULT_ADDR");
  const path = given(env, "VAULT_PATH");
  // VAULT_ADDR alone is what a shell has whose user talks to Vault; it names no secret of ours.
  if (address !== undefined && path !== undefined) {
    const roleId = given(env, "VAULT_ROLE_ID");
    sources.push(
      vaultSource({
        address,
        path,
        mount: given(env, "VAULT_MOUNT"),
        namespace: given(env, "VAULT_NAMESPACE"),
        token: handedIn(env, "VAULT_TOKEN"),
        role:
          roleId === undefined
            ? undefined
            : {
                roleId,
                secretId:
                  handedIn(env, "VAULT_SECRET_ID") ?? demanded(env, "VAULT_SECRET_ID", "VAULT_ROLE_ID"),
              },
        ...overHttp,
      }),
    );
  }
  const secretId = given(env, "AWS_SECRET_ID");
  if (secretId !== undefined)
    sources.push(
      awsSource({
        secretId,
        region: given(env, "AWS_REGION") ?? demanded(env, "AWS_DEFAULT_REGION", "AWS_SECRET_ID"),
        credentials: {
          accessKeyId: demanded(env, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ID"),
          secretAccessKey: demanded(env, "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_ID"),
          sessionToken: given(env, "AWS_SESSION_TOKEN"),
        },
        endpoint: given(env, "AWS_ENDPOINT_URL_SECRETS_MANAGER") ?? given(env, "AWS_ENDPOINT_URL"),
        ...overHttp,
      }),
    );
  return sources;
}

const given = (env: Env, name: string): string | undefined => (present(env[name]) ? env[name] : undefined);

function demanded(env: Env, name: string, because: string): string {
  const value = given(env, name);
  if (value === undefined) throw sourceFailure("broken", name, `it is missing, and ${because} is set`);
  return value;
}

/** A credential itself, or in a file: then no child process inherits it. */
function handedIn(env: Env, name: string): string | undefined {
  const file = given(env, `${name}_FILE`);
  if (file === undefined) return given(env, name);
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    throw sourceFailure("broken", `${name}_FILE`, `${file} cannot be read (${code})`);
  }
}
