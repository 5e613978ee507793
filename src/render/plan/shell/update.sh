# --- Changing a pool, an app client or a domain ----------------------------------------------------------------------
#
# Cognito's Update… calls reset what they are not given. So each change begins with a describe taken now, changes just
# what its filter names, shows the difference, asks, and afterwards fails if anything else has changed.

# From a describe to the input of the update. Removed is what Describe returns and Update does not accept.
# UnusedAccountValidityDays excludes TemporaryPasswordValidityDays, which took its place.
MRR_INPUT_OF_POOL='.UserPool | .AdminCreateUserConfig.UnusedAccountValidityDays as $unused
| {UserPoolId: .Id, PoolName: .Name}
  + del(.Id, .Arn, .Name, .Status, .CreationDate, .LastModifiedDate, .SchemaAttributes, .AliasAttributes,
        .UsernameAttributes, .UsernameConfiguration, .EstimatedNumberOfUsers, .EmailConfigurationFailure,
        .SmsConfigurationFailure, .Domain, .CustomDomain, .AdminCreateUserConfig.UnusedAccountValidityDays)
| if $unused != null and .Policies.PasswordPolicy != null
     and .Policies.PasswordPolicy.TemporaryPasswordValidityDays == null
  then .Policies.PasswordPolicy.TemporaryPasswordValidityDays = $unused else . end'
MRR_INPUT_OF_CLIENT='.UserPoolClient | del(.ClientSecret, .ClientType, .CreationDate, .LastModifiedDate)'
MRR_INPUT_OF_DOMAIN='.DomainDescription | {Domain, UserPoolId, ManagedLoginVersion, CustomDomainConfig, Routing}
| with_entries(select(.value != null))'

# Two inputs that mean the same look the same: no order where there is none, nothing empty, defaults spelled out.
MRR_SAME='def same: walk(if type == "array" then sort
    elif type == "object" then with_entries(select(.value != null and .value != [] and .value != {})) else . end);
  def defaults: if has("PoolName") then .KeyConfiguration |= (. // {KeyType: "AWS_OWNED_KEY"})
    | .IssuerConfiguration |= (. // {Type: "ORIGINAL"}) else . end;'

# The API's answer about a pool, a client or a domain, as it is now. A client's secret goes no further than this pipe.
describe() {
  case $1 in
    pool) aws cognito-idp describe-user-pool --user-pool-id "$POOL_ID" --region "$2" ;;
    client)
      aws cognito-idp describe-user-pool-client --user-pool-id "$POOL_ID" --client-id "$3" --region "$2" |
        jq 'del(.UserPoolClient.ClientSecret)'
      ;;
    domain) aws cognito-idp describe-user-pool-domain --domain "$3" --region "$2" ;;
  esac
}

# Turns the describe in a file into the input of an update.
to_input() {
  case $1 in
    pool) jq -S "$MRR_INPUT_OF_POOL" "$2" ;;
    client) jq -S "$MRR_INPUT_OF_CLIENT" "$2" ;;
    domain) jq -S "$MRR_INPUT_OF_DOMAIN" "$2" ;;
  esac
}

# Sends an input. Standard output is dropped: the answer about a client holds its secret.
send() {
  case $1 in
    pool) aws cognito-idp update-user-pool --cli-input-json "file://$3" --region "$2" ;;
    client) aws cognito-idp update-user-pool-client --cli-input-json "file://$3" --region "$2" ;;
    domain) aws cognito-idp update-user-pool-domain --cli-input-json "file://$3" --region "$2" ;;
  esac >/dev/null
}

# Factors that UpdateUserPool does not carry, less what the change itself moves in this answer.
factors() {
  aws cognito-idp get-user-pool-mfa-config --user-pool-id "$POOL_ID" --region "$1" | jq -S .
}

# Whether two inputs mean the same.
means_the_same() {
  jq -n -e --slurpfile one "$1" --slurpfile other "$2" \
    "$MRR_SAME"' ($one[0] | defaults | same) == ($other[0] | defaults | same)' >/dev/null
}

