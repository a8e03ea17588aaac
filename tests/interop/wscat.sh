#!/usr/bin/env bash
# wscat as a client of Hubbub, run with a message to send and typed into at a terminal.
#
#   wscat.sh check URL PID        checks a server, last that it says goodbye when PID gets SIGTERM
#   wscat.sh meet URL ME OTHER…   stays in the lobby until everyone has been heard
set -euo pipefail
# Writing to a wscat that is gone is a failed check, not the end of this script.
trap '' PIPE

readonly deadline_seconds=20 session_seconds=60
wscat="$(dirname "${BASH_SOURCE[0]}")/node_modules/.bin/wscat"
readonly mode=$1 url=$2
# An input without an end, since wscat closes at the end of its input.
exec {silence}<> <(:)
shift 2

failures=0
# The wscat at the terminal, and one that was given its message.
terminal_pid='' terminal_out='' terminal_in=''
sender_pid='' sender_out=''

main() {
    if [[ $mode == meet ]]; then
        check "$1 heard $2 and $3 in the lobby" meet "$@"
    else
        check_all "$1"
    fi
    (( failures == 0 ))
}

check_all() {
    local pid=$1
    check 'a message on /relay comes back to its sender' answers '/relay?channel=wscat' hello
    check 'a message on /ws comes back to its sender' answers /ws hello
    check 'an echo is verbatim' answers /echo '  two  spaces  '
    check 'a message of 60,000 bytes comes back whole' answers /echo "$(letters 60000)"
    check 'the subprotocol hubbub is answered' answers /echo hello --subprotocol hubbub
    check 'no other subprotocol is answered' is_refused_another_subprotocol
    check 'two clients hear each other' hear_each_other
    check 'a ping is answered with its own payload' is_ponged
    check "the server's ping is received" is_pinged
    check "a client's close is answered with its own code and reason" \
        ends_with 'code: 4321, reason: "bye"' type_line '/close 4321 bye'
    check 'a message beyond 64 KiB closes with 1009' \
        ends_with 'code: 1009, reason: "message too large"' type_line "$(letters 70000)"
    check 'SIGTERM closes with 1001' \
        ends_with 'code: 1001, reason: "server going away"' kill -TERM "$pid"
}

answers() {
    local path=$1 message=$2
    send "$path" "$message" "${@:3}" && sender_hears "$message"
}

is_refused_another_subprotocol() {
    local said
    said=$(timeout "$deadline_seconds" "$wscat" -c "$url/echo" -s other 2>&1 <&"$silence" || true)
    [[ $said == *'no subprotocol'* ]]
}

hear_each_other() {
    open_terminal '/relay?channel=both' && send '/relay?channel=both' 'from the sender' &&
        terminal_shows '< from the sender' && sender_hears 'from the sender' &&
        type_line 'from the terminal' &&
        terminal_shows '< from the terminal' && sender_hears 'from the terminal'
}

is_ponged() {
    open_terminal /echo && type_line '/ping payload' && terminal_shows 'Received pong (data: "payload")'
}

is_pinged() {
    open_terminal /echo && terminal_shows 'Received ping (data: "")'
}

ends_with() {
    local ending=$1
    shift
    open_terminal '/relay?channel=end' && "$@" && terminal_shows "Disconnected ($ending)"
}

meet() {
    local me=$1 other
    local -A awaited=(["< $2 is here"]=1 ["< $3 is here"]=1)
    open_terminal /ws && type_line "$me is here" || return
    while (( ${#awaited[@]} > 0 )); do
        IFS= read -r -t "$deadline_seconds" -u "$terminal_out" line || return
        for other in "${!awaited[@]}"; do
            if [[ $line == *"$other"* ]]; then
                unset 'awaited[$other]'
                # Whoever came after us has not heard us yet.
                type_line "$me is here" || return
            fi
        done
    done
    # What was typed last has left once what is typed after it comes back.
    type_line "$me goes" && terminal_shows "< $me goes"
}

# Prints whether a command succeeds, and ends the clients that it has started.
check() {
    local sentence=$1
    shift
    line=''
    if "$@"; then
        printf 'ok %s\n' "$sentence"
    else
        printf 'not ok %s: the last line read was "%.200s"\n' "$sentence" "$line"
        failures=$((failures + 1))
    fi
    end_clients
}

# Starts a wscat that sends a message and then listens.
send() {
    local path=$1 message=$2
    exec {sender_out}< <(
        exec timeout "$session_seconds" "$wscat" -c "$url$path" -x "$message" -w -1 "${@:3}" <&"$silence" 2>&1
    )
    sender_pid=$!
}

sender_hears() {
    IFS= read -r -t "$deadline_seconds" -u "$sender_out" line && [[ $line == "$1" ]]
}

# Starts a wscat at a terminal, where it also says what becomes of the connection.
open_terminal() {
    local spawn='import pty, sys; pty.spawn(sys.argv[1:])'
    # A dumb terminal is one that the line being typed is not drawn on again and again.
    coproc TERMINAL {
        exec env TERM=dumb timeout "$session_seconds" \
            python3 -c "$spawn" "$wscat" --slash --show-ping-pong --no-color -c "$url$1"
    }
    terminal_pid=$TERMINAL_PID
    exec {terminal_out}<&"${TERMINAL[0]}" {terminal_in}>&"${TERMINAL[1]}"
    terminal_shows 'Connected'
}

type_line() {
    printf '%s\n' "$1" >&"$terminal_in"
}

terminal_shows() {
    while IFS= read -r -t "$deadline_seconds" -u "$terminal_out" line; do
        [[ $line != *"$1"* ]] || return 0
    done
    return 1
}

end_clients() {
    local pid
    for pid in $terminal_pid $sender_pid; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    [[ -z $terminal_out ]] || exec {terminal_out}<&- {terminal_in}>&-
    [[ -z $sender_out ]] || exec {sender_out}<&-
    terminal_pid='' terminal_out='' terminal_in='' sender_pid='' sender_out=''
}

letters() {
    printf '%*s' "$1" '' | tr ' ' x
}

trap end_clients EXIT
main "$@"
