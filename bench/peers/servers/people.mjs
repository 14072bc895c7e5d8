/** What the peers without accounts of their own share: people in PostgreSQL, hashed with Argon2id by its package's defaults. */
import { hash, verify } from "@node-rs/argon2";
import pg from "pg";
import { given, PEOPLE, personOf } from "../../servers/shared.ts";

export async function people() {
  const pool = new pg.Pool({ connectionString: given("DATABASE_URL"), max: 10 });
  await pool.query(
    "CREATE TABLE people (id serial PRIMARY KEY, username text UNIQUE NOT NULL, hash text NOT NULL)",
  );
  for (let place = 0; place < PEOPLE; place++) {
    const { username, password } = personOf(place);
    await pool.query("INSERT INTO people (username, hash) VALUES ($1, $2)", [username, await hash(password)]);
  }
  return {
    /** Whoever has this name and password, or undefined. */
    signIn: async ({ username, password }) => {
      const { rows } = await pool.query("SELECT id, username, hash FROM people WHERE username = $1", [
        username,
      ]);
      const [row] = rows;
      if (row === undefined || !(await verify(row.hash, password))) return undefined;
      return { id: row.id, username: row.username, roles: ["user"] };
    },
  };
}