# The difference of two inputs, for a terminal: what is not ASCII is escaped.
show_difference() {
  diff -u -L before -L after <(jq -S -a . "$1") <(jq -S -a . "$2") >&2 || true
}

# Sends the change; again, after a while, if somebody else was changing the pool, unless the pool is another by then.
send_patiently() {
  local kind=$1 region=$2 id=$3 folder=$4 try=1 error
  until error=$(send "$kind" "$region" "$folder/input.json" 2>&1); do
    [[ $error == *ConcurrentModificationException* ]] || die "not changed: $error"
    ((try < 6)) || die "not changed: somebody else keeps changing it: $error"
    say "somebody else is changing it; trying again"
    sleep "$((try * ${MRREADY_RETRY_SECONDS:-5}))"
    try=$((try + 1))
    still_the_same "$kind" "$region" "$id" "$folder"
  done
}

# Ends the step if the thing is no longer what the change was made from.
still_the_same() {
  local kind=$1 region=$2 id=$3 folder=$4
  describe "$kind" "$region" "$id" >"$folder/now.json"
  to_input "$kind" "$folder/now.json" >"$folder/now-input.json"
  means_the_same "$folder/base.json" "$folder/now-input.json" ||
    die "it has been changed by somebody else meanwhile, so nothing was sent: begin the step again"
}

# What this step has changed, member by member: as it was before its first change, and as it was sent last.
record_change() {
  local record=$1 folder=$2
  mkdir -p -- "${record%/*}"
  [[ -f $record ]] || printf '{}' >"$record"
  jq -S -n --slurpfile record "$record" --slurpfile base "$folder/base.json" --slurpfile input "$folder/input.json" '
    reduce ([$base[0], $input[0] | keys[]] | unique[]) as $member ($record[0];
      if $base[0][$member] == $input[0][$member] then .
      else .[$member] = {before: (if has($member) then .[$member].before else $base[0][$member] end),
                         sent: $input[0][$member]} end)' >"$record.new"
  mv -f -- "$record.new" "$record"
}

# change KIND REGION ID RECORD FILTER [jq options…]: the one way in which anything is updated.
change() {
  local kind=$1 region=$2 id=$3 record=$4 filter=$5 folder
  shift 5
  mkdir -p -- "$WORK/updates"
  folder=$(mktemp -d "$WORK/updates/$(date -u +%Y%m%dT%H%M%SZ)-$STEP_KEY-$kind-$region.XXXXXX")
  describe "$kind" "$region" "$id" >"$folder/before.json"
  to_input "$kind" "$folder/before.json" >"$folder/base.json"
  jq -S "$@" "$filter" "$folder/base.json" >"$folder/input.json"
  jq -n -e --slurpfile base "$folder/base.json" --slurpfile input "$folder/input.json" \
    '[$base[0], $input[0] | [.UserPoolId, .ClientId, .Domain]] | .[0] == .[1]' >/dev/null ||
    die "the change would go to another pool, client or domain"
  if means_the_same "$folder/base.json" "$folder/input.json"; then
    say "nothing to change: the $kind in $region is as wanted already"
    return 0
  fi
  if [[ $kind == pool ]]; then factors "$region" >"$folder/factors-before.json"; fi
  show_difference "$folder/base.json" "$folder/input.json"
  confirm "Send this change of the $kind ${id:-$POOL_ID} in $region?"
  still_the_same "$kind" "$region" "$id" "$folder"
  [[ -z $record ]] || record_change "$record" "$folder"
  send_patiently "$kind" "$region" "$id" "$folder"
  verify_change "$kind" "$region" "$id" "$folder"
  say "changed; before and after are kept in $folder"
}

