# Shared by the scripts of this folder: source it, do not run it.
# shellcheck shell=bash disable=SC2034  # variables are for the scripts that source this

set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
started_at=$SECONDS

# fail TEXT…: ends the script with a message.
fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# elapsed: the time since the script began, as m:ss.
elapsed() {
    local seconds=$((SECONDS - started_at))
    printf '%d:%02d' $((seconds / 60)) $((seconds % 60))
}

# step TEXT…: says what happens next, and when.
step() {
    printf '[%s] %s\n' "$(elapsed)" "$*"
}

# as_root COMMAND…: runs a command as root, through sudo where that is needed.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "this needs root, and there is no sudo: $*"
    fi
}

# need_packages NAME…: installs the Debian packages that are missing.
need_packages() {
    local missing=() name
    for name in "$@"; do
        if [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null || true)" != installed ]; then
            missing+=("$name")
        fi
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || fail "please install: ${missing[*]}"
    step "Installing Debian packages: ${missing[*]}"
    local log
    log=$(mktemp)
    if [ -z "${apt_is_updated:-}" ]; then
        as_root apt-get update -q >"$log" 2>&1 || { tail -n 20 "$log" >&2; fail "apt-get update failed"; }
        apt_is_updated=yes
    fi
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}" \
        >"$log" 2>&1 || { tail -n 20 "$log" >&2; fail "apt-get could not install ${missing[*]}"; }
    rm -f "$log"
}

# need_swift: puts a Swift toolchain of at least 6.2 on the PATH.
need_swift() {
    local folder
    for folder in /opt/swift/usr/bin "$HOME/.local/share/swiftly/bin" /usr/local/swift/usr/bin; do
        if ! command -v swift >/dev/null && [ -x "$folder/swift" ]; then
            PATH=$folder:$PATH
        fi
    done
    command -v swift >/dev/null || fail "no Swift toolchain on the PATH: install Swift 6.3 from https://www.swift.org/install"
    local version
    version=$(swift --version 2>/dev/null | grep -oE 'Swift version [0-9]+\.[0-9]+' | grep -oE '[0-9.]+$' || true)
    case $version in
    6.[2-9]* | [7-9].*) ;;
    *) fail "Swift 6.2 or later is needed; \`swift --version\` says ${version:-nothing}" ;;
    esac
}

# need_venv: a virtual environment in .venv with what tests/requirements.txt lists; sets `python`.
need_venv() {
    python=$repository/.venv/bin/python
    local wanted base=python3
    wanted=$(sha256sum <"$repository/tests/requirements.txt")
    if [ -x "$python" ] && [ "$(cat "$repository/.venv/installed" 2>/dev/null)" = "$wanted" ]; then
        return 0
    fi
    # Debian's Python comes without ensurepip; another Python on the PATH may have it.
    if ! python3 -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        need_packages python3 python3-venv
        base=/usr/bin/python3
    fi
    step "Installing Python packages into .venv"
    rm -rf "$repository/.venv"
    "$base" -m venv "$repository/.venv" || fail "cannot create $repository/.venv"
    "$python" -m pip install --quiet --disable-pip-version-check --requirement "$repository/tests/requirements.txt" ||
        fail "pip could not install tests/requirements.txt"
    printf '%s\n' "$wanted" >"$repository/.venv/installed"
}

# run_logged LOG COMMAND…: runs a command with its output in a file, and shows how far it is.
#
# On a terminal the latest line of progress is renewed in place; elsewhere one is printed every 30 seconds. When the
# command fails the end of its output is shown, and its status returned.
run_logged() {
    local log=$1 status=0 line last='' waited=0
    shift
    mkdir -p "$(dirname "$log")"
    "$@" >"$log" 2>&1 </dev/null &
    local pid=$!
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.5
        waited=$((waited + 1))
        line=$(tail -c 2000 "$log" | tr '\r' '\n' | grep -aE '^\[[0-9]+/[0-9]+\]|%\]$' | tail -n 1 | cut -c 1-100 || true)
        if [ -z "$line" ] || [ "$line" = "$last" ]; then continue; fi
        if [ -t 1 ]; then
            printf '\r\033[K    %s' "$line"
            last=$line
        elif [ $((waited % 60)) -eq 0 ]; then
            printf '    %s\n' "$line"
            last=$line
        fi
    done
    wait "$pid" || status=$?
    [ ! -t 1 ] || printf '\r\033[K'
    if [ "$status" -ne 0 ]; then
        printf '%s\n' "--- the end of $log" >&2
        tail -n "${LOG_LINES:-60}" "$log" >&2
        printf '%s\n' '---' >&2
    fi
    return "$status"
}

# build_release: builds the executable that the scripts run; sets `tern`. TERN_BINARY names one that exists instead.
build_release() {
    if [ -n "${TERN_BINARY:-}" ]; then
        [ -x "$TERN_BINARY" ] || fail "TERN_BINARY is no executable: $TERN_BINARY"
        tern=$TERN_BINARY
        return
    fi
    step "Building the release executable (the first build takes minutes)"
    (cd "$repository" && run_logged .build/logs/build-release.log swift build -c release --product tern) ||
        fail "the release build failed; the whole output is in .build/logs/build-release.log"
    tern=$repository/.build/release/tern
}
