#!/usr/bin/env bash
# Redis: what a user's rights deny is told in another way where a script asks for it, and does not say what is denied.
#
# Outside of scripts the error begins with the code NOPERM and names the command ("ACL", redis.io). Within one, one would expect
# the same code at least. But a script gets the general ERR, and neither the command nor the user is named: a client that looks
# for NOPERM takes a right that is missing for a mistake in its script, and its operator does not learn which right to give.
set -euo pipefail
version=5:7.0.15-1~deb12u10
folder=$(mktemp -d)
server=
trap 'if [ -n "$server" ]; then kill "$server"; wait "$server" || true; fi; rm -rf "$folder"' EXIT
cd "$folder"
apt-get -qq download redis-server="$version" redis-tools="$version" \
  libatomic1 libjemalloc2 liblua5.1-0 liblzf1 lua-bitop lua-cjson 2>apt.log || { cat apt.log; exit 2; }
for package in *.deb; do dpkg -x "$package" tree; done
library=tree/usr/lib/$(uname -m)-linux-gnu
export LD_LIBRARY_PATH=$PWD/$library
tree/usr/bin/redis-server --port 0 --unixsocket "$PWD/socket" --save '' >redis.log &
server=$!
until [ -S socket ]; do kill -0 "$server"; sleep 0.05; done
ask() { tree/usr/bin/redis-cli -s socket --no-auth-warning "$@" 2>&1 | head -1; }
ask ACL SETUSER reader on '>secret' '~*' +get +eval >/dev/null
denied=$(ask --user reader --pass secret SET key value)
in_script=$(ask --user reader --pass secret EVAL 'return redis.call("SET", KEYS[1], "value")' 1 key)
echo "Redis $version"
echo "expected: NOPERM for both, with the name of the command"
echo "seen:     $denied"
echo "          $in_script"
grep -q '^NOPERM.*set' <<<"$denied"
grep -q '^ERR' <<<"$in_script"
! grep -qi "NOPERM\|'set'" <<<"$in_script"
