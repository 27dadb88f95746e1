#!/usr/bin/env bash
# ./run.sh                       install what is missing, then serve the page on http://127.0.0.1:7860
# ./run.sh test                  the same, then linters, type checker and tests
# ./run.sh compose clip.mp4 -o out   (or any other sub-command of `python -m video2music`)
#
# VIDEO2MUSIC_TORCH=cpu          use PyTorch's CPU wheels (200 MB instead of several GB); set it for the first run
# VIDEO2MUSIC_VENV=FOLDER        where the virtual environment lives (default: .venv beside this file)
# VIDEO2MUSIC_SKIP_DEBIAN=1      do not look at Debian packages
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venv=${VIDEO2MUSIC_VENV:-$root/.venv}
command=${1:-app}

say() { printf '%s\n' "$*" >&2; }

debian_package_missing() {
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" != installed ]
}

find_python() {
  local name
  for name in python3.11 python3.12 python3.13 python3; do
    if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$name"
      return
    fi
  done
}

install_debian_packages() {
  [ -z "${VIDEO2MUSIC_SKIP_DEBIAN:-}" ] && command -v dpkg-query >/dev/null || return 0
  local wanted=() missing=() package python as_root
  mapfile -t wanted < <(cat "$@")
  for package in "${wanted[@]}"; do
    if debian_package_missing "$package"; then missing+=("$package"); fi
  done
  python=$(find_python)
  if [ -z "$python" ]; then
    missing+=(python3 python3-venv)
  elif ! "$python" -c 'import ensurepip' 2>/dev/null; then
    missing+=("$python-venv")
  fi
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" = 0 ]; then
    as_root=()
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo)
  else
    say "Some Debian packages are missing. Please run this line, then start again:"
    say "  sudo apt-get update && sudo apt-get install -y ${missing[*]}"
    say "(or set VIDEO2MUSIC_SKIP_DEBIAN=1 to go on without them)"
    exit 1
  fi
  say "Installing Debian packages: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq >&2
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

install_python_packages() {
  local stamp=$venv/.installed-$1 wanted options=() file
  shift
  wanted=$(cat "$@" | cksum)-${VIDEO2MUSIC_TORCH:-default}
  [ -x "$venv/bin/python" ] || "$(find_python)" -m venv "$venv"
  [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ] || return 0
  if [ "${VIDEO2MUSIC_TORCH:-}" = cpu ]; then
    options+=(--extra-index-url https://download.pytorch.org/whl/cpu)
    # The CPU build of the pinned release, whatever else the index offers.
    sed -n 's/^\(torch==[0-9.]*\).*/\1+cpu/p' "$root/requirements.txt" >"$venv/torch-cpu.txt"
    options+=(--constraint "$venv/torch-cpu.txt")
  fi
  for file in "$@"; do options+=(--requirement "$file"); done
  say "Installing Python packages into $venv (once; a few minutes)"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "${options[@]}" >&2
  printf '%s' "$wanted" >"$stamp"
}

export PYTHONPATH=$root${PYTHONPATH:+:$PYTHONPATH}

if [ "$command" = test ]; then
  shift
  install_debian_packages "$root/packages.txt" "$root/tests/packages.txt"
  install_python_packages test "$root/requirements.txt" "$root/tests/requirements.txt"
  cd "$root"
  "$venv/bin/ruff" check .
  "$venv/bin/ruff" format --check .
  "$venv/bin/mypy"
  exec "$venv/bin/python" -m pytest --numprocesses 2 --dist loadfile "$@"
fi

install_debian_packages "$root/packages.txt"
install_python_packages app "$root/requirements.txt"
case $command in
  app) exec "$venv/bin/python" "$root/app.py" "${@:2}" ;;
  -h | --help) sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" ;;
  -*) exec "$venv/bin/python" "$root/app.py" "$@" ;;
  *) exec "$venv/bin/python" -m video2music "$@" ;;
esac
