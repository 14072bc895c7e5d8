/** Where a link or picture may lead. Read as browsers read it, so that no trick of spelling passes. */
const BLANK_ENDS = /^[\0-\u0020]+|[\0-\u0020]+$/g;
const LINE_BREAKS = /[\t\n\r]/g;
/** No address needs them; each has been read in two ways. */
const SUSPICIOUS = /[\0-\u0020\u007f-\u00a0\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\\]/;
const MAX_ADDRESS = 2048;

/** A place of this site: a path or a part of the page. Never "//host", "/\host" or anything that could be a scheme. */
const isLocal = (text: string): boolean => /^(\/(?!\/)|#)/.test(text);

/** The address as it may stand in a link; undefined for any that may not. */
export function linkAddress(value: string, protocols: readonly string[]): string | undefined {
  const text = value.replace(BLANK_ENDS, "").replace(LINE_BREAKS, "");
  if (text === "" || text.length > MAX_ADDRESS || SUSPICIOUS.test(text)) return undefined;
  if (isLocal(text)) return text;
  if (!/^[a-z][a-z0-9+.-]*:/i.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (!protocols.includes(url.protocol.slice(0, -1))) return undefined;
  // "https://bank.example@evil.example" leads to evil.example.
  if (url.username !== "" || url.password !== "") return undefined;
  if (/^https?:$/.test(url.protocol) && url.hostname === "") return undefined;
  return url.href.length > MAX_ADDRESS ? undefined : url.href;
}

/** Pictures come from this site alone: another would learn who reads, and when. */
export function pictureAddress(value: string): string | undefined {
  const text = value.replace(BLANK_ENDS, "").replace(LINE_BREAKS, "");
  return text.length <= MAX_ADDRESS && !SUSPICIOUS.test(text) && /^\/(?!\/)/.test(text) ? text : undefined;
}
