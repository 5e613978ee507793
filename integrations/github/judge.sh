#!/usr/bin/env bash
# Runs `mrready audit` for action.yml: reports into a folder of their own, annotations on standard output, the summary of the
# job, and the exit code as an output. It does not fail by the verdict; the step after it does.
#
# Inputs come as INPUT_… variables, lists with an entry a line.
set -euo pipefail

folder=${RUNNER_TEMP:?}/mrready-reports
mkdir -p "$folder"
arguments=()

# `repeat --option LIST`: the option once for each line.
repeat() {
  local line
  while IFS= read -r line; do
    if [[ -n ${line//[[:space:]]/} ]]; then arguments+=("$1=$line"); fi
  done <<<"$2"
}

repeat --scan "${INPUT_SCAN-}"
repeat --config "${INPUT_CONFIG-}"
repeat --waivers "${INPUT_WAIVERS-}"
repeat --baseline "${INPUT_BASELINE-}"
repeat --gate "${INPUT_GATE-}"
repeat --fail-on "${INPUT_FAIL_ON-}"
repeat --annotate "${INPUT_ANNOTATE-}"
snapshots=()
while IFS= read -r line; do
  if [[ -n ${line//[[:space:]]/} ]]; then snapshots+=("$line"); fi
done <<<"${INPUT_SNAPSHOT-}"
if ((${#snapshots[@]} == 0)); then
  echo "::error::mrready: the input snapshot names no file"
  exit 2
fi

code=0
mrready audit "${arguments[@]}" --format github \
  -o "json=$folder/report.json" \
  -o "html=$folder/report.html" \
  -o "sarif-github=$folder/report.sarif" \
  -o "markdown=$folder/summary.md" \
  -- "${snapshots[@]}" || code=$?

{
  printf 'exit-code=%s\n' "$code"
  printf 'report=%s\n' "$folder/report.json"
  printf 'html=%s\n' "$folder/report.html"
  printf 'sarif=%s\n' "$folder/report.sarif"
} >>"${GITHUB_OUTPUT:?}"
if [[ -f $folder/summary.md ]]; then
  cat "$folder/summary.md" >>"${GITHUB_STEP_SUMMARY:?}"
fi
