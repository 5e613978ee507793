# --- Who takes tokens ------------------------------------------------------------------------------------------------

# consumers REGION: APIs, stacks, resources, and what is searched for issuers.
consumers() {
  local region=$1 apis lines answers unanswered type
  ask apigateway:GetRestApis "$region" '{}'
  ((!unanswered)) || leave "$region" 'GetRestApis was not answered in full' apigateway:GetAuthorizers
  each apigateway:GetAuthorizers "$region" '[answer.items[]?.id | texts] | unique[] | {restApiId: .}'
  # WebSocket APIs take no JWT authorizer.
  ask apigatewayv2:GetApis "$region" '{}'
  ((!unanswered)) || leave "$region" 'GetApis was not answered in full' apigatewayv2:GetAuthorizers apigatewayv2:GetRoutes
  apis=("${answers[@]}")
  local filter='[answer.Items[]? | select(.ProtocolType != "WEBSOCKET") | .ApiId | texts] | unique[] | {ApiId: .}'
  each apigatewayv2:GetAuthorizers "$region" "$filter"
  answers=("${apis[@]}")
  each apigatewayv2:GetRoutes "$region" "$filter"
  stacks
  for type in "${ROOTS[@]}"; do
    resources "$type" "$region" "{\"TypeName\":\"$type\"}"
  done
  ask lambda:ListFunctions "$region" '{}'
  ask opensearch:ListDomainNames "$region" '{}'
  ((!unanswered)) || leave "$region" 'ListDomainNames was not answered' opensearch:DescribeDomains
  each opensearch:DescribeDomains "$region" "[answer.DomainNames[]?.DomainName | texts] | unique | $(chunks DOMAINS_AT_ONCE) | {DomainNames: .}"
  local place
  for place in "${SEARCH[@]}"; do
    "search_$place"
  done
}

# chunks NAME: a jq filter that cuts a list into as many as a question takes.
chunks() { printf '. as $all | range(0; length; %d) | $all[.:. + %d]' "${!1}" "${!1}"; }

# Templates and exports are kept here until they are imported.
stacks() {
  local listed
  ask cloudformation:DescribeStacks "$region" '{}'
  ask cloudformation:ListExports "$region" '{}'
  ask cloudformation:ListStacks "$region" '{}'
  ((!unanswered)) || leave "$region" 'ListStacks was not answered in full' cloudformation:GetTemplate cloudformation:ListStackResources
  listed=("${answers[@]}")
  local filter='[answer.StackSummaries[]? | select(.StackStatus != "DELETE_COMPLETE") | .StackId | texts] | unique[] | {StackName: .}'
  each cloudformation:ListStackResources "$region" "$filter"
  answers=("${listed[@]}")
  each cloudformation:GetTemplate "$region" "$filter"
}

