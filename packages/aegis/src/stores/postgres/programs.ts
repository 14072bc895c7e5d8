/**
 * PostgreSQL's own programs as data; whoever calls starts them. Threat: a password among the arguments of a program, which
 * every user of the machine can read. Rule: where and as whom goes by environment. References: PostgreSQL 15, 34.15.
 */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const SSL_SETTINGS: Readonly<Record<string, string>> = {
  sslmode: "PGSSLMODE",
  sslrootcert: "PGSSLROOTCERT",
  sslcert: "PGSSLCERT",
  sslkey: "PGSSLKEY",
};

/** `postgres://user:password@host:port/name?sslmode=…` as PGHOST and its like. @throws TypeError, which does not repeat it */
export function connectionEnvironment(url: string): Record<string, string> {
  if (!URL.canParse(url)) throw new TypeError("the address of the database is none");
  const { protocol, hostname, port, username, password, pathname, searchParams } = new URL(url);
  if (!/^postgres(ql)?:$/.test(protocol)) throw new TypeError("the address of the database is none");
  const user = decodeURIComponent(username);
  const env: Record<string, string> = {
    PGHOST: searchParams.get("host") ?? hostname.replaceAll(/^\[|\]$/g, ""),
    PGPORT: port === "" ? "5432" : port,
    PGDATABASE: decodeURIComponent(pathname.slice(1)) || user,
    PGCONNECT_TIMEOUT: "10",
  };
  if (user !== "") env["PGUSER"] = user;
  if (password !== "") env["PGPASSWORD"] = decodeURIComponent(password);
  for (const [name, value] of searchParams) {
    const variable = SSL_SETTINGS[name];
    if (variable !== undefined) env[variable] = value;
  }
  return env;
}

/** The same server's database of another name. */
export function withDatabaseName(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${encodeURIComponent(name)}`;
  return other.href;
}

/** To standard output, in the custom format; of the very snapshot that rows were counted in. */
export const dumpProgram = (url: string, snapshot: string): Program => ({
  command: "pg_dump",
  // zlib at its fastest: age comes behind it, and what is encrypted no longer shrinks.
  args: ["--format=custom", "--compress=1", "--no-password", `--snapshot=${snapshot}`],
  env: connectionEnvironment(url),
});

/** From standard input, whole or not at all. */
export const restoreProgram = (url: string): Program => {
  const env = connectionEnvironment(url);
  return {
    command: "pg_restore",
    args: [
      "--format=custom",
      "--exit-on-error",
      "--single-transaction",
      "--no-password",
      `--dbname=${env["PGDATABASE"] ?? ""}`,
    ],
    env,
  };
};

/** The whole cluster to standard output, with the log that it needs to be consistent. */
export const baseProgram = (url: string): Program => ({
  command: "pg_basebackup",
  args: [
    "--pgdata=-",
    "--format=tar",
    "--wal-method=fetch",
    "--checkpoint=fast",
    "--no-password",
    "--label=aegis",
  ],
  env: connectionEnvironment(url),
});
