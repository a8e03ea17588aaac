#!/usr/bin/env bash
# curl as a client of Hubbub's plain HTTP.
#
#   curl.sh URL
set -euo pipefail

readonly url=$1
failures=0

main() {
    check '/healthz says ok' gets_body ok /healthz
    check 'the page is HTML with a content security policy' gets_headers '200 text/html content-security-policy:' /
    check 'the page is not sent again to one who has it' is_known
    check 'a HEAD is answered with the headers of the page' gets_headers '200 content-length:' / --head
    check '/metrics are in the text format of Prometheus' gets_line '# TYPE hubbub_connections gauge' /metrics
    check 'a path where nothing is gets 404, as JSON' gets_error 404 /nowhere
    check 'another method than GET and HEAD gets 405' gets_headers '405 allow:' / --request DELETE
    check 'a request with a body gets 413' gets_error 413 / --data body
    check 'a path that is too long gets 414' gets_error 414 "/$(letters 17000)"
    check 'a plain request of a WebSocket gets 426 and the version' \
        gets_headers '426 sec-websocket-version:' /relay
    check 'a header that is too long gets 431' gets_error 431 / --header "X-Long: $(letters 17000)"
    check 'an unusable name gets 400' gets_error 400 '/ws?name='
    check 'two requests share a connection' is_kept_alive
    check 'HTTP/1.0 is answered' gets_body ok /healthz --http1.0
    (( failures == 0 ))
}

gets_body() {
    said=$(get "$2" "${@:3}") && [[ $said == "$1" ]]
}

gets_line() {
    said=$(get "$2") && grep -qxF "$1" <<<"$said"
}

# The status and an error of the API's form.
gets_error() {
    said=$(get "$2" --write-out ' %{http_code}' "${@:3}") &&
        [[ $said == '{"error":{"code":"'*'","message":"'*'"}} '"$1" ]]
}

# All the words given occur in the status line and headers.
gets_headers() {
    local word
    said=$(get "$2" --dump-header - --output /dev/null "${@:3}") || return
    for word in $1; do
        [[ ${said,,} == *"$word"* ]] || return
    done
}

is_known() {
    local tag
    tag=$(get / --dump-header - --output /dev/null | tr -d '\r' | sed -n 's/^etag: //p') && [[ -n $tag ]] &&
        gets_headers 304 / --header "If-None-Match: $tag"
}

is_kept_alive() {
    said=$(get /healthz "$url/healthz" --write-out ' %{num_connects} ') && [[ $said == 'ok 1 ok 0 ' ]]
}

get() {
    curl --silent --show-error --max-time 20 "$url$1" "${@:2}" 2>&1
}

check() {
    local sentence=$1
    shift
    said=''
    if "$@"; then
        printf 'ok %s\n' "$sentence"
    else
        printf 'not ok %s: curl got "%.300s"\n' "$sentence" "$said"
        failures=$((failures + 1))
    fi
}

letters() {
    printf '%*s' "$1" '' | tr ' ' x
}

main
