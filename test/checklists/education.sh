#!/usr/bin/env bash
# The post-deployment steps of a course platform, by hand: test/checklists/education.sh http://127.0.0.1:3000
set -u
origin=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
jar=$work/cookies
user=check-$RANDOM$RANDOM
credentials="{\"username\":\"$user\",\"password\":\"harbour violet eleven spoons\"}"
json='content-type: application/json'

# step NAME STATUS [TEXT IN THE ANSWER] -- CURL ARGUMENTS
step() {
  local name=$1 wanted=$2 text=$3
  shift 4
  local status
  status=$(curl -s -o "$work/body" -D "$work/head" -w '%{http_code}' -b "$jar" -c "$jar" "$@")
  if [ "$status" != "$wanted" ] || ! cat "$work/head" "$work/body" | grep -qi -- "$text"; then
    echo "FAIL $name: $status, wanted $wanted with \"$text\""
    cat "$work/head" "$work/body"
    exit 1
  fi
  echo "ok   $name: $status"
}

step "health" 200 '"status":"ok"' -- "$origin/health"
step "content without sign-in" 200 '"items"' -- "$origin/api/content"
step "profile signed out" 401 AEGIS_ACCESS_SIGN_IN_REQUIRED -- "$origin/profile"
step "profile signed out, in a browser" 302 'location: /login' -- -H 'accept: text/html' "$origin/profile"
step "session check signed out" 401 '"is_authenticated":false' -- "$origin/api/check_session"
step "register" 201 "$user" -- -H "$json" -d "$credentials" "$origin/api/register"
step "wrong password" 401 AEGIS_SIGN_IN_FAILED -- -H "$json" -d "{\"username\":\"$user\",\"password\":\"wrong\"}" "$origin/api/login"
step "sign in" 200 'set-cookie: session=[A-Za-z0-9_-]\{43\}; Path=/; HttpOnly; SameSite=Lax' -- -H "$json" -d "$credentials" "$origin/api/login"
step "session check signed in" 200 '"is_authenticated":true' -- "$origin/api/check_session"
step "profile signed in" 200 '<div id="root">' -- "$origin/profile"
step "CSRF token" 200 csrf_token -- "$origin/csrf-token"
token=$(sed -E 's/.*"csrf_token":"([^"]+)".*/\1/' "$work/body")
change='{"display_name":"Checked","about_me":""}'
step "save with the token" 200 Checked -- -H "$json" -H "X-CSRFToken: $token" -d "$change" "$origin/api/profile"
step "save with a wrong token" 400 CSRF -- -H "$json" -H 'X-CSRFToken: wrong' -d "$change" "$origin/api/profile"
step "save without a token" 400 CSRF -- -H "$json" -d "$change" "$origin/api/profile"
step "save a form with the token" 200 Checked -- --data-urlencode "csrf_token=$token" -d display_name=Checked -d about_me= "$origin/api/profile"
step "extend the session" 200 idle_expires_at -- -X POST -H "X-CSRFToken: $token" "$origin/api/session/refresh"
step "own sessions" 200 '"current":true' -- "$origin/api/sessions"
cp "$jar" "$work/copy"
step "sign out" 200 clear-site-data -- -X POST "$origin/api/logout"
step "session check signed out again" 401 '"is_authenticated":false' -- "$origin/api/check_session"
jar=$work/copy
step "a copy of the cookie after sign-out" 401 '"is_authenticated":false' -- "$origin/api/check_session"
echo "all steps hold"
