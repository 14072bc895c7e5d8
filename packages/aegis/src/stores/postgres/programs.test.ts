import { describe, expect, it } from "vitest";
import {
  baseProgram,
  connectionEnvironment,
  dumpProgram,
  restoreProgram,
  withDatabaseName,
} from "./programs.ts";

const url = "postgres://hub:p%40ss%20word@db.test:6432/the%20hub?sslmode=verify-full&sslrootcert=/etc/ca.pem";

describe("PostgreSQL's programs", () => {
  it("get address and password by environment, and nothing of it as an argument", () => {
    for (const program of [dumpProgram(url, "0-1"), restoreProgram(url), baseProgram(url)]) {
      expect(program.env).toEqual({
        PGHOST: "db.test",
        PGPORT: "6432",
        PGUSER: "hub",
        PGPASSWORD: "p@ss word",
        PGDATABASE: "the hub",
        PGSSLMODE: "verify-full",
        PGSSLROOTCERT: "/etc/ca.pem",
        PGCONNECT_TIMEOUT: "10",
      });
      expect(program.args.join(" ")).not.toMatch(/p@ss|p%40ss|postgres:/);
    }
  });

  it("go to a socket, IPv6 and the database of the user's name as psql does", () => {
    expect(connectionEnvironment("postgres://ada@localhost/x?host=%2Frun%2Fpg")).toMatchObject({
      PGHOST: "/run/pg",
    });
    expect(connectionEnvironment("postgresql://ada@[::1]")).toMatchObject({
      PGHOST: "::1",
      PGDATABASE: "ada",
      PGPORT: "5432",
    });
    expect(withDatabaseName("postgres://ada@h/x?sslmode=require", "an other")).toBe(
      "postgres://ada@h/an%20other?sslmode=require",
    );
  });

  it("go nowhere by an address that is none, and do not repeat it", () => {
    for (const bad of ["mysql://u:hunter2@h/x", "hunter2", ""])
      expect(() => connectionEnvironment(bad)).toThrow(/^the address of the database is none$/);
  });
});
