# --- The pools -------------------------------------------------------------------------------------------------------

# Who we are. Without credentials that AWS takes, nothing else is worth asking.
identity() {
  local before=() now=() lines answers=() unanswered question="sts:GetCallerIdentity $HOME_REGION 1 {}"
  [[ -z ${FILES[$question]-} ]] || answers=("${FILES[$question]}")
  lines 'answer.Account | texts'
  before=("${lines[@]}")
  ((${#answers[@]} == 0)) || cp -- "${answers[0]}" new.file
  ask sts:GetCallerIdentity "$HOME_REGION" '{}'
  lines 'answer.Account | texts'
  now=("${lines[@]}")
  ACCOUNT=${now[0]-}
  [[ $ACCOUNT =~ ^[0-9]*$ ]] || ACCOUNT=''
  if [[ -n ${before[0]-} && -n $ACCOUNT && ${before[0]} != "$ACCOUNT" ]]; then
    mv -f -- new.file "${FILES[$question]}"
    die "this folder holds answers of another account: name another folder"
  fi
  ((unanswered)) || return 0
  if grep -qE 'ExpiredToken|InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|Unable to locate credentials|Token has expired|retrieving token|config profile' "${FILES[$question]}"; then
    die "no usable AWS credentials: log in (aws sso login, aws login), or set AWS_PROFILE"
  fi
}

# The pools in scope, in POOLS. Every primary Region is listed once: the list says which pools have replicas where.
in_scope() {
  local lines answers unanswered pool region regions=()
  if ((ALL_POOLS)); then
    ask cognito-idp:ListUserPools "$HOME_REGION" '{}'
    lines 'answer.UserPools[]?.Id | texts | select(test("^[a-z0-9-]+_[A-Za-z0-9]+$"))'
    mapfile -t POOLS < <(printf '%s\n' "${lines[@]}" | sort -u | sed '/^$/d')
    say "${#lines[@]} user pools in $HOME_REGION"
  fi
  mapfile -t regions < <(printf '%s\n' "${POOLS[@]%%_*}" | sort -u)
  for region in "${regions[@]}"; do
    [[ -z $region ]] || ask cognito-idp:ListUserPools "$region" '{}'
  done
}

# pool ID: everything about a pool but its clients.
pool() {
  local id=$1 home=${1%%_*} self="{\"UserPoolId\":\"$1\"}" replica=0 secondary='' region lines line answers unanswered
  local described replicas replicas_unanswered providers key key_unanswered=0 saml arn there=() other
  ask cognito-idp:DescribeUserPool "$home" "$self"
  described=("${answers[@]}")
  ((!unanswered)) || leave "$home" 'DescribeUserPool of a pool was not answered' \
    cognito-idp:DescribeUserPoolDomain kms:DescribeKey kms:GetKeyPolicy
  ask cognito-idp:ListUserPoolReplicas "$home" "$self"
  replicas=("${answers[@]}") replicas_unanswered=$unanswered
  ask cognito-idp:GetUserPoolMfaConfig "$home" "$self"
  ask cognito-idp:ListIdentityProviders "$home" "$self"
  providers=("${answers[@]}")
  ask cognito-idp:ListUserImportJobs "$home" "$self"
  answers=("${described[@]}")
  lines 'answer.UserPool | .CustomDomain, .Domain | texts | {Domain: .} | tojson'
  for line in "${lines[@]}"; do
    ask cognito-idp:DescribeUserPoolDomain "$home" "$line"
    domain
  done
  # The pool's key, where it is.
  answers=("${described[@]}")
  lines 'answer.UserPool.KeyConfiguration.KmsKeyArn | texts | "\(split(":")[3] // "" | if . == "" then $home else . end) \({KeyId: .} | tojson)"' --arg home "$home"
  key=()
  for line in "${lines[@]}"; do
    key_of "${line%% *}" "${line#* }"
    key=("${answers[@]}") key_unanswered=$unanswered
    lines 'answer.KeyMetadata | select(.Origin == "AWS_KMS") | . as $key | .MultiRegionConfiguration.PrimaryKey
      | if (.Arn? | type) == "string" and (.Region? | type) == "string" then . else {Arn: $key.Arn, Region: $home} end
      | select(.Arn | type == "string") | "\(.Region) \({KeyId: .Arn} | tojson)"' --arg home "$home"
    for other in "${lines[@]}"; do
      ask kms:GetKeyRotationStatus "${other%% *}" "${other#* }"
    done
  done
  # Its replica Region: the option, else that of the replica, else the key's only other one.
  answers=("${replicas[@]}")
  lines '[answer.UserPoolReplicas[]? | select(.Role == "SECONDARY") | .RegionName | texts] | unique[]'
  there=("${lines[@]}")
  secondary=$(replica_region "$id")
  [[ -n $secondary ]] || secondary=${there[0]-}
  answers=("${key[@]}")
  lines 'answer.KeyMetadata.MultiRegionConfiguration | [.PrimaryKey?, .ReplicaKeys[]? | .Region? | texts] | unique[] | select(. != $home)' --arg home "$home"
  [[ -n $secondary || ${#lines[@]} != 1 ]] || secondary=${lines[0]}
  local relatives=" ${lines[*]} " is_primary_key=0
  [[ $secondary =~ ^[a-z0-9-]*$ ]] || secondary=''
  REGIONS+=("$home")
  [[ -z $secondary ]] || REGIONS+=("$secondary")
  if [[ -z $secondary ]]; then
    leave '' 'no replica Region is given or can be derived: say which with --replica-region' \
      cognito-idp:DescribeUserPool cognito-idp:GetUserPoolMfaConfig kms:DescribeKey kms:GetKeyPolicy
  elif [[ $secondary != "$home" && " ${there[*]} " == *" $secondary "* ]]; then
    replica=1
  elif [[ $secondary != "$home" ]] && ((replicas_unanswered)); then
    leave "$secondary" 'ListUserPoolReplicas of a pool was not answered' \
      cognito-idp:DescribeUserPool cognito-idp:GetUserPoolMfaConfig
  fi
  # The key's relative there, by its id: an ARN would name the primary Region's key.
  if ((${#key[@]})) && [[ $relatives == *" $secondary "* ]]; then
    answers=("${described[@]}")
    lines 'answer.UserPool.KeyConfiguration.KmsKeyArn | texts | split(":")[3] // ""'
    [[ ${lines[0]-} != "$secondary" ]] || is_primary_key=1
    answers=("${key[@]}")
    lines 'answer.KeyMetadata.KeyId | texts | {KeyId: .} | tojson'
    ((is_primary_key)) || for line in "${lines[@]}"; do key_of "$secondary" "$line"; done
  elif ((key_unanswered)) && [[ -n $secondary ]]; then
    leave "$secondary" "DescribeKey of a pool's key was not answered" kms:DescribeKey kms:GetKeyPolicy
  fi
  arn=$(arn_of "$id" "$home")
  if ((replica)); then
    ask cognito-idp:GetUserPoolMfaConfig "$secondary" "$self"
    ask cognito-idp:DescribeUserPool "$secondary" "$self"
    local in_replica=("${answers[@]}")
    triggers
    messages
    answers=("${providers[@]}")
    lines '[answer.Providers[]? | select(.ProviderType == "SAML")] | length'
    saml=${lines[0]-0}
    each cognito-idp:DescribeIdentityProvider "$home" "$PROVIDERS" --argjson pool "$self"
    for region in "$home" "$secondary"; do
      ask cognito-idp:GetLogDeliveryConfiguration "$region" "$self"
      ask cognito-idp:ListResourceServers "$region" "$self"
      if [[ -n $arn ]]; then
        ask cognito-idp:ListTagsForResource "$region" "{\"ResourceArn\":\"${arn/:$home:/:$region:}\"}"
        ask wafv2:GetWebACLForResource "$region" "{\"ResourceArn\":\"${arn/:$home:/:$region:}\"}"
      fi
      ((!saml)) || ask cognito-idp:GetSigningCertificate "$region" "$self"
    done
    ask cognito-idp:ListUserPoolClients "$secondary" "$self"
    each cognito-idp:DescribeUserPoolClient "$secondary" "$CLIENTS" --argjson pool "$self"
    ask cognito-idp:ListIdentityProviders "$secondary" "$self"
    each cognito-idp:DescribeIdentityProvider "$secondary" "$PROVIDERS" --argjson pool "$self"
    ask cloudwatch:DescribeAlarms "$secondary" '{}'
  fi
  ask cloudwatch:DescribeAlarms "$home" '{}'
  if [[ -n $secondary ]]; then
    in_region "$home"
    in_region "$secondary"
  fi
  operator
  users
  clients
}

CLIENTS='[answer.UserPoolClients[]?.ClientId | texts] | unique[] | {ClientId: .} + $pool'
PROVIDERS='[answer.Providers[]?.ProviderName | texts] | unique[] | {ProviderName: .} + $pool'

# arn_of POOL REGION: the pool's ARN, from its description, else from the account. Variables are those of `pool`.
arn_of() {
  local lines answers=("${described[@]}") partition=aws
  lines 'answer.UserPool.Arn | texts | select(test("^arn:[a-z-]+:cognito-idp:[a-z0-9-]+:[0-9]*:userpool/[A-Za-z0-9_-]+$"))'
  case $2 in
    cn-*) partition=aws-cn ;;
    us-gov-*) partition=aws-us-gov ;;
    eusc-*) partition=aws-eusc ;;
  esac
  if [[ -n ${lines[0]-} ]]; then
    printf '%s' "${lines[0]}"
  elif [[ $ACCOUNT =~ ^[0-9]+$ ]]; then
    printf 'arn:%s:cognito-idp:%s:%s:userpool/%s' "$partition" "$2" "$ACCOUNT" "$1"
  fi
}

# key_of REGION PARAMETERS: a key and its policy; `answers` are of the key.
key_of() {
  local policy
  policy=$(jq -c '. + {PolicyName: "default"}' <<<"$2")
  ask kms:GetKeyPolicy "$1" "$policy"
  ask kms:DescribeKey "$1" "$2"
}

# The certificate and the health check that the domain in `answers` names.
domain() {
  local named=("${answers[@]}")
  each acm:DescribeCertificate us-east-1 'answer.DomainDescription.CustomDomainConfig.CertificateArn
    | texts | select(split(":")[3] == "us-east-1") | {CertificateArn: .}'
  answers=("${named[@]}")
  health_checks 'answer.DomainDescription.Routing.Failover.PrimaryRoute53HealthCheckId | texts | {HealthCheckId: .} | tojson'
}

# health_checks FILTER: those that `answers` name, their children and their alarms.
health_checks() {
  local lines line check alarm
  lines "$1"
  for line in "${lines[@]}"; do
    [[ -z ${ASKED["route53:GetHealthCheck us-east-1 1 $line"]-} ]] || continue
    ask route53:GetHealthCheck us-east-1 "$line"
    ASKED["route53:GetHealthCheck us-east-1 1 $line"]=1
    check=("${answers[@]}")
    lines 'answer.HealthCheck.HealthCheckConfig.AlarmIdentifier | select((.Region | type) == "string" and (.Name | type) == "string" and .Name != "")
      | "\(.Region) \({AlarmNames: [.Name]} | tojson)"'
    for alarm in "${lines[@]}"; do
      ask cloudwatch:DescribeAlarms "${alarm%% *}" "${alarm#* }"
    done
    answers=("${check[@]}")
    health_checks 'answer.HealthCheck.HealthCheckConfig.ChildHealthChecks[]? | texts | {HealthCheckId: .} | tojson'
  done
}

# The functions that the replica names, and the key of its custom senders. Triggers of sign-up do nothing in a replica.
triggers() {
  local lines line sender=0
  answers=("${in_replica[@]}")
  lines 'answer.UserPool.LambdaConfig | objects | to_entries[] | select(.key | IN("PostConfirmation", "PreSignUp", "UserMigration") | not)
    | .key as $name | .value | if type == "object" then .LambdaArn else . end
    | . as $arn | arn_region("lambda") | "\(.) \($name) \({FunctionName: $arn} | tojson)"'
  for line in "${lines[@]}"; do
    local region=${line%% *} name=${line#* }
    ask lambda:GetFunctionConfiguration "$region" "${name#* }"
    ask lambda:GetPolicy "$region" "${name#* }"
    [[ ${name%% *} != Custom*Sender ]] || sender=1
  done
  ((sender)) || return 0
  answers=("${in_replica[@]}")
  lines 'answer.UserPool.LambdaConfig.KMSKeyID | . as $key | arn_region("kms") | "\(.) \({KeyId: $key} | tojson)"'
  for line in "${lines[@]}"; do
    ask kms:ListGrants "${line%% *}" "${line#* }"
    ask kms:GetKeyPolicy "${line%% *}" "$(jq -c '. + {PolicyName: "default"}' <<<"${line#* }")"
  done
}

IDENTITY='texts | split(":") | select(.[0] == "arn" and .[2] == "ses" and .[3] != "") | .[3] as $region | .[5:] | join(":")
  | select(startswith("identity/")) | .[9:] | texts | "\($region) \({EmailIdentity: .} | tojson)"'

# What sends the replica's mail and text messages.
messages() {
  local lines line region
  # A function of your own sends everything there is to send.
  answers=("${in_replica[@]}")
  lines "answer.UserPool | select(.LambdaConfig.CustomEmailSender // {} | length == 0) | .EmailConfiguration | . as \$mail
    | .SourceArn | $IDENTITY | \"\\(.)\\n\\(\$mail | {a: .EmailSendingAccount, s: .ConfigurationSet} | tojson)\""
  if ((${#lines[@]})); then
    region=${lines[0]%% *} line=${lines[1]}
    email_identity "$region" "${lines[0]#* }"
    if jq -e '.a == "DEVELOPER"' <<<"$line" >/dev/null; then
      ask sesv2:GetAccount "$region" '{}'
      line=$(jq -c '.s | strings | {ConfigurationSetName: .}' <<<"$line")
      [[ -z $line ]] || ask sesv2:GetConfigurationSet "$region" "$line"
    fi
  fi
  answers=("${in_replica[@]}")
  lines 'answer.UserPool | select(.LambdaConfig.CustomSMSSender // {} | length == 0) | .SmsConfiguration | objects
    | if (.EumsSms // {} | length) > 0 then {kind: "eums", role: .EumsSms.CallerArn, region: .EumsSms.Region}
      else {kind: "sns", role: .SnsCallerArn, region: (.SnsRegion // $secondary)} end
    | select((.role | type) == "string" and (.region | type) == "string")
    | "\(.kind) \(.region) \({RoleName: (.role | split(":role/")[1] // "" | split("/")[-1] // "")} | tojson)"' --arg secondary "$secondary"
  for line in "${lines[@]}"; do
    region=${line#* }
    [[ $line == *'{"RoleName":""}' ]] || ask iam:GetRole "$home" "${region#* }"
    region=${region%% *}
    if [[ $line == eums* ]]; then
      ask sms-voice:DescribeAccountAttributes "$region" '{}'
      ask sms-voice:DescribeSpendLimits "$region" '{}'
    else
      ask sns:GetSMSSandboxAccountStatus "$region" '{}'
      ask sns:GetSMSAttributes "$region" '{}'
    fi
  done
  notifies || return 0
  for region in "$home" "$secondary"; do
    risk "$region" "$self"
  done
}

# email_identity REGION PARAMETERS: an identity; what SES does not have is looked for above it.
email_identity() {
  local region=$1 parameters=$2
  while [[ -n $parameters ]]; do
    ask sesv2:GetEmailIdentity "$region" "$parameters"
    ((unanswered)) || return 0
    grep -qs '(NotFoundException)' "${FILES["sesv2:GetEmailIdentity $region 1 $parameters"]-}" || return 0
    parameters=$(jq -c '.EmailIdentity | (if contains("@") then split("@")[1:] | join("@") else split(".")[1:] | join(".") end)
      | select(contains(".")) | {EmailIdentity: .}' <<<"$parameters")
  done
}

# Whether threat protection is on, and the replica tells users of risks by mail.
notifies() {
  local lines
  ((replica)) || return 1
  answers=("${described[@]}")
  lines 'answer.UserPool.UserPoolAddOns.AdvancedSecurityMode | texts | select(. != "OFF")'
  ((${#lines[@]})) || return 1
  answers=("${in_replica[@]}")
  lines 'answer.UserPool.LambdaConfig.CustomEmailSender // {} | select(length > 0) | "own"'
  ((${#lines[@]} == 0))
}

# risk REGION PARAMETERS: threat protection, and for the replica the identity that tells of it.
risk() {
  local lines line
  ask cognito-idp:DescribeRiskConfiguration "$1" "$2"
  [[ $1 != "$home" ]] || return 0
  lines "answer.RiskConfiguration.AccountTakeoverRiskConfiguration.NotifyConfiguration.SourceArn | $IDENTITY"
  for line in "${lines[@]}"; do
    email_identity "${line%% *}" "${line#* }"
  done
}

# in_region REGION: what an account has once per Region.
in_region() {
  local category
  for category in UserAuthentication UserFederation UserToken; do
    ask cognito-idp:GetProvisionedLimit "$1" "{\"LimitDefinition\":{\"Attributes\":{\"Category\":\"$category\"},\"LimitClass\":\"API_CATEGORY\"}}"
  done
  ask 'cloudcontrol:ListResources AWS::EC2::VPCEndpoint' "$1" '{"TypeName":"AWS::EC2::VPCEndpoint"}'
  each 'cloudcontrol:GetResource AWS::EC2::VPCEndpoint' "$1" 'answer.ResourceDescriptions[]? | select((.Properties.ServiceName? | type) != "string")
    | .Identifier | texts | {Identifier: ., TypeName: "AWS::EC2::VPCEndpoint"}'
}

# What the role may do that will run the migration. IAM is asked in one place; the Region is part of the question.
operator() {
  [[ -n $OPERATOR ]] || return 0
  local simulated
  simulated=$(jq -cn --arg role "$OPERATOR" --arg region "$home" --arg arn "$arn" --argjson actions "$REPLICATE_ACTIONS" \
    '{ActionNames: $actions, ContextEntries: [{ContextKeyName: "aws:RequestedRegion", ContextKeyType: "string", ContextKeyValues: [$region]}],
      PolicySourceArn: $role, ResourceArns: [$arn]}')
  [[ -z $arn ]] || ask iam:SimulatePrincipalPolicy us-east-1 "$simulated"
  [[ -n $secondary ]] || return 0
  simulated=$(jq -c --arg region "$secondary" --argjson actions "$REPLICA_REGION_ACTIONS" \
    'del(.ResourceArns) | .ActionNames = $actions | .ContextEntries[0].ContextKeyValues = [$region]' <<<"$simulated")
  ask iam:SimulatePrincipalPolicy us-east-1 "$simulated"
}

# How many users need a write to sign in; of a user only the state is kept.
users() {
  local status
  if ! ((COUNT_USERS)); then
    leave "$home" '--count-users was not given: it counts users who need a write to sign in' cognito-idp:ListUsers
    return 0
  fi
  for status in FORCE_CHANGE_PASSWORD RESET_REQUIRED; do
    ask cognito-idp:ListUsers "$home" "{\"AttributesToGet\":[\"sub\"],\"Filter\":\"cognito:user_status = \\\"$status\\\"\",\"UserPoolId\":\"$id\"}"
  done
}

# The app clients, and threat protection of each.
clients() {
  local lines line region listed
  ask cognito-idp:ListUserPoolClients "$home" "$self"
  listed=("${answers[@]}")
  ((!unanswered)) || leave "$home" 'ListUserPoolClients of a pool was not answered in full' cognito-idp:DescribeUserPoolClient
  each cognito-idp:DescribeUserPoolClient "$home" "$CLIENTS" --argjson pool "$self"
  notifies || return 0
  answers=("${listed[@]}")
  lines "$CLIENTS | tojson" --argjson pool "$self"
  for line in "${lines[@]}"; do
    for region in "$home" "$secondary"; do
      risk "$region" "$line"
    done
  done
}
