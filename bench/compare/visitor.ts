/** Somebody with a browser: signs in, keeps cookies, fetches a CSRF token, and puts requests into words. */
import type { Route } from "./contract.ts";
import type { SignIn } from "./servers.ts";
import { type Answer, exchange, requestText } from "./wire.ts";

export interface Visitor {
  /** The request of a route, as this person would send it. */
  request(route: Route): string;
  /** The same login again, from a browser that is known but no longer signed in. */
  loginRequest(): string;
  /** How the server answered the sign-in. */
  readonly signedIn: Answer | undefined;
}

/** Nobody: for servers without accounts. */
export const stranger = (port: number): Visitor => ({
  request: ({ method, path, body }) =>
    requestText(port, { method, path, ...(body === undefined ? {} : { body }) }),
  loginRequest: () => "",
  signedIn: undefined,
});

const jar = (cookies: ReadonlyMap<string, string>): string =>
  [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");

const keep = (cookies: Map<string, string>, { headers }: Answer): void => {
  for (const [header, line] of headers) {
    if (header !== "set-cookie") continue;
    const [pair = ""] = line.split(";");
    cookies.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
  }
};

/** @throws when the sign-in is refused */
export async function visitor(port: number, signIn: SignIn, place: number): Promise<Visitor> {
  const cookies = new Map<string, string>();
  const login = { method: "POST", path: signIn.path, body: signIn.body(place) } as const;
  const signedIn = await exchange(port, requestText(port, login));
  if (signedIn.status !== 200) throw new Error(`sign-in answered ${signedIn.status}: ${signedIn.body}`);
  keep(cookies, signedIn);
  let csrf: string | undefined;
  if (signIn.csrfPath !== undefined) {
    const ask = { method: "GET", path: signIn.csrfPath, cookie: jar(cookies) } as const;
    const answer = await exchange(port, requestText(port, ask));
    keep(cookies, answer);
    csrf = /"csrf_token":"([^"]+)"/.exec(answer.body)?.[1];
    if (csrf === undefined)
      throw new Error(`no CSRF token in: ${answer.status} ${answer.body.slice(0, 200)}`);
  }
  return {
    signedIn,
    request: (route) =>
      requestText(port, {
        method: route.method,
        path: route.path,
        ...(route.signedIn === true ? { cookie: jar(cookies) } : {}),
        ...(route.csrf === true && csrf !== undefined ? { csrf } : {}),
        ...(route.body === undefined ? {} : { body: route.body }),
      }),
    loginRequest: () => {
      const known = new Map([...cookies].filter(([name]) => !signIn.sessionCookie.test(name)));
      return requestText(port, { ...login, cookie: jar(known) });
    },
  };
}
