# --- What every step may use: talking, values, AWS -------------------------------------------------------------------

# Text without what could steer a terminal: control characters and direction overrides become "?".
printable() {
  local text=$1 hidden
  for hidden in $'\xe2\x80\x8e' $'\xe2\x80\x8f' $'\xe2\x80\xaa' $'\xe2\x80\xab' $'\xe2\x80\xac' $'\xe2\x80\xad' \
    $'\xe2\x80\xae' $'\xe2\x81\xa6' $'\xe2\x81\xa7' $'\xe2\x81\xa8' $'\xe2\x81\xa9' $'\xd8\x9c' $'\xe2\x80\x8b'; do
    text=${text//"$hidden"/?}
  done
  local line out='' between=''
  while IFS= read -r line || [[ -n $line ]]; do
    # A second line is indented: it cannot pass for one of ours.
    out+=$between${line//[[:cntrl:]]/?}
    between=$'\n    '
  done <<<"$text"
  printf '%s' "$out"
}

# Says something to whoever runs the step; standard output stays free for data.
say() {
  local text
  text=$(printable "$*")
  printf '%s\n' "$text" >&2
}

# Says why it cannot go on, and ends.
die() {
  say "error: $*"
  exit 1
}

# Goes on only if the answer is yes. Without a terminal: only if the step was named on the command line.
confirm() {
  local answer=''
  if ((MRR_INTERACTIVE)); then
    printf '%s [yes/no] ' "$(printable "$*")" >&2
    IFS= read -r answer <&9 || true
    [[ $answer == yes ]] || die "not confirmed: stopped"
  elif ((MRR_NAMED)); then
    say "$* Yes: the step was named on the command line."
  else
    die "nobody is here to answer, and the step was not named on the command line: $*"
  fi
}

# The file of a value. What a step on one thing remembers is not seen by a step on another.
value_file() {
  [[ $2 =~ ^[A-Z][A-Z0-9_]*$ ]] || die "a value's name is written in capitals: $2"
  printf '%s/values/%s/%s' "$WORK" "$1" "$2"
}

# remember NAME VALUE: keeps a value for later steps.
remember() {
  local file
  file=$(value_file "$STEP_SCOPE" "$1")
  mkdir -p -- "${file%/*}"
  printf '%s' "$2" >"$file.new"
  mv -f -- "$file.new" "$file"
}

# recall NAME: prints what a step on the same thing remembered, else what a step on the pool did; fails if none did.
recall() {
  local scope file
  for scope in "$STEP_SCOPE" pool; do
    file=$(value_file "$scope" "$1")
    if [[ -f $file ]]; then
      cat -- "$file"
      return 0
    fi
  done
  die "no earlier step has remembered $1"
}

# wait_until SECONDS DESCRIPTION COMMAND…: asks again until the command succeeds; ends the step if it does not in time.
wait_until() {
  local seconds=$1 what=$2 begun=$SECONDS
  shift 2
  say "waiting until $what (at most $seconds s)"
  until "$@"; do
    ((SECONDS - begun < seconds)) || die "after $seconds s it was still not so that $what"
    sleep "${MRREADY_POLL_SECONDS:-10}"
  done
}

# Every call to AWS goes through here. It has to name its Region, and reads no files but the step's own: the AWS CLI
# puts the content of a file in the place of an argument file://…, and some arguments are names from the account.
aws() {
  local argument region=0
  for argument in "$@"; do
    case $argument in
      --region | --region=?*) region=1 ;;
      *file://*/../* | *fileb://*/../*) die "refused to have the AWS CLI read $argument" ;;
      file://"$WORK"/* | fileb://"$WORK"/* | --*=file://"$WORK"/* | --*=fileb://"$WORK"/*) ;;
      file:///dev/stdin | file:///dev/fd/* | --*=file:///dev/stdin | --*=file:///dev/fd/*) ;;
      file://* | fileb://* | --*=file://* | --*=fileb://*) die "refused to have the AWS CLI read $argument" ;;
    esac
  done
  ((region)) || die "an aws command does not name its --region: aws ${1-} ${2-}"
  command aws "$@"
}

# The programs have to be there and new enough: an older AWS CLI drops members that it does not know from what it reads,
# and a pool would lose them when it is written back.
check_tools() {
  local program version
  for program in aws jq diff mktemp date; do
    type -P "$program" >/dev/null || die "$program is needed and is not on PATH"
  done
  version=$(jq --version 2>&1) || true
  if ! [[ $version =~ ^jq-([0-9]+)\.([0-9]+) ]] || ((BASH_REMATCH[1] * 1000 + BASH_REMATCH[2] < 1006)); then
    die "jq 1.6 or later is needed, not ${version:-an unknown version}"
  fi
  version=$(command aws --version 2>&1) || true
  [[ $version =~ aws-cli/([0-9]+)\.([0-9]+)\.([0-9]+) ]] || die "the AWS CLI does not tell its version: $version"
  local number=$((BASH_REMATCH[1] * 1000000000 + BASH_REMATCH[2] * 10000 + BASH_REMATCH[3]))
  if ((number < 1000460000 || (number >= 2000000000 && number < 2000340058))); then
    die "AWS CLI 2.34.58 or later (or 1.46 or later) is needed, not ${version%% *}"
  fi
}

# The credentials have to be those of the pool's account, and the pool has to be there. The secondary Region is asked
# if the primary does not answer: some steps are for just that hour.
check_account_and_pool() {
  local region account='' found=''
  for region in "${MRR_REGIONS[@]}"; do
    account=$(aws sts get-caller-identity --region "$region" | jq -r '.Account // empty') || continue
    [[ $account == "$ACCOUNT_ID" ]] || die "these credentials are of account ${account:-unknown}, not of $ACCOUNT_ID"
    found=$(aws cognito-idp describe-user-pool --user-pool-id "$POOL_ID" --region "$region" | jq -r '.UserPool.Id // empty') || continue
    [[ $found == "$POOL_ID" ]] || die "asked for pool $POOL_ID, $region answered with ${found:-none}"
    [[ $region == "${MRR_REGIONS[0]}" ]] || say "${MRR_REGIONS[0]} does not answer; $region does"
    return 0
  done
  die "the pool $POOL_ID cannot be described with these credentials"
}
