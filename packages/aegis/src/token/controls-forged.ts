/** Access tokens that nobody gave out: each is refused where the one it was made from is accepted. */
import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import { type Control, fail, notApplicable, pass, unknown } from "../control.ts";
import type { DeepReadonly } from "../lib/freeze.ts";
import { isAccepted, notDescribed } from "../verify/wire/checks.ts";
import { headerOf } from "../verify/wire/header.ts";
import { encoded, isHolder, type Jwt, publishedKeys, readJwt, tokenHolder } from "../verify/wire/tokens.ts";
import type { TokenPolicy } from "./policy.ts";

type Policy = DeepReadonly<TokenPolicy>;

type Json = Readonly<Record<string, unknown>>;

const off = notApplicable("the policy gives out no tokens");
const advice = {
  symptom: "Anybody can write a token for any account.",
  cause: "The server believes what a token says about how to check it.",
  fix: "Fix the algorithm to the key's, take keys from the ring alone, and check typ, issuer, audience and times.",
};

const asSigned = (header: Json, claims: Json, by: (text: string) => string): string => {
  const text = `${encoded(header)}.${encoded(claims)}`;
  return `${text}.${by(text)}`;
};

function forgeries(
  { header, claims, signed, signature }: Jwt,
  keys: readonly Json[],
): readonly [string, string][] {
  const good = signature.toString("base64url");
  const ed = header["alg"] === "EdDSA";
  const pair = ed ? generateKeyPairSync("ed25519") : generateKeyPairSync("ec", { namedCurve: "P-256" });
  const foreign = (text: string): string =>
    sign(ed ? null : "sha256", Buffer.from(text), {
      key: pair.privateKey,
      dsaEncoding: "ieee-p1363",
    }).toString("base64url");
  const jwk = pair.publicKey.export({ format: "jwk" });
  const own = publicKeyOf(keys.find(({ kid }) => kid === header["kid"]));
  const secrets: readonly [string, string | Buffer][] =
    own === undefined
      ? []
      : [
          ["the published key's text", own.export({ format: "pem", type: "spki" })],
          ["the published key's bytes", own.export({ format: "der", type: "spki" })],
          ["the published key's x", Buffer.from(own.export({ format: "jwk" }).x ?? "", "base64url")],
        ];
  const admin = { ...claims, roles: ["admin"], scope: "admin" };
  return [
    ["alg none, unsigned", asSigned({ ...header, alg: "none" }, claims, () => "")],
    ["alg none, with a signature", asSigned({ ...header, alg: "none" }, claims, () => good)],
    ["alg nOnE", asSigned({ ...header, alg: "nOnE" }, claims, () => good)],
    ["no signature", `${signed}.`],
    ["a changed payload", asSigned(header, admin, () => good)],
    ["a changed header", asSigned({ ...header, typ: "JWT" }, claims, () => good)],
    ["a strange key", asSigned(header, claims, foreign)],
    ["a key of its own (jwk)", asSigned({ ...header, jwk }, claims, foreign)],
    ["a key elsewhere (jku)", asSigned({ ...header, jku: "https://aegis.invalid/keys" }, claims, foreign)],
    [
      "a certificate elsewhere (x5u)",
      asSigned({ ...header, x5u: "https://aegis.invalid/x" }, claims, foreign),
    ],
    ["an unknown kid", asSigned({ ...header, kid: "aegis" }, claims, foreign)],
    ["a kid that is a path", asSigned({ ...header, kid: "../../../../dev/null" }, claims, () => "")],
    ...secrets.map(([name, secret]): [string, string] => [
      `HS256 with ${name} as secret`,
      asSigned({ ...header, alg: "HS256" }, claims, (text) =>
        createHmac("sha256", secret).update(text).digest("base64url"),
      ),
    ]),
  ];
}

function publicKeyOf(jwk: Json | undefined): KeyObject | undefined {
  try {
    return jwk === undefined ? undefined : createPublicKey({ key: { ...jwk }, format: "jwk" });
  } catch {
    return undefined;
  }
}

