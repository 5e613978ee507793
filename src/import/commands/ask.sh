# --- Asking: every call goes through `ask`, and what comes of it into a file of its own ------------------------------

say() { printf 'collect: %s\n' "$*" >&2; }

die() {
  say "$*"
  exit 2
}

# The AWS CLI has to know the operations of multi-Region replication; bash 4.4 and jq 1.6 are what this script is written in.
check_tools() {
  local program version
  ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 404)) || die "bash 4.4 or later is needed, not $BASH_VERSION"
  for program in aws jq; do
    type -P "$program" >/dev/null || die "$program is needed and is not on PATH"
  done
  version=$(jq --version 2>&1) || true
  if ! [[ $version =~ ^jq-([0-9]+)\.([0-9]+) ]] || ((BASH_REMATCH[1] * 1000 + BASH_REMATCH[2] < 1006)); then
    die "jq 1.6 or later is needed"
  fi
  CLI=$(aws --version 2>&1) || true
  CLI=${CLI%% *}
  [[ $CLI =~ ^aws-cli/([0-9]+)\.([0-9]+)\.([0-9]+)$ ]] || die "the AWS CLI does not tell its version"
  local number=$((BASH_REMATCH[1] * 1000000000 + BASH_REMATCH[2] * 10000 + BASH_REMATCH[3]))
  if ((number < 1000460000 || (number >= 2000000000 && number < 2000340058))); then
    die "AWS CLI 2.34.58 or later (or 1.46 or later) is needed, not $CLI"
  fi
}

# put FILE: standard input as a file that appears whole or not at all.
put() {
  cat >new.file
  mv -f -- new.file "$1"
}

# Answers by question: the file, whether it holds an answer, and whether this run has asked.
declare -A FILES=() ANSWERED=() ASKED=()
NUMBER=0

