#!/usr/bin/env bash
# What has to be seen at a live address after a deployment, by curl alone (the list of CHK-2):
#   test/checklists/post-deployment.sh https://hub.example
# CA=FILE                 trust this certificate authority
# HTTP_ORIGIN=ADDRESS     where plain HTTP is answered; default: the same host, port 80
# SESSION_SECONDS=60      the policy's idle time-out, where it is short enough to wait for; without it that step is left open
# LOAD=100 P95_MS=500     light load: so many requests, ten at a time, and how long 95 of 100 may take
# Status 0: every step holds; 1: one does not; 3: every step holds but those that were left open.
set -u
origin=${1:?"say which address, e.g. https://hub.example"}
host=${origin#https://}
http=${HTTP_ORIGIN:-http://${host%%:*}}
load=${LOAD:-100}
p95=${P95_MS:-500}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
jar=$work/cookies
curl=(curl -sS --max-time 20)
[ -n "${CA:-}" ] && curl+=(--cacert "$CA")
json='content-type: application/json'
user=check-$RANDOM$RANDOM$RANDOM
credentials="{\"username\":\"$user\",\"password\":\"harbour violet eleven spoons\"}"
open=0

fail() {
  echo "FAIL $1"
  [ -s "$work/head" ] && cat "$work/head"
  exit 1
}

# step NAME STATUS [PATTERN IN HEADERS AND BODY] -- CURL ARGUMENTS
step() {
  local name=$1 wanted=$2 pattern=$3 status
  shift 4
  status=$("${curl[@]}" -o "$work/body" -D "$work/head" -w '%{http_code}' -b "$jar" -c "$jar" "$@") || fail "$name: no answer"
  [[ $status =~ ^($wanted)$ ]] || fail "$name: $status, wanted $wanted"
  cat "$work/head" "$work/body" | tr -d '\r' | grep -qiE -- "$pattern" || fail "$name: nothing like \"$pattern\""
  echo "ok   $name: $status"
}

token() {
  step "$1" 200 csrf_token -- "$origin/csrf-token"
  token=$(sed -E 's/.*"csrf_token":"([^"]+)".*/\1/' "$work/body")
}

step "health" 200 '"status":"ok"' -- "$origin/health"
step "readiness" 200 '"status":"ok"' -- "$origin/ready"

# TLS and plain HTTP
"${curl[@]}" --tlsv1.2 --tls-max 1.2 -o /dev/null "$origin/health" || fail "TLS 1.2 is not spoken"
if "${curl[@]}" --tlsv1.0 --tls-max 1.1 --ciphers 'DEFAULT:@SECLEVEL=0' -o /dev/null "$origin/health" 2>"$work/tls"; then
  fail "TLS 1.1 is spoken"
fi
grep -qiE 'alert|protocol|version|handshake' "$work/tls" || fail "TLS 1.1 could not be tried: $(cat "$work/tls")"
echo "ok   TLS: 1.2 and no older"
step "plain HTTP leads to HTTPS" '301|308' "^location: $origin/" -- "$http/"
step "plain HTTP takes no sign-in" '3[0-9][0-9]|4[0-9][0-9]' '^HTTP/' -- -H "$json" -d "$credentials" "$http/api/login"
grep -qi '^set-cookie' "$work/head" && fail "plain HTTP sets a cookie"

# headers
for header in 'strict-transport-security: max-age=[0-9]{8,}' 'content-security-policy: .*(default|script)-src' \
  'x-content-type-options: nosniff' 'x-frame-options: deny' 'referrer-policy: ' 'permissions-policy: ' \
  'cross-origin-opener-policy: same-origin'; do
  step "header ${header%%:*}" 200 "^$header" -- "$origin/"
done

# register, sign in, profile
step "profile signed out" 401 'HTTP/' -- "$origin/api/profile"
step "register" 201 "$user" -- -H "$json" -d "$credentials" "$origin/api/register"
step "sign in with a wrong password" 401 'HTTP/' -- -H "$json" -d "{\"username\":\"$user\",\"password\":\"wrong\"}" "$origin/api/login"
step "sign in" 200 'HTTP/' -- -H "$json" -d "$credentials" "$origin/api/login"
cookie=$(tr -d '\r' <"$work/head" | grep -iE '^set-cookie: __Host-session=') || fail "no cookie __Host-session"
for flag in Secure HttpOnly SameSite=Lax Path=/; do
  grep -qiE "; *$flag(;|$)" <<<"$cookie" || fail "the session cookie has no $flag"
done
grep -qi 'domain=' <<<"$cookie" && fail "the session cookie has a Domain"
grep -q '^#HttpOnly_' "$jar" || fail "a browser would show the cookie to scripts"
echo "ok   cookie: __Host-, Secure, HttpOnly, SameSite=Lax, Path=/"
step "session check" 200 '"is_authenticated":true' -- "$origin/api/check_session"
step "profile" 200 "$user" -- "$origin/api/profile"

# CSRF
token "CSRF token"
change='{"display_name":"Checked","about_me":""}'
step "change with the token" 200 Checked -- -H "$json" -H "X-CSRFToken: $token" -d "$change" "$origin/api/profile"
step "change with a wrong token" '400|403' CSRF -- -H "$json" -H 'X-CSRFToken: wrong' -d "$change" "$origin/api/profile"
step "change without a token" '400|403' CSRF -- -H "$json" -d "$change" "$origin/api/profile"
step "change from another site" '400|403' CSRF -- -H "$json" -H "X-CSRFToken: $token" -H 'Origin: https://evil.example' \
  -H 'Sec-Fetch-Site: cross-site' -d "$change" "$origin/api/profile"

# session time-out, and sign-out
if [ -n "${SESSION_SECONDS:-}" ]; then
  echo "     waiting $((SESSION_SECONDS + 2)) s for the session to end"
  sleep $((SESSION_SECONDS + 2))
  step "session after its time" 401 '"is_authenticated":false' -- "$origin/api/check_session"
  step "profile after its time" 401 'HTTP/' -- "$origin/api/profile"
  step "sign in again" 200 'HTTP/' -- -H "$json" -d "$credentials" "$origin/api/login"
else
  echo "open session time-out: set SESSION_SECONDS"
  open=1
fi
cp "$jar" "$work/copy"
step "sign out" 200 'HTTP/' -- -X POST "$origin/api/logout"
step "session check signed out" 401 '"is_authenticated":false' -- "$origin/api/check_session"
jar=$work/copy
step "a copy of the cookie after sign-out" 401 '"is_authenticated":false' -- "$origin/api/check_session"
jar=$work/cookies

# light load
seq "$load" | xargs -P 10 -I{} "${curl[@]}" -o /dev/null -w '%{http_code} %{time_total}\n' "$origin/api/content" >"$work/load"
bad=$(grep -cv '^200 ' "$work/load")
[ "$(wc -l <"$work/load")" = "$load" ] && [ "$bad" = 0 ] || fail "light load: $bad of $load requests failed"
slow=$(cut -d' ' -f2 "$work/load" | sort -n | awk -v n="$load" 'NR == int((n * 95 + 99) / 100) { printf "%d", $1 * 1000 }')
[ "$slow" -le "$p95" ] || fail "light load: p95 is $slow ms, wanted $p95 at most"
echo "ok   light load: $load requests, none failed, p95 $slow ms"

# the rate limit, last: it is this address that is limited
for _ in $(seq 30); do
  status=$("${curl[@]}" -o "$work/body" -D "$work/head" -w '%{http_code}' -H "$json" \
    -d "{\"username\":\"nobody-$user\",\"password\":\"wrong\"}" "$origin/api/login") || fail "rate limit: no answer"
  [ "$status" = 429 ] && break
done
[ "$status" = 429 ] || fail "rate limit: thirty wrong sign-ins, and none was limited"
grep -qi '^retry-after: [0-9]' "$work/head" || fail "rate limit: 429 without Retry-After"
echo "ok   rate limit: 429 with Retry-After"

if [ "$open" = 1 ]; then
  echo "all steps hold but those that are open"
  exit 3
fi
echo "all steps hold"
