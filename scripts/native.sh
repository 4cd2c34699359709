# Builds handlers, for the other scripts in this folder.
# shellcheck shell=bash disable=SC2034 # `class` is theirs

step() { printf '\n== %s\n' "$*"; }

need() {
    if ! command -v "$1" >/dev/null; then
        echo "$1 not found: install it ($2), and run this again" >&2
        exit 2
    fi
}

# The classes of the reference handlers.
declare -A class=([cpp]='{6D6F6273-796E-4E6F-8001-000000000001}' [c]='{6D6F6273-796E-4E6F-8001-000000000002}')

# handler OUT SOURCE FLAGS...: compiles a handler. The sanitizer's library is in the program, so it is not linked here.
handler() {
    local out="$1" source="$2"
    shift 2
    local compiler=("${CC:-cc}" -std=gnu11)
    if [[ $source == *.cpp ]]; then compiler=("${CXX:-c++}" -std=c++17); fi
    "${compiler[@]}" -g -O1 -fno-omit-frame-pointer -Wall -Wextra -fPIC -fvisibility=hidden -pthread -I include "$@" -c "$source" -o "$out.o"
    "${compiler[0]}" -shared -pthread "$out.o" -o "$out"
}
