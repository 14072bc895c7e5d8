/**
 * An application as many are written: Express and express-session with what their first pages show, no more.
 * It works, and `aegis verify` says what is missing. Not a model to follow.
 */
import type { Server } from "node:http";
import express, { type NextFunction, type Request, type Response } from "express";
import session from "express-session";

declare module "express-session" {
  interface SessionData {
    username?: string;
  }
}

const users = new Map<string, { password: string; about: string }>();

export function start(port: number): Promise<{ origin: string; server: Server }> {
  const app = express();
  app.use(express.json());
  app.use(express.urlencoded({ extended: true }));
  // aegis-ignore default-secret until 2027-11-20: an example of what applications are before somebody looks at them
  app.use(session({ secret: "keyboard cat", resave: false, saveUninitialized: true }));

  app.get(
    "/",
    (_request, response) =>
      void response.send(
        "<!doctype html><title>Notes</title><h1>Notes</h1><script>console.log('hi')</script>",
      ),
  );
  app.post("/register", (request, response) => {
    const { username, password } = request.body;
    users.set(username, { password, about: "" });
    response.status(201).json({ username });
  });
  app.post("/login", (request, response) => {
    const { username, password } = request.body;
    const user = users.get(username);
    if (user === undefined) return void response.status(404).json({ error: "no such user" });
    // aegis-ignore timing-unsafe until 2027-11-20: an example of what applications are before somebody looks at them
    if (user.password !== password) return void response.status(401).json({ error: "wrong password" });
    request.session.username = username;
    response.json({ username });
  });
  app.post("/logout", (_request, response) => void response.clearCookie("connect.sid").json({ ok: true }));

  const signedIn = (request: Request, response: Response, next: NextFunction): void => {
    if (request.session.username === undefined) response.status(401).json({ error: "sign in" });
    else next();
  };
  app.get(
    "/profile",
    signedIn,
    (request, response) => void response.json({ username: request.session.username }),
  );
  app.post("/profile", signedIn, (request, response) => void response.json({ about: request.body.about }));
  // aegis-ignore missing-auth until 2027-11-20: an example of what applications are before somebody looks at them
  app.get("/admin/users", (_request, response) => void response.json([...users.keys()]));

  return new Promise((resolve) => {
    const server = app.listen(port, "127.0.0.1", () => {
      const address = server.address();
      const taken = typeof address === "object" && address !== null ? address.port : port;
      resolve({ origin: `http://127.0.0.1:${taken}`, server });
    });
  });
}

if (import.meta.main) console.log((await start(Number(process.env["PORT"] ?? 4000))).origin);
