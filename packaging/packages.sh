# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# The Debian packages that mailhaul needs. packaging/quickstart and tests/run source this file.
# An entry PACKAGE:COMMAND also counts as present if the command exists, wherever it comes from.

# shellcheck disable=SC2034  # used where this file is sourced
build_packages=(g++:g++ cmake:cmake ninja-build:ninja libcurl4-openssl-dev libssl-dev libsqlite3-dev
  libcli11-dev nlohmann-json3-dev libc-ares-dev libpugixml-dev ca-certificates)

# shellcheck disable=SC2034
test_packages=(doctest-dev dbus-daemon:dbus-run-session python3:python3 openssl:openssl dovecot-pop3d procmail
  maildrop mutt strace:strace fetchmail getmail6 mpop mandoc:mandoc liblockfile-bin:dotlockfile shellcheck:shellcheck
  zsh:zsh fish:fish python3-pyte jq:jq systemd:systemd-analyze spin:spin gcc:gcc clang:clang++ libclang-rt-dev)

# clang-format and clang-tidy must be version 14, as in Debian 12. With another version these tests are skipped.
if grep -qs '^VERSION_CODENAME=bookworm' /etc/os-release; then
  test_packages+=(clang-format-14 clang-tidy-14)
fi

# shellcheck disable=SC2034
bench_packages=(doctest-dev python3:python3 openssl:openssl strace:strace procmail dovecot-pop3d fetchmail getmail6 mpop)

# Debian 13 has no fdm: there the tests with it are skipped, and the benchmark goes without it.
if ! grep -qs '^VERSION_CODENAME=trixie' /etc/os-release; then
  test_packages+=(fdm)
  bench_packages+=(fdm)
fi

is_present() {                                         # ENTRY
  local package=${1%%:*} command=${1#*:}
  if [ "$command" != "$1" ] && command -v "$command" >/dev/null; then return 0; fi
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ]
}

# Installs the entries that are missing, after saying so. Ends the script if that is not possible.
install_missing() {                                    # WHAT-FOR ENTRY...
  local what_for=$1 entry missing=() as_root=()
  shift
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    cat >&2 <<END
This is neither Debian nor Ubuntu. Please install what corresponds to these Debian packages:
  ${*%%:*}
(libcurl 7.88, OpenSSL 3.0, SQLite 3.40, CLI11 2.1, nlohmann/json 3.11, c-ares 1.18, pugixml 1.13,
CMake 3.25, g++ 12, or later), then run this again with --no-install.
END
    exit 1
  fi
  for entry in "$@"; do
    is_present "$entry" || missing+=("${entry%%:*}")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "To $what_for, these packages will be installed, with their dependencies:"
  echo "  ${missing[*]}"
  case " ${missing[*]} " in
    *' dovecot-pop3d '*) echo '(The Dovecot package also starts a Dovecot server: systemctl disable --now dovecot stops it.)' ;;
  esac
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "sudo is not installed. Please run as root: apt-get install ${missing[*]}" >&2
      exit 1
    fi
    as_root=(sudo)
  fi
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq)
  "${apt[@]}" update || echo "The package lists could not be updated; continuing with the existing ones." >&2
  "${apt[@]}" install -y --no-install-recommends "${missing[@]}" </dev/null >/dev/null
}

# Configures a build tree. A new tree uses Ninja and ccache if they are installed; an old one keeps its choice.
configure() {                                          # SOURCE TREE CMAKE-OPTION...
  local source=$1 tree=$2 choice=()
  shift 2
  if [ ! -e "$tree/CMakeCache.txt" ]; then
    if command -v ninja >/dev/null; then choice+=(-G Ninja); fi
    if command -v ccache >/dev/null; then choice+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
  fi
  cmake --log-level=WARNING -S "$source" -B "$tree" "${choice[@]}" "$@" >/dev/null
}