const forged: Control<Policy> = {
  id: "token.forgeries-refused",
  claim: "Access tokens that the target did not sign are refused, whatever they say about themselves",
  proves: [],
  references: ["rfc:8725-3.1", "rfc:8725-3.2", "asvs:v5.0.0-9.1.1", "asvs:v5.0.0-9.1.2", "asvs:v5.0.0-9.1.3"],
  advice,
  async probe(context) {
    if (!context.policy.enabled) return off;
    const holder = await tokenHolder(context);
    if (!isHolder(holder)) return holder;
    const good = readJwt(holder.pair.access);
    if (good === undefined) return unknown("the access token is no JWT that could be forged");
    const made = forgeries(good, (await publishedKeys(context))?.keys ?? []);
    for (const [name, token] of made) {
      const status = await holder.use(token);
      if (isAccepted(status)) return fail(`a token with ${name} is answered with ${status}`, "401");
    }
    return isAccepted(await holder.use(holder.pair.access))
      ? pass(`${made.length} forgeries refused, the one they were made from accepted`)
      : unknown("the good token is refused too");
  },
};

/** What a JWK may have that anybody may see (RFC 7517, RFC 7518 6.2.1, RFC 8037). */
const PUBLIC_MEMBERS = new Set(["kty", "crv", "x", "y", "n", "e", "kid", "alg", "use", "key_ops"]);

const published: Control<Policy> = {
  id: "token.keys-public-parts",
  claim: "The published keys can be cached, and are public parts of asymmetric keys and nothing else",
  proves: [],
  references: ["rfc:7517-9.2", "asvs:v5.0.0-13.3.1", "req:TOK-1"],
  advice: {
    symptom: "Whoever reads the published keys can sign tokens.",
    cause: "Private parts, or keys of a symmetric algorithm, are published.",
    fix: "Publish kty, crv, x and y of each key, and renew every key that was out.",
  },
  async probe(context) {
    if (!context.policy.enabled) return off;
    if (context.target.tokens === undefined) return notDescribed("where the keys are (tokens.keysPath)");
    const found = await publishedKeys(context);
    if (found === undefined || found.keys.length === 0) return fail("no readable key set", "a JWK set");
    for (const key of found.keys) {
      const more = Object.keys(key).filter((member) => !PUBLIC_MEMBERS.has(member));
      if (more.length > 0) return fail(`a key has ${more.join(", ")}`, "public members alone");
      if (key["kty"] !== "OKP" && key["kty"] !== "EC" && key["kty"] !== "RSA")
        return fail(`a key of type ${String(key["kty"])}`, "an asymmetric key");
    }
    const cache = headerOf(found.exchange.response, "cache-control") ?? "";
    return /(^|[ ,])max-age=[1-9]\d*/.test(cache) && !/no-store|private/.test(cache)
      ? pass(`${found.keys.length} public keys, ${cache}`)
      : fail(`Cache-Control "${cache}"`, "public, with a max-age");
  },
};

const curves: Readonly<Record<Policy["algorithm"], string>> = { EdDSA: "Ed25519", ES256: "P-256" };

const algorithm: Control<Policy> = {
  id: "token.algorithm",
  claim: "Access tokens are signed as declared, by a published key",
  proves: ["algorithm"],
  references: ["asvs:v5.0.0-9.1.2", "rfc:9068-2.1", "rfc:8725-3.11", "req:TOK-1"],
  advice: {
    symptom: "Other services cannot check the tokens, or check them in a weaker way.",
    cause: "The ring's active key is of another kind than the policy says.",
    fix: "Run `aegis keys rotate`, or set token.algorithm.",
  },
  async probe(context) {
    if (!context.policy.enabled) return off;
    const holder = await tokenHolder(context);
    if (!isHolder(holder)) return holder;
    const jwt = readJwt(holder.pair.access);
    if (jwt === undefined) return unknown("the access token cannot be read as a JWT");
    const { alg, typ, kid } = jwt.header;
    if (alg !== context.policy.algorithm) return fail(`alg ${String(alg)}`, context.policy.algorithm);
    if (typ !== "at+jwt") return fail(`typ ${String(typ)}`, "at+jwt");
    const jwk = (await publishedKeys(context))?.keys.find((key) => key["kid"] === kid);
    const key = publicKeyOf(jwk);
    if (key === undefined) return fail("the key that the token names is not published", "its public part");
    if (jwk?.["crv"] !== curves[context.policy.algorithm])
      return fail(`a key on ${String(jwk?.["crv"])}`, curves[context.policy.algorithm]);
    return checks(context.policy.algorithm, key, jwt)
      ? pass(`${context.policy.algorithm}, checked with the published key`)
      : fail("the signature does not fit the published key", "one that fits");
  },
};

const checks = (alg: Policy["algorithm"], key: KeyObject, { signed, signature }: Jwt): boolean =>
  verify(
    alg === "ES256" ? "sha256" : null,
    Buffer.from(signed),
    { key, dsaEncoding: "ieee-p1363" },
    signature,
  );

export const forgedControls: readonly Control<Policy>[] = [forged, algorithm, published];