# Describes again, until what was sent is what is there, and nothing else has changed.
verify_change() {
  local kind=$1 region=$2 id=$3 folder=$4 try
  for try in 1 2 3 4 5 6; do
    describe "$kind" "$region" "$id" >"$folder/after.json"
    to_input "$kind" "$folder/after.json" >"$folder/after-input.json"
    if means_the_same "$folder/input.json" "$folder/after-input.json"; then break; fi
    if ((try == 6)); then
      say "sent, and this is what is there instead:"
      show_difference "$folder/input.json" "$folder/after-input.json"
      die "the $kind in $region is not what was sent; before and after are in $folder"
    fi
    sleep "${MRREADY_RETRY_SECONDS:-5}"
  done
  [[ $kind == pool ]] || return 0
  factors "$region" >"$folder/factors-after.json"
  # A change of SmsConfiguration or MfaConfiguration shows in this answer too, and may.
  jq -n -e --slurpfile base "$folder/base.json" --slurpfile input "$folder/input.json" \
    --slurpfile before "$folder/factors-before.json" --slurpfile after "$folder/factors-after.json" '
    def kept: (if $base[0].SmsConfiguration != $input[0].SmsConfiguration
        then del(.SmsMfaConfiguration.SmsConfiguration) else . end)
      | (if $base[0].MfaConfiguration != $input[0].MfaConfiguration then del(.MfaConfiguration) else . end);
    ($before[0] | kept) == ($after[0] | kept)' >/dev/null && return 0
  show_difference "$folder/factors-before.json" "$folder/factors-after.json"
  die "the factors of sign-in have changed, which was not asked for; before and after are in $folder"
}

# Where the changes of this step are recorded.
record_of() {
  printf '%s/records/%s/%s.json' "$WORK" "$STEP_KEY" "${1//[^A-Za-z0-9._-]/_}"
}

# Puts back the members that this step has changed, in a describe taken now: what other steps did since stays. Refuses if
# one of them has been changed again.
put_back() {
  local kind=$1 region=$2 id=$3 record
  record=$(record_of "$kind-$region-$id")
  [[ -f $record ]] || die "this step has recorded no change of the $kind in $region"
  change "$kind" "$region" "$id" '' "$MRR_SAME"'
    def as_it_is($m): {(($m)): .[$m]} | same;
    reduce ($record[0] | to_entries[]) as $one (.;
      $one.key as $member
      | if as_it_is($member) == ({($member): $one.value.before} | same) then .
        elif as_it_is($member) != ({($member): $one.value.sent} | same)
        then error("\($member) has been changed again since: put it back by hand")
        elif $one.value.before != null then .[$member] = $one.value.before
        elif $member == "KeyConfiguration" then .[$member] = {KeyType: "AWS_OWNED_KEY"}
        elif $member == "IssuerConfiguration" then .[$member] = {Type: "ORIGINAL"}
        else del(.[$member]) end)' --slurpfile record "$record"
  mv -f -- "$record" "$record.put-back"
}

# describe_user_pool REGION: prints the pool as it is now.
describe_user_pool() { describe pool "$1"; }

# update_user_pool REGION FILTER [jq options…]
update_user_pool() { change pool "$1" '' "$(record_of "pool-$1-")" "${@:2}"; }

# update_user_pool_client CLIENT_ID FILTER [jq options…]: clients are written in the primary Region only.
update_user_pool_client() {
  change client "${MRR_REGIONS[0]}" "$1" "$(record_of "client-${MRR_REGIONS[0]}-$1")" "${@:2}"
}

# update_user_pool_domain DOMAIN FILTER [jq options…]
update_user_pool_domain() {
  change domain "${MRR_REGIONS[0]}" "$1" "$(record_of "domain-${MRR_REGIONS[0]}-$1")" "${@:2}"
}

# restore_user_pool REGION, restore_user_pool_client CLIENT_ID, restore_user_pool_domain DOMAIN: the ways back.
restore_user_pool() { put_back pool "$1" ''; }
restore_user_pool_client() { put_back client "${MRR_REGIONS[0]}" "$1"; }
restore_user_pool_domain() { put_back domain "${MRR_REGIONS[0]}" "$1"; }
