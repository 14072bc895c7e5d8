/** The part of node-postgres that the stores use; a connected `pg.Pool` fits. The caller keeps the connection. */
export interface SqlResult {
  readonly rows: readonly unknown[];
  readonly rowCount: number | null;
}

export interface SqlClient {
  query(text: string, values?: unknown[]): Promise<SqlResult>;
}

export interface SqlConnection extends SqlClient {
  /** Gives the connection back; with `true` or an error it is closed instead. */
  release(destroy?: boolean | Error): void;
}

export interface SqlPool extends SqlClient {
  connect(): Promise<SqlConnection>;
}
