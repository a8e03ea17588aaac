# Sourced: ends what a script has started.

readonly mercy_seconds=5 rounds=4

# Ends by its id whatever this script has started and still runs, since not everything stays in the process group that it was
# started in. From then on signals change nothing, so that what is left to do at the end is done.
end_descendants() {
    local tries
    trap '' HUP INT TERM
    signal_descendants TERM
    for (( tries = mercy_seconds * 10; tries > 0; tries-- )); do
        [[ -n $(descendants $$) ]] || return 0
        sleep 0.1
    done
    # Among these may be some that were started in answer to the first signal.
    signal_descendants KILL
}

# Sends a signal to all of them at once.
signal_descendants() {
    local running round
    # Whoever is stopped starts nothing more, and is still the parent of what it started until then: the next round finds that.
    # Those that have ended meanwhile are no matter.
    for (( round = 0; round < rounds; round++ )); do
        running=$(descendants $$)
        kill -STOP $running 2>/dev/null || true
    done
    kill "-$1" $running 2>/dev/null || true
    kill -CONT $running 2>/dev/null || true
}

# Prints the ids of all processes that come from one and have not ended, but for the one that asks (proc(5), `stat`: id, name,
# state, parent).
descendants() {
    local child parent next
    local -A children=()
    while read -r child parent; do
        (( child == BASHPID )) || children[$parent]+=" $child"
    done < <(sed -n 's/^\([0-9]*\) (.*) [^ZX] \([0-9]*\) .*/\1 \2/p' /proc/[0-9]*/stat 2>/dev/null)
    local found=("$1")
    for (( next = 0; next < ${#found[@]}; next++ )); do
        found+=(${children[${found[next]}]:-})
    done
    printf '%s' "${found[*]:1}"
}
