# Sourced by ./run, ./test and .ci/run: progress lines, packages, the build.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
log=$root/build/setup.log

# fail TEXT: says what is wrong and shows the end of the log.
fail() {
  printf '\r\033[K%s\n' "$1" >&2
  if [ -s "$log" ]; then
    printf -- '--- the last lines of %s ---\n' "${log#"$root"/}" >&2
    tail -n "${2:-15}" "$log" >&2
  fi
  exit 1
}

# step NAME COMMAND...: one line with the time it took; what the command prints goes to the log.
step() {
  local name=$1 begin=$SECONDS
  shift
  [ -t 2 ] && printf '%s ...' "$name" >&2
  : > "$log"
  "$@" >> "$log" 2>&1 || fail "$name failed" 30
  [ -t 2 ] && printf '\r\033[K' >&2
  printf '%s: done (%d s)\n' "$name" $((SECONDS - begin)) >&2
}

# packages TIER...: the packages of these tiers that are not installed.
packages() {
  local names
  names=$(awk -v tiers=" $* " '!/^#/ && NF > 1 && index(tiers, " " $2 " ") { print $1 }' "$root/apt.txt")
  # A node from elsewhere does as well as Debian's.
  command -v node > /dev/null && command -v npm > /dev/null && names=$(grep -vxE 'nodejs|npm' <<< "$names")
  # shellcheck disable=SC2086
  dpkg-query -W -f='${Package} ${Status}\n' $names 2> /dev/null |
    awk '/ok installed$/ { print $1 }' | sort | comm -13 - <(sort <<< "$names")
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

install_packages() {
  local missing
  missing=$(packages "$@" | tr '\n' ' ')
  [ -z "${missing// /}" ] && return
  if [ "$(id -u)" != 0 ] && ! command -v sudo > /dev/null; then
    fail "These packages are missing and only root can install them: apt-get install $missing"
  fi
  step "Reading the package lists" as_root apt-get update
  # shellcheck disable=SC2086
  step "Installing $(wc -w <<< "$missing") packages" \
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing
}

# build PRESET TARGET... [-- CMAKE_OPTION...]: configures if needed and builds, with ninja's count as progress.
build() {
  local preset=$1 begin=$SECONDS targets=()
  shift
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    targets+=("$1")
    shift
  done
  [ $# -gt 0 ] && shift
  local dir=$root/build/$preset
  if [ ! -f "$dir/build.ninja" ] || [ $# -gt 0 ]; then
    step "Configuring ($preset)" cmake -S "$root" --preset "$preset" "$@"
  fi
  NINJA_STATUS='[%f/%t] ' ninja -C "$dir" "${targets[@]}" > "$log" 2>&1 &
  local ninja=$!
  if [ -t 2 ]; then
    tail -n +1 -f --pid=$ninja "$log" | grep --line-buffered -oE '^\[[0-9]+/[0-9]+\]' |
      while read -r count; do printf '\r\033[KBuilding %s' "$count" >&2; done
  fi
  wait $ninja || fail "The build failed" 40
  [ -t 2 ] && printf '\r\033[K' >&2
  grep -q 'no work to do' "$log" || printf 'Building %s: done (%d s)\n' "$preset" $((SECONDS - begin)) >&2
}

mkdir -p "$root/build"