# begin FOLDER: goes there and looks what an earlier run has brought. Who we are is asked again.
begin() {
  local file code question
  mkdir -p -- "$1/calls"
  cd -- "$1"
  if [[ -f scope.json && $(<scope.json) != "$SCOPE" ]]; then
    die "this folder holds answers that another script asked for: name another folder"
  fi
  put scope.json <<<"$SCOPE"
  rm -f -- end.json left.jsonl
  local files=(calls/*.json)
  [[ -e ${files[0]} ]] || return 0
  # What is not a whole record is skipped here, and asked for again.
  while IFS=$'\t' read -r file code question; do
    FILES[$question]=$file
    [[ $code != 0 || $question == sts:* ]] || ANSWERED[$question]=1
    if [[ $file =~ ([1-9][0-9]*)\.json$ ]] && ((BASH_REMATCH[1] > NUMBER)); then
      NUMBER=${BASH_REMATCH[1]}
    fi
  done < <(jq -rR 'fromjson? | "\(input_filename)\t\(if has("answer") then .exit else 1 end)\t\(.call) \(.region) \(.page) \(.parameters | tojson)"' "${files[@]}")
  say "${#ANSWERED[@]} answers are there already"
  local known=" ${FILES[*]} "
  for file in "${files[@]}"; do
    [[ $known == *" $file "* ]] || rm -f -- "$file"
  done
}

# What is kept of an answer, where a query cannot say it: of Cloud Control's text, and of text that is searched only what
# could be an issuer. What is dropped leaves its name.
SIEVE='
  def sieve($keep):
    if . == null or $keep == true then .
    elif $keep == "text" then if tojson | ascii_downcase | contains("cognito-idp") then . else "" end
    elif type == "array" then if $keep | has("*") then map(sieve($keep["*"])) else "" end
    elif type == "object" then with_entries(.key as $name | .value |=
      if $keep | has("*") then sieve($keep["*"])
      elif $keep | has($name) then sieve($keep[$name])
      elif $name == "_" and type == "array" then .
      else "" end)
    else "" end;
  def unpack: if type == "object" and (.Properties | type) == "string"
    then . + {Properties: (.Properties | try fromjson catch "")} else . end;
  def unpacked: if has("ResourceDescription") then . + {ResourceDescription: (.ResourceDescription | unpack)}
    elif has("ResourceDescriptions") then . + {ResourceDescriptions: ((.ResourceDescriptions // []) | map(unpack))}
    else . end;
'

# ask CALL REGION PARAMETERS: asks once; an answer that is there is not asked for again. The records of the answer are in
# `answers`, a page each; `unanswered` is 1 if it did not come in full.
ask() {
  local call=$1 region=$2 parameters=$3 page=1 token='' file='' cli=() also=()
  answers=() unanswered=1
  # A Region that came from AWS becomes part of a host name; parameters are JSON, and nothing that the AWS CLI would read.
  [[ $region =~ ^[a-z0-9-]+$ && $parameters == '{'*'}' ]] || return 0
  read -r -a cli <<<"${SPELLED[$call]}"
  read -r -a also <<<"${ALSO[$call]-}"
  # More pages than this are a server that does not end.
  while ((page <= 1000)); do
    fetch || return 0
    answers+=("$file")
    [[ -z ${PAGED[$call]-} ]] || token=$(jq -r --arg name "${PAGED[$call]}" '.answer[$name] // ""' "$file")
    if [[ -z $token ]]; then
      unanswered=0
      return 0
    fi
    page=$((page + 1))
  done
}

# One call, or its answer from before; sets `file`. Variables are those of `ask`.
fetch() {
  local question="$call $region $page $parameters" input=$parameters codes
  file=${FILES[$question]-}
  [[ -z ${ANSWERED[$question]-} ]] || return 0
  [[ -z ${ASKED[$question]-} ]] || return 1
  ASKED[$question]=1
  if [[ -z $file ]]; then
    NUMBER=$((NUMBER + 1))
    printf -v file 'calls/%06d.json' "$NUMBER"
    FILES[$question]=$file
  fi
  [[ -z $token ]] || input=$(jq -cn --argjson of "$parameters" --arg name "${PAGED[$call]}" --arg token "$token" '$of + {($name): $token}')
  say "$call in $region"
  local about=(--arg call "$call" --arg region "$region" --argjson page "$page" --argjson parameters "$parameters")
  local record='{call: $call, region: $region, page: $page, parameters: $parameters, time: (now | todate), exit: $exit}'
  if aws "${OPTIONS[@]}" "${cli[@]:0:2}" "${also[@]}" --region "$region" --cli-input-json "$input" \
    --query "${cli[2]}" --output json 2>new.error </dev/null |
    jq -c "${about[@]}" --argjson exit 0 --argjson keep "${KEPT[$call]-true}" \
      "$SIEVE $record + {answer: ((if type == \"object\" then unpacked else . end) | sieve(\$keep))}" >new.answer; then
    codes=(0 0)
  else
    codes=("${PIPESTATUS[@]}")
  fi
  if [[ ${codes[0]} == 0 && ${codes[1]} == 0 && -s new.answer ]]; then
    mv -f -- new.answer "$file"
    ANSWERED[$question]=1
    rm -f -- new.error
    return 0
  fi
  jq -cn "${about[@]}" --argjson exit "${codes[0]}" --rawfile error new.error "$record + {error: \$error}" | put "$file"
  rm -f -- new.answer new.error
  return 1
}

# What AWS's answers hold is read by jq and goes on as JSON: no name of an account is ever a word of this script.
LIB='
  def answer: .[].answer;
  def texts: select(type == "string" and . != "");
  def arn_region($service): texts | split(":") | select(.[0] == "arn" and .[2] == $service) | .[3] // "" | texts;
'

# lines FILTER [JQ OPTION…]: what a filter makes of `answers`, a line each, in the array `lines`.
lines() {
  local filter=$1
  shift
  lines=()
  ((${#answers[@]})) || return 0
  mapfile -t lines < <(jq -rs "$@" "$LIB $filter" "${answers[@]}")
}

# each CALL REGION FILTER [JQ OPTION…]: asks for each of the parameters that a filter makes of `answers`.
each() {
  local call=$1 region=$2 filter=$3 parameters lines
  shift 3
  lines "$filter | tojson" "$@"
  for parameters in "${lines[@]}"; do
    ask "$call" "$region" "$parameters"
  done
}

# leave REGION WHY CALL…: notes calls that are not made.
leave() {
  local region=$1 why=$2 call
  shift 2
  for call in "$@"; do
    printf '{"region":"%s","call":"%s","why":"%s"}\n' "$region" "$call" "$why" >>left.jsonl
  done
}
