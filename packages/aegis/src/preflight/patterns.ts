/** What a secret looks like in a line of text; for the history of a repository (SEC-4). Pure, and linear in the line. */
import { sha256 } from "../lib/bytes.ts";

export interface SecretHit {
  /** What kind it is, in words. */
  readonly kind: string;
  /** Tells it from others and says nothing of it: the first characters of its SHA-256. */
  readonly mark: string;
}

/** Judges that other rooms have. */
export interface SecretJudges {
  /** Whether a text of the form of an API key is one: by its checksum. */
  readonly isApiKey: (text: string) => boolean;
  /** Why a text is no secret key; undefined: it is a good one. */
  readonly weaknessOf: (text: string) => string | undefined;
}

/** docs/api-keys.md, "For secret scanners". */
const API_KEY = /\baegis_(live|test)_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}\b/g;

const PEM = "a private key (PEM)";
/** A line that ends with its beginning, and what the next line of one looks like. */
const PEM_BEGINS = /-----BEGIN (?:[A-Z]{1,10} ){0,2}PRIVATE KEY-----\W{0,8}$/;
const PEM_GOES_ON = /^\W{0,40}(?:[A-Za-z0-9+/=]{16,200}|Proc-Type:.{0,80})/;

/** Forms that their makers publish, so that scanners find them. */
const FORMS: readonly (readonly [string, RegExp])[] = [
  // With what follows: the words alone are in every program that reads keys, and a mark of them would hide every key.
  [PEM, /-----BEGIN (?:[A-Z]{1,10} ){0,2}PRIVATE KEY-----(?:\\[rn]|\s){0,4}[A-Za-z0-9+/]{16,200}/g],
  ["a private key of age", /\bAGE-SECRET-KEY-1[0-9A-Z]{58}\b/g],
  ["an access key of AWS", /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g],
  ["a token of GitHub", /\b(?:gh[pousr]_[0-9A-Za-z]{36,251}|github_pat_[0-9A-Za-z_]{82})\b/g],
  ["a token of GitLab", /\bglpat-[0-9A-Za-z_-]{20,64}\b/g],
  ["a token of npm", /\bnpm_[0-9A-Za-z]{36}\b/g],
  ["a token of Slack", /\bxox[abprs]-[0-9A-Za-z-]{10,200}\b/g],
  ["a live key of Stripe", /\b[rs]k_live_[0-9A-Za-z]{16,200}\b/g],
  ["a token of Vault", /\bhvs\.[0-9A-Za-z_-]{24,200}\b/g],
  ["the private part of a JWK", /"d"\s{0,4}:\s{0,4}"[0-9A-Za-z_-]{43}"/g],
];

/** NAME=value, NAME: "value" and their like, where the name says that the value is a secret. */
const ASSIGNED =
  /\b[A-Z0-9_]{0,40}(?:SECRET|KEY|PEPPER|TOKEN|PASSWORD)[A-Z0-9_]{0,40}["']?\s{0,4}[=:]\s{0,4}["']?([0-9A-Za-z+/_=-]{40,200})(?![0-9A-Za-z+/_=-])/g;

/** An address with a password, of a host that is not this machine. */
const ADDRESS =
  /\b(?:postgres(?:ql)?|rediss?|smtps?|mysql|mongodb(?:\+srv)?|amqps?):\/\/([^\s:/@"'`]{1,64}):([^\s/@"'`]{8,128})@([^\s:/"'`]{1,253})/g;
const NOBODYS =
  /^(?:localhost|127\.|\[::1|(?:.+\.)?(?:example|test|invalid|localhost)(?:\.|$)|host$|db$|postgres$|redis$)|example\.(?:com|org|net)$/i;
const TEMPLATE = /[$<>{}*]|\.\.\.|password|secret|change|example|your/i;

/** A longer line is data, not text that somebody wrote; its beginning is looked at. */
const MAX_LINE = 4096;

const hit = (kind: string, text: string): SecretHit => ({ kind, mark: sha256(text).slice(0, 12) });

export function secretsIn(whole: string, judges: SecretJudges): readonly SecretHit[] {
  const line = whole.slice(0, MAX_LINE);
  const found: SecretHit[] = [];
  for (const [text] of line.matchAll(API_KEY)) if (judges.isApiKey(text)) found.push(hit("an API key", text));
  for (const [kind, form] of FORMS) for (const [text] of line.matchAll(form)) found.push(hit(kind, text));
  for (const [, value = ""] of line.matchAll(ASSIGNED))
    if (judges.weaknessOf(value) === undefined) found.push(hit("a value named like a secret", value));
  for (const [, user = "", password = "", host = ""] of line.matchAll(ADDRESS))
    if (!NOBODYS.test(host) && !TEMPLATE.test(password))
      found.push(hit("an address with a password", `${user}:${password}@${host}`));
  return found;
}

export interface HistoryHit extends SecretHit {
  readonly commit: string;
  readonly path: string;
}

/**
 * Reads `git log -p` line by line: what was ever added, with the commit and the file that it was added in. A secret that
 * was taken out again is still there for whoever has the repository.
 */
export function historyReader(judges: SecretJudges, reviewed: ReadonlySet<string>) {
  const hits = new Map<string, HistoryHit>();
  let commit = "";
  let path = "";
  let inHunk = false;
  let inPem = false;
  return {
    hits,
    take(line: string): void {
      if (/^commit [0-9a-f]{40,64}\b/.test(line)) {
        commit = line.slice(7, 19);
        path = "";
        inHunk = false;
      } else if (line.startsWith("diff --git ")) inHunk = false;
      else if (!inHunk && line.startsWith("+++ ")) path = line.slice(4).replace(/^b\//, "").slice(0, 300);
      else if (line.startsWith("@@")) inHunk = true;
      else if (inHunk && line.startsWith("+") && hits.size < MAX_HITS) {
        const text = line.slice(1, MAX_LINE);
        const [pem] = inPem ? (PEM_GOES_ON.exec(text) ?? []) : [];
        inPem = PEM_BEGINS.test(text);
        const found = pem === undefined ? [] : [hit(PEM, `${path} ${pem}`)];
        for (const one of [...found, ...secretsIn(text, judges)])
          if (!reviewed.has(one.mark)) hits.set(`${one.mark} ${path}`, { ...one, commit, path });
      } else inPem = false;
    },
  };
}

/** So many are enough to know that something is wrong. */
const MAX_HITS = 200;
