#!/usr/bin/env bash
# Starts Callbridge behind a Cloudflare quick tunnel and prints what to paste into CloudTalk and GoHighLevel.
#
#   ./start-cloudtalk-webhooks.sh            addresses only
#   ./start-cloudtalk-webhooks.sh --bodies   with the bodies to paste
#
# A server that already runs (in DATA_DIR, or on PORT) is used and left running. Ctrl+C ends what was started here, and
# nothing else. For trying out: the address is another one at every start. See docs/webhooks.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

PORT="${PORT:-3000}"
DATA_DIR="${DATA_DIR:-./.data}"
tunnel_seconds_max=60
server_seconds_max=120

details=--brief
case "${1:-}" in
'') ;;
--bodies) details='' ;;
*)
  echo "usage: $0 [--bodies]" >&2
  exit 2
  ;;
esac

say() { printf '%s\n' "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

command -v node >/dev/null || fail "Node.js is not installed: https://nodejs.org (20 or newer)."
command -v cloudflared >/dev/null || fail "cloudflared is not installed: https://developers.cloudflare.com/cloudflare-one/connections/connect-networks/downloads/ (or: brew install cloudflared)."
command -v curl >/dev/null || fail "curl is not installed."

server_pid=''
tunnel_pid=''
mkdir -p "$DATA_DIR"
tunnel_log="$DATA_DIR/tunnel.log"
server_log="$DATA_DIR/server.log"

# Asks a child of ours to end, and waits until it has.
end() {
  [ -n "$1" ] || return 0
  kill -TERM "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}
finish() {
  trap - EXIT INT TERM
  end "$tunnel_pid"
  end "$server_pid"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The address of the installation that runs in DATA_DIR, if one does.
running_url() {
  node -e '
    const { pid, url } = JSON.parse(require("node:fs").readFileSync(process.argv[1] + "/runtime.json", "utf8"));
    process.kill(pid, 0);
    if (url) console.log(url);
  ' "$DATA_DIR" 2>/dev/null || true
}
answers() { curl --silent --fail --max-time 2 "$1/healthz" | grep -q '"status":"ok"'; }
is_taken() { (: </dev/tcp/127.0.0.1/"$PORT") 2>/dev/null; }

# What a wait is for has died, or takes too long: shows the end of its log.
give_up() {
  tail -n 20 "$2" >&2 || true
  fail "$1"
}

url="$(running_url)"
is_ours=''
if [ -n "$url" ] && answers "$url"; then
  say "Callbridge already runs at $url: it is used, and left running."
elif answers "http://localhost:$PORT"; then
  url="http://localhost:$PORT"
  say "A server already runs at $url: it is used, and left running."
else
  is_taken && fail "Port $PORT is taken by something else: set PORT to another one."
  url="http://localhost:$PORT"
  is_ours=yes
  node scripts/ensure-installed.mjs
fi

# The tunnel first: the server has to know its public address for the links it writes into the CRM.
say "Opening a tunnel to $url …"
cloudflared tunnel --no-autoupdate --url "$url" >"$tunnel_log" 2>&1 &
tunnel_pid=$!
public_url=''
for ((second = 0; second < tunnel_seconds_max; second++)); do
  public_url="$(grep -Eo 'https://[a-z0-9-]+\.trycloudflare\.com' "$tunnel_log" | grep -v '//api\.' | head -n 1 || true)"
  [ -n "$public_url" ] && break
  kill -0 "$tunnel_pid" 2>/dev/null || give_up "cloudflared ended without an address." "$tunnel_log"
  sleep 1
done
[ -n "$public_url" ] || give_up "cloudflared gave no address within $tunnel_seconds_max s." "$tunnel_log"

# Node.js as the project needs it comes with its packages.
export PATH="$PWD/node_modules/.bin:$PATH"
export PUBLIC_URL="$public_url" PORT DATA_DIR
if [ -n "$is_ours" ]; then
  say "Starting Callbridge …"
  node services/standalone/main.ts >"$server_log" 2>&1 &
  server_pid=$!
  for ((second = 0; second < server_seconds_max; second++)); do
    answers "$url" && break
    kill -0 "$server_pid" 2>/dev/null || give_up "Callbridge ended." "$server_log"
    sleep 1
  done
  answers "$url" || give_up "Callbridge did not answer within $server_seconds_max s." "$server_log"
fi

# shellcheck disable=SC2086 # empty means no word
node services/standalone/callbridge.ts webhooks $details
cat <<END

This address is new at every start: change it in both products then, or use a named tunnel and PUBLIC_URL.
END
[ -n "$is_ours" ] || say "The running server keeps its own PUBLIC_URL for the recording links that it writes."
say "The tunnel logs to $tunnel_log${is_ours:+, Callbridge to $server_log}. Ctrl+C ends what was started here."

while :; do
  kill -0 "$tunnel_pid" 2>/dev/null || give_up "The tunnel ended." "$tunnel_log"
  [ -z "$server_pid" ] || kill -0 "$server_pid" 2>/dev/null || give_up "Callbridge ended." "$server_log"
  sleep 1
done
