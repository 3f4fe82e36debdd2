#!/usr/bin/env bash
# Deploys a whole deployment with the stock `cdk` command line into an emulator of AWS on this machine,
# compares it, destroys it, and fails when anything of it is left.
#
# Usage: scripts/deploy-and-destroy.sh [-f DEPLOYMENT] [OPTION OF standfast emulate]…
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ -z ${STANDFAST_PACKAGES:-} ]]; then
  [[ -x node_modules/.bin/cdk ]] || npm install --no-audit --no-fund --no-package-lock
  exec cargo run --quiet --bin standfast -- emulate --expect-teardown "$@" -- "$0"
fi

cdk=node_modules/.bin/cdk
outdir=$(mktemp -d)
trap 'rm -rf "$outdir"' EXIT
account=000000000000

step() { printf '\n== cdk %s\n' "$*" >&2; "$cdk" "$@"; }

step synth --quiet --output "$outdir"
step --app "$outdir" ls
regions=$(grep -ho "aws://$account/[a-z0-9-]*" "$outdir/manifest.json" | sort -u)
# shellcheck disable=SC2086 # one argument a region
step --app "$outdir" bootstrap $regions
step --app "$outdir" deploy '*' --require-approval never
step --app "$outdir" diff --fail
step --app "$outdir" destroy '*' --force
