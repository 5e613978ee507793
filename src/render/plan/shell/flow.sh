# --- One step, from its conditions to its mark -----------------------------------------------------------------------
#
# A script registers its steps in MRR_STEPS (prefixes of functions), MRR_NAMES and MRR_POOLS, and calls main. Per step there is
# <prefix>_about, which sets its values, and, where there is something to run, <prefix>_run, _require, _check, _undo.

MRR_STAGE=''

usage() {
  say "usage: ${0##*/} [STEP] [option…]

Without a terminal the step has to be named. Options:
  --dry-run     print what would run, with its values; nothing is asked of AWS
  --check       run only the check of the step
  --undo        take the step back
  --done STEP   take STEP, which this one needs, as done; may be repeated
  --again       run the step though it is marked as done
  --list        list the steps and how they stand
  --pool ID     the pool, where the script is for several

What a step keeps (describes of before and after, values for later steps, marks) is in a private folder:
  ${MRREADY_WORK:-${XDG_STATE_HOME:-${HOME:-}/.local/state}/mrready}, which MRREADY_WORK changes."
}

# The private folder of the pool. Its name is made of an account and a pool id of the usual form only.
open_work() {
  [[ $ACCOUNT_ID =~ ^[0-9]{12}$ ]] || die "no account id: $ACCOUNT_ID"
  [[ $POOL_ID =~ ^[a-z0-9-]+_[0-9A-Za-z]+$ ]] || die "no pool id: $POOL_ID"
  WORK=${MRREADY_WORK:-${XDG_STATE_HOME:-${HOME:?}/.local/state}/mrready}/$ACCOUNT_ID/$POOL_ID
  [[ $WORK == /* ]] || WORK=$PWD/$WORK
  mkdir -p -- "$WORK"
  [[ -d $WORK && ! -L $WORK && -O $WORK ]] || die "$WORK is not a folder of your own"
  chmod 700 -- "$WORK"
  mkdir -p -- "$WORK/done" "$WORK/values"
}

is_done() { [[ -f $WORK/done/$1 ]]; }

# mark KEY HOW: remembers that a step is done, when, and how that is known.
mark() { printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$2" >"$WORK/done/$1"; }

# What the step needs has to be marked as done. STEP_NEEDS holds, per step: key, name, how it is done.
check_needs() {
  local index key name how taken missing=0
  for ((index = 0; index < ${#STEP_NEEDS[@]}; index += 3)); do
    key=${STEP_NEEDS[index]} name=${STEP_NEEDS[index + 1]} how=${STEP_NEEDS[index + 2]}
    is_done "$key" && continue
    for taken in ${MRR_TAKEN_AS_DONE[@]+"${MRR_TAKEN_AS_DONE[@]}"}; do
      if [[ $taken == "$name" ]]; then mark "$key" "taken as done on the command line"; fi
    done
    is_done "$key" && continue
    if [[ $how == 'by hand: '* ]] && ((MRR_INTERACTIVE)); then
      say "$name is needed, $how"
      confirm "Has $name been done?"
      mark "$key" "said by a person"
      continue
    fi
    say "$name has to be done before: $how"
    missing=1
  done
  ((missing == 0)) || die "not begun. A step done elsewhere is taken as done with --done STEP"
}

# What only a person has: from the environment, from an earlier step, from the evidence, or asked for.
# STEP_INPUTS holds, per value: name, what it is, what the evidence says.
fill_inputs() {
  local index name what evidence file scope from answer
  for ((index = 0; index < ${#STEP_INPUTS[@]}; index += 3)); do
    name=${STEP_INPUTS[index]} what=${STEP_INPUTS[index + 1]} evidence=${STEP_INPUTS[index + 2]}
    answer=${!name-} from='the environment'
    for scope in "$STEP_SCOPE" pool; do
      file=$(value_file "$scope" "$name")
      if [[ -z $answer && -f $file ]]; then answer=$(cat -- "$file") from='an earlier step'; fi
    done
    if [[ -z $answer && -n $evidence ]]; then answer=$evidence from='the evidence'; fi
    if [[ -z $answer ]] && ((MRR_INTERACTIVE)); then
      printf '%s (%s): ' "$name" "$(printable "$what")" >&2
      if [[ $name == *PASSWORD* || $name == *SECRET* ]]; then
        IFS= read -r -s answer <&9 || true
        printf '\n' >&2
      else
        IFS= read -r answer <&9 || true
      fi
      from='you'
    fi
    [[ -n $answer ]] || die "$name is needed: $what. Set it in the environment"
    printf -v "$name" '%s' "$answer"
    if [[ $name == *PASSWORD* || $name == *SECRET* ]]; then answer='(not shown)'; fi
    say "$name = $answer (from $from)"
  done
}

# Whatever ends a step early says where it stands.
ended() {
  local status=$?
  if ((status != 0)) && [[ -n $MRR_STAGE ]]; then
    say "$STEP ended while $MRR_STAGE; it is not marked as done. Read what is above before anything else is begun."
    if declare -F "${MRR_PREFIX}_undo" >/dev/null; then say "The way back: ${0##*/} $STEP --undo"; fi
  fi
  exit "$status"
}

# A command of a step failed: which one, as it is written.
failed() { say "line $1 failed: $2"; }

# Prints a step instead of running it.
print_step() {
  local index part
  printf '# %s\n' "$(printable "$STEP: $STEP_TITLE")"
  for part in ${STEP_VALUES[@]+"${STEP_VALUES[@]}"}; do printf '%s=%q\n' "$part" "${!part-}"; done
  for ((index = 0; index < ${#STEP_INPUTS[@]}; index += 3)); do
    printf '# input %s: %s\n' "${STEP_INPUTS[index]}" "$(printable "${STEP_INPUTS[index + 1]}")"
  done
  for part in require run check undo; do
    if declare -F "${MRR_PREFIX}_$part" >/dev/null; then declare -f "${MRR_PREFIX}_$part"; fi
  done
  [[ -z $STEP_MANUAL ]] || printf '# by hand: %s\n' "$(printable "$STEP_MANUAL")"
}

# Ready to ask AWS: programs, account, pool, values.
prepare() {
  MRR_STAGE='making ready (nothing was changed)'
  check_tools
  check_account_and_pool
  fill_inputs
}

run_step() {
  check_needs
  if is_done "$STEP_KEY" && ((MRR_AGAIN == 0)); then
    say "$STEP is done: $(<"$WORK/done/$STEP_KEY"). To run it once more: --again"
    return 0
  fi
  if ! declare -F "${MRR_PREFIX}_run" >/dev/null; then
    say "by hand: $STEP_MANUAL"
    confirm "Has $STEP been done?"
    mark "$STEP_KEY" "said by a person"
    return 0
  fi
  prepare
  if declare -F "${MRR_PREFIX}_require" >/dev/null; then
    MRR_STAGE='checking what it requires (nothing was changed)'
    "${MRR_PREFIX}_require"
  fi
  if [[ -n $STEP_NO_RETURN ]]; then say "THERE IS NO WAY BACK FROM HERE: $STEP_NO_RETURN"; fi
  confirm "Run $STEP now?"
  MRR_STAGE='running'
  "${MRR_PREFIX}_run"
  check_step
  mark "$STEP_KEY" "run by ${0##*/}"
  MRR_STAGE=''
  say "$STEP is done. What shows it: $STEP_VERIFY"
}

check_step() {
  declare -F "${MRR_PREFIX}_check" >/dev/null || return 0
  MRR_STAGE='checking the result'
  "${MRR_PREFIX}_check"
}

undo_step() {
  local index
  declare -F "${MRR_PREFIX}_undo" >/dev/null || die "$STEP has no command that takes it back. $STEP_ROLL_BACK"
  for ((index = 0; index < ${#STEP_NEEDED_BY[@]}; index += 2)); do
    if is_done "${STEP_NEEDED_BY[index]}"; then
      die "${STEP_NEEDED_BY[index + 1]} builds on it and is done: take that back first, or remove its mark, $WORK/done/${STEP_NEEDED_BY[index]}"
    fi
  done
  prepare
  confirm "Take $STEP back now? $STEP_ROLL_BACK"
  MRR_STAGE='taking it back'
  "${MRR_PREFIX}_undo"
  rm -f -- "$WORK/done/$STEP_KEY"
  MRR_STAGE=''
  say "$STEP is taken back"
}

# One step of MRR_STEPS, in a shell of its own: its values are gone after it.
perform() {
  MRR_PREFIX=$1
  "${MRR_PREFIX}_about"
  if [[ $MRR_MODE == dry-run ]]; then
    print_step
    return 0
  fi
  say "== $STEP: $STEP_TITLE
pool $MRR_POOL_LABEL; who: $STEP_WHO; risk: $STEP_RISK; users notice: $STEP_IMPACT"
  for index in ${STEP_ABORT_IF[@]+"${STEP_ABORT_IF[@]}"}; do say "   stop if: $index"; done
  open_work
  trap ended EXIT
  set -E
  trap 'failed "$LINENO" "$BASH_COMMAND"' ERR
  case $MRR_MODE in
    run) run_step ;;
    undo) undo_step ;;
    check)
      prepare
      check_step
      MRR_STAGE=''
      say "$STEP: the check passes"
      ;;
  esac
}

# How every step stands, one a line.
list_steps() {
  MRR_PREFIX=$1
  "${MRR_PREFIX}_about"
  open_work
  local how='to do'
  if is_done "$STEP_KEY"; then how="done $(<"$WORK/done/$STEP_KEY")"; fi
  say "$POOL_ID $STEP: $how"
}

# One step after the other, asking before each.
walk_through() {
  local index answer
  for index in "${!MRR_STEPS[@]}"; do
    (
      MRR_PREFIX=${MRR_STEPS[index]}
      "${MRR_PREFIX}_about"
      open_work
      is_done "$STEP_KEY"
    ) && continue
    say "next: ${MRR_NAMES[index]} of ${MRR_POOLS[index]}"
    printf 'run, skip or quit? [run/skip/quit] ' >&2
    IFS= read -r answer <&9 || answer=quit
    case $answer in
      run) (perform "${MRR_STEPS[index]}") ;;
      skip) ;;
      *) return 0 ;;
    esac
  done
}

main() {
  local wanted='' pool='' index chosen=()
  MRR_MODE=run MRR_AGAIN=0 MRR_NAMED=0 MRR_INTERACTIVE=0 MRR_TAKEN_AS_DONE=()
  umask 077
  # Answers come from here, whatever a step does with its standard input.
  exec 9<&0
  if [[ -t 0 ]]; then MRR_INTERACTIVE=1; fi
  # Pagers and prompts would wait for somebody; jq reads JSON.
  export AWS_PAGER='' AWS_CLI_AUTO_PROMPT=off AWS_DEFAULT_OUTPUT=json
  while (($#)); do
    case $1 in
      -h | --help) usage && return 0 ;;
      --dry-run | --undo | --check | --list) MRR_MODE=${1#--} ;;
      --again) MRR_AGAIN=1 ;;
      --done | --pool)
        (($# > 1)) || die "$1 needs a value"
        if [[ $1 == --done ]]; then MRR_TAKEN_AS_DONE+=("$2"); else pool=$2; fi
        shift
        ;;
      -*) die "no such option: $1 (see --help)" ;;
      *)
        [[ -z $wanted ]] || die "one step at a time: $wanted, $1"
        wanted=$1
        ;;
    esac
    shift
  done
  for index in "${!MRR_STEPS[@]}"; do
    if [[ (-z $pool || ${MRR_POOLS[index]} == "$pool") && (-z $wanted || ${MRR_NAMES[index]} == "$wanted") ]]; then
      chosen+=("$index")
    fi
  done
  ((${#chosen[@]})) || die "no such step: ${wanted:-(any)} of ${pool:-any pool}; --list shows them"
  if [[ $MRR_MODE == list || $MRR_MODE == dry-run ]]; then
    for index in "${chosen[@]}"; do
      if [[ $MRR_MODE == list ]]; then (list_steps "${MRR_STEPS[index]}"); else (perform "${MRR_STEPS[index]}"); fi
    done
    return 0
  fi
  if [[ -n $wanted ]]; then
    ((${#chosen[@]} == 1)) || die "$wanted is a step of several pools: say --pool"
    MRR_NAMED=1
  elif ((MRR_INTERACTIVE == 0)); then
    die "without a terminal the step has to be named: ${0##*/} ${MRR_NAMES[chosen[0]]} (see --help)"
  elif ((${#MRR_STEPS[@]} > 1)); then
    [[ $MRR_MODE == run ]] || die "say which step"
    walk_through
    return 0
  fi
  (perform "${MRR_STEPS[chosen[0]]}")
}