# resources TYPE REGION PARAMETERS: lists the resources of a type, reads those of which the list does not say enough, and
# lists what belongs to each.
resources() {
  local type=$1 region=$2 listed lines line
  ask "cloudcontrol:ListResources $type" "$region" "$3"
  ((!unanswered)) || leave_below "$type"
  listed=("${answers[@]}")
  # Of a repeated item the first counts; one that says it is something else does not matter.
  local items='$types[$type] as $row | [answer.ResourceDescriptions[]? | select(.Identifier | type == "string")
    | select($row.only == null or (((.Properties | objects | .[$row.only[0]] | strings | . != $row.only[1]) // false) | not))]
    | group_by(.Identifier)[] | .[0]'
  local about=(--arg type "$type" --argjson types "$TYPES")
  lines "$items | select(\$row.read and ([.Properties | objects | .[\$row.wanted[]] != null] | length == 0 or (all | not)))
    | {Identifier, TypeName: \$type} | tojson" "${about[@]}"
  for line in "${lines[@]}"; do
    ask "cloudcontrol:GetResource $type" "$region" "$line"
  done
  # A pool's replica has the settings of the pool, which is read in its own Region.
  answers=("${listed[@]}")
  lines "$items | .Identifier as \$id | select((\$type == \"AWS::Cognito::UserPool\" and (\$id | split(\"_\")[0]) != \$region
      and (\$regions | index(\" \" + (\$id | split(\"_\")[0]) + \" \"))) | not)
    | \$types | to_entries[] | select(.value.parent[0] == \$type)
    | \"\\(.key) \\({ResourceModel: ({(.value.parent[1]): \$id} | tojson), TypeName: .key} | tojson)\"" \
    "${about[@]}" --arg region "$region" --arg regions " ${REGIONS[*]} "
  for line in "${lines[@]}"; do
    resources "${line%% *}" "$region" "${line#* }"
  done
}

# leave_below TYPE: notes what a list that was not answered leads to.
leave_below() {
  local call lines=()
  mapfile -t lines < <(jq -r --arg type "$1" '.[$type].below[]' <<<"$TYPES")
  for call in "${lines[@]}"; do
    leave "$region" "the list of $1 was not answered in full" "$call"
  done
}

# --- What is searched on demand; variables are those of `consumers` ----------------------------------------------------

search_codebuild() {
  ask codebuild:ListProjects "$region" '{}'
  ((!unanswered)) || leave "$region" 'ListProjects was not answered in full' codebuild:BatchGetProjects
  each codebuild:BatchGetProjects "$region" "[answer.projects[]? | texts] | unique | $(chunks PROJECTS_AT_ONCE) | {names: .}"
}

search_ecs() { search_type AWS::ECS::TaskDefinition; }

search_ssm() { search_type AWS::SSM::Parameter; }

# Of a family of task definitions the newest revision.
search_type() {
  ask "cloudcontrol:ListResources $1" "$region" "{\"TypeName\":\"$1\"}"
  ((!unanswered)) || leave "$region" "the list of $1 was not answered in full" "cloudcontrol:GetResource $1"
  each "cloudcontrol:GetResource $1" "$region" '[answer.ResourceDescriptions[]?.Identifier | texts] | unique
    | if $type == "AWS::ECS::TaskDefinition"
      then group_by(split(":")[:-1])[] | max_by(split(":")[-1] | tonumber? // 0) else .[] end
    | {Identifier: ., TypeName: $type}' --arg type "$1"
}

# --- All of it -------------------------------------------------------------------------------------------------------

# Who asks, from where, and since when.
about() { put about.json <<<"{\"cli\":\"$CLI\",\"home\":\"$HOME_REGION\",\"account\":\"$ACCOUNT\",\"started\":\"$started\"}"; }

main() {
  local id region started
  umask 077
  check_tools
  HOME_REGION=${REGION:-${AWS_REGION:-${AWS_DEFAULT_REGION:-$(aws "${OPTIONS[@]}" configure get region || true)}}}
  [[ -n $HOME_REGION ]] || HOME_REGION=${POOLS[0]-}
  HOME_REGION=${HOME_REGION%%_*}
  [[ $HOME_REGION =~ ^[a-z0-9-]+$ ]] || die "no Region is configured: set AWS_REGION"
  begin "${1:-mrready-answers}"
  started=$(jq -rn 'now | todate')
  about
  identity
  about
  in_scope
  for id in "${POOLS[@]}"; do
    pool "$id"
  done
  mapfile -t REGIONS < <(printf '%s\n' "${REGIONS[@]}" "${CONSUMER_REGIONS[@]}" | sort -u | sed '/^$/d')
  ((${#POOLS[@]})) || REGIONS=()
  printf '%s\n' "${REGIONS[@]}" | jq -Rnc '[inputs | select(. != "")]' | put regions.json
  if ((${#POOLS[@]})); then
    ask iam:ListRoles us-east-1 '{}'
    for region in "${GLOBAL_ROOTS[@]}"; do
      resources "$region" us-east-1 "{\"TypeName\":\"$region\"}"
    done
  fi
  for region in "${REGIONS[@]}"; do
    consumers "$region"
  done
  put end.json <<<"{\"ended\":\"$(jq -rn 'now | todate')\"}"
  local asked=(calls/*.json)
  say "${#ANSWERED[@]} of ${#asked[@]} calls are answered; now: mrready import FOLDER -o snapshot.json"
}

main "$@"
