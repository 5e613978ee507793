//! What is asked for its texts: environment variables, trust policies, key set URLs, and on demand parameters, task
//! definitions, build projects and code packages. A text is searched for issuers and dropped, here.
//!
//! Which members of an answer are texts is said by the table of operations (`hits`). Not here: templates and outputs of
//! stacks (`consumers`), and what a hit means (`facts`).

use std::collections::BTreeSet;

use futures_util::future::{join, join_all, join5};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::ask::{Answers, Fetched, Query, Session, failed};
use super::package;
use crate::collect::judge::{self, Origin, Place};
use crate::collect::{Request, Search};
use crate::snapshot::operations::{DOMAINS_AT_ONCE, GLOBAL_REGION, PROJECTS_AT_ONCE, newest_revisions};
use crate::snapshot::{Call, Entry, admit};

/// The calls that begin each search, with the service under which the scope names it.
const ALWAYS: [(&str, &str); 2] = [("lambda", "lambda:ListFunctions"), ("opensearch", "opensearch:ListDomainNames")];

/// Searches these Regions, and the account's roles once.
pub(super) async fn search(session: &Session<'_>, request: &Request, regions: &BTreeSet<String>) {
    session.log.searched("iam-roles", GLOBAL_REGION);
    let chosen = || Search::ALL.into_iter().filter(|place| request.search.contains(place)).map(Search::as_str);
    for region in regions {
        for service in ALWAYS.iter().map(|(service, _)| *service).chain(chosen()) {
            session.log.searched(service, region);
        }
    }
    for place in Search::ALL.into_iter().filter(|place| !request.search.contains(place)) {
        let why = format!("it is asked only with --search {}", place.as_str());
        session.log.not_asked("", &[first_call(place)], &why);
    }
    let everywhere = join_all(regions.iter().map(|region| in_region(session, request, region)));
    join(roles(session), everywhere).await;
}

/// Says that these Regions were not searched, and why.
pub(super) fn leave_out(session: &Session<'_>, regions: &BTreeSet<String>, why: &str) {
    session.log.not_asked(GLOBAL_REGION, &["iam:ListRoles"], why);
    for region in regions {
        session.log.not_asked(region, &ALWAYS.map(|(_, call)| call), why);
    }
}

/// The call without which a place is not searched.
fn first_call(place: Search) -> &'static str {
    match place {
        Search::Codebuild => "codebuild:ListProjects",
        Search::Ecs => "cloudcontrol:ListResources AWS::ECS::TaskDefinition",
        Search::LambdaCode => "lambda:GetFunction",
        Search::Ssm => "cloudcontrol:ListResources AWS::SSM::Parameter",
    }
}

async fn in_region(session: &Session<'_>, request: &Request, region: &str) {
    let wanted = |place| request.search.contains(&place);
    let functions = functions(session, region, wanted(Search::LambdaCode).then_some(request));
    let domains = domains(session, region);
    let projects = async {
        if wanted(Search::Codebuild) {
            projects(session, region).await;
        }
    };
    let tasks = async {
        if wanted(Search::Ecs) {
            resources(session, region, "AWS::ECS::TaskDefinition", newest_revisions).await;
        }
    };
    let parameters = async {
        if wanted(Search::Ssm) {
            resources(session, region, "AWS::SSM::Parameter", |all| all).await;
        }
    };
    join5(functions, domains, projects, tasks, parameters).await;
}

/// The trust policies of all roles.
async fn roles(session: &Session<'_>) {
    let query = Query::new("iam", "ListRoles", GLOBAL_REGION, &[]);
    let answers = session.ask(&query).await;
    texts(session, &query, &answers, &|item| member(item, "Arn"));
}

/// The environment variables of all functions, and their code if that is wanted.
async fn functions(session: &Session<'_>, region: &str, code: Option<&Request>) {
    let query = Query::new("lambda", "ListFunctions", region, &[]);
    let answers = session.ask(&query).await;
    texts(session, &query, &answers, &|item| member(item, "FunctionArn"));
    let Some(request) = code else { return };
    if answers.error.is_some() {
        session.log.not_asked(region, &["lambda:GetFunction"], "ListFunctions was not answered in full");
    }
    let zipped: BTreeSet<String> = answers
        .items("/Functions")
        // Container images hold no package; a type that is not named is asked all the same.
        .filter(|function| function.get("PackageType").and_then(Value::as_str) != Some("Image"))
        .filter_map(|function| Some(function.get("FunctionArn")?.as_str()?.to_owned()))
        .collect();
    // One package at a time: each may have hundreds of megabytes.
    for arn in zipped {
        function_code(session, request, region, &arn).await;
    }
}

async fn function_code(session: &Session<'_>, request: &Request, region: &str, arn: &str) {
    let query = Query::new("lambda", "GetFunction", region, &[("FunctionName", arn)]);
    if !session.may_fetch(&query.operation.call(), region) {
        return;
    }
    session.log.plan();
    let Fetched { time, result } = session.fetch(&query, None).await;
    let mut entry = query.entry(None, time);
    let mut hits = Vec::new();
    match result {
        Err(error) => entry.error = Some(error),
        Ok(page) => {
            let link = page.answer.pointer("/Code/Location").and_then(Value::as_str).unwrap_or_default();
            let origin = Origin { call: &entry, container: arn };
            let found = match package::fetch(request, link).await {
                Ok(bytes) => package::search(&origin, bytes).await,
                Err(code) => Err(code),
            };
            match found {
                // A package that cannot be read is no evidence that nothing is in it.
                Err(code) => entry.error = Some(failed(code, None)),
                Ok(found) => {
                    hits = found;
                    admit_into(&mut entry, &query, page.answer);
                }
            }
        }
    }
    session.log.put(Entry::Call(entry));
    for hit in hits {
        session.log.put(Entry::Hit(hit));
    }
}

fn admit_into(entry: &mut Call, query: &Query, answer: Value) {
    let admitted = admit::admit(query.operation, answer);
    entry.response = Some(admitted.response);
    entry.dropped = admitted.dropped;
}

/// The key set URLs of search domains.
async fn domains(session: &Session<'_>, region: &str) {
    let listed = session.ask(&Query::new("opensearch", "ListDomainNames", region, &[])).await;
    if listed.error.is_some() {
        session.log.not_asked(region, &["opensearch:DescribeDomains"], "ListDomainNames was not answered");
    }
    let names: Vec<String> = listed.names("/DomainNames", "DomainName").into_iter().collect();
    let queries = names
        .chunks(DOMAINS_AT_ONCE)
        .map(|names| Query::new("opensearch", "DescribeDomains", region, &[]).with("DomainNames", json!(names)));
    batches(session, queries.collect(), "ARN").await;
}

/// The variables and build specifications of build projects.
async fn projects(session: &Session<'_>, region: &str) {
    let listed = session.ask(&Query::new("codebuild", "ListProjects", region, &[])).await;
    if listed.error.is_some() {
        session.log.not_asked(region, &["codebuild:BatchGetProjects"], "ListProjects was not answered in full");
    }
    let names: BTreeSet<&str> = listed.items("/projects").filter_map(Value::as_str).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let queries = names
        .chunks(PROJECTS_AT_ONCE)
        .map(|names| Query::new("codebuild", "BatchGetProjects", region, &[]).with("names", json!(names)));
    batches(session, queries.collect(), "arn").await;
}

/// Asks about several things at once; `name` is the member by which each is called.
async fn batches(session: &Session<'_>, queries: Vec<Query>, name: &str) {
    join_all(queries.iter().map(|query| async move {
        let answers = session.ask(query).await;
        texts(session, query, &answers, &|item| member(item, name));
    }))
    .await;
}

/// Lists the resources of a type and reads each of those that are left by `choose`.
async fn resources(session: &Session<'_>, region: &str, kind: &str, choose: fn(BTreeSet<String>) -> BTreeSet<String>) {
    let listed = session.ask(&Query::resource("ListResources", kind, region, &[])).await;
    if listed.error.is_some() {
        let call = format!("cloudcontrol:GetResource {kind}");
        session.log.not_asked(region, &[&call], &format!("the list of {kind} was not answered in full"));
    }
    let chosen = choose(listed.names("/ResourceDescriptions", "Identifier"));
    let queries: Vec<Query> = chosen
        .iter()
        .map(|identifier| Query::resource("GetResource", kind, region, &[("Identifier", identifier)]))
        .collect();
    join_all(queries.iter().map(|query| async move {
        let answers = session.ask(query).await;
        texts(session, query, &answers, &|item| member(item, "Identifier"));
    }))
    .await;
}

fn member(item: &Value, name: &str) -> String {
    item.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// A text in an answer, and where.
struct Text<'a> {
    value: &'a str,
    /// What holds it, such as a function's ARN.
    container: String,
    /// The steps within that, such as `Environment`, `Variables`, `ISSUER`.
    steps: Vec<String>,
    pointer: String,
}

/// Searches the texts of an answer that the table names, and puts what is found into the log.
fn texts(session: &Session<'_>, query: &Query, answers: &Answers, container: &dyn Fn(&Value) -> String) {
    for (page, time) in answers.pages.iter().zip(&answers.times) {
        for text in texts_of(query, page, container) {
            for hit in hits(query, *time, &text) {
                session.log.put(Entry::Hit(hit));
            }
        }
    }
}

fn hits(query: &Query, time: Timestamp, text: &Text<'_>) -> Vec<crate::snapshot::Hit> {
    let entry = query.entry(None, time);
    let origin = Origin { call: &entry, container: &text.container };
    let place =
        Place { logical_id: None, path: dotted(&text.steps), pointer: text.pointer.clone(), ..Place::default() };
    judge::value(&origin, &place, text.value)
}

/// `Environment.Variables.ISSUER`, `ContainerDefinitions[0].Command[2]`.
fn dotted(steps: &[String]) -> String {
    let mut path = String::new();
    for step in steps {
        if step.bytes().all(|byte| byte.is_ascii_digit()) {
            path.extend(["[", step, "]"]);
        } else {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(step);
        }
    }
    path
}

/// Every text at the patterns of the operation. What holds it is the item of the first list, or the resource.
fn texts_of<'a>(query: &Query, page: &'a Value, container: &dyn Fn(&Value) -> String) -> Vec<Text<'a>> {
    let mut found = Vec::new();
    for pattern in query.operation.hits {
        let steps: Vec<&str> = pattern.split('/').skip(1).collect();
        // The list and its index, or the one resource, whose properties are what people know.
        let head = 1 + usize::from(steps.get(1).is_some_and(|step| matches!(*step, "*" | "Properties")));
        let mut at = Vec::new();
        walk(page, &steps, &mut at, &mut |path, value| {
            let holder = if steps.get(1) == Some(&"*") { &path[..2] } else { &path[..1] };
            let item = page.pointer(&pointer(holder)).unwrap_or(page);
            found.push(Text {
                value,
                container: container(item),
                steps: path.get(head..).unwrap_or_default().to_vec(),
                pointer: pointer(path),
            });
        });
    }
    found
}

/// Visits the texts that lie at `steps`, `*` standing for any index or name.
fn walk<'a>(value: &'a Value, steps: &[&str], at: &mut Vec<String>, visit: &mut dyn FnMut(&[String], &'a str)) {
    let Some((step, rest)) = steps.split_first() else {
        if let Value::String(text) = value {
            visit(at, text);
        }
        return;
    };
    let mut into = |name: String, value: &'a Value| {
        at.push(name);
        walk(value, rest, at, visit);
        at.pop();
    };
    match (value, *step) {
        (Value::Array(items), "*") => {
            items.iter().enumerate().for_each(|(index, item)| into(index.to_string(), item));
        }
        (Value::Object(members), "*") => members.iter().for_each(|(name, member)| into(name.clone(), member)),
        (Value::Object(members), name) => {
            if let Some(member) = members.get(name) {
                into(name.to_owned(), member);
            }
        }
        (Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_), _) => {}
    }
}

/// A JSON pointer, its parts escaped.
fn pointer(steps: &[String]) -> String {
    let escaped = steps.iter().map(|step| step.replace('~', "~0").replace('/', "~1"));
    escaped.flat_map(|step| ["/".to_owned(), step]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc";

    #[test]
    fn texts_are_found_where_the_table_says_with_what_holds_them() {
        let query = Query::new("lambda", "ListFunctions", "eu-west-1", &[]);
        let page = json!({ "Functions": [
            { "FunctionArn": "arn:one", "Environment": { "Variables": { "ISSUER": ISSUER, "DB/URL": "planted" } } },
            { "FunctionArn": "arn:two", "Environment": { "Error": { "ErrorCode": "KMSAccessDeniedException" } } }
        ] });
        let texts = texts_of(&query, &page, &|item| member(item, "FunctionArn"));
        let places: Vec<_> =
            texts.iter().map(|text| (text.container.as_str(), dotted(&text.steps), text.pointer.as_str())).collect();
        assert_eq!(
            places,
            [
                ("arn:one", "Environment.Variables.DB/URL".to_owned(), "/Functions/0/Environment/Variables/DB~1URL"),
                ("arn:one", "Environment.Variables.ISSUER".to_owned(), "/Functions/0/Environment/Variables/ISSUER"),
            ]
        );
        let found: Vec<_> = texts.iter().flat_map(|text| hits(&query, Timestamp::UNIX_EPOCH, text)).collect();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].text.as_str(), found[0].pool_id.as_deref()), (ISSUER, Some("eu-west-1_Abc")));
        assert_eq!((found[0].container.as_str(), found[0].service.as_str()), ("arn:one", "lambda"));
    }

    #[test]
    fn one_resource_is_called_by_its_identifier() {
        let query =
            Query::resource("GetResource", "AWS::ECS::TaskDefinition", "eu-west-1", &[("Identifier", "arn:t:3")]);
        let page = json!({ "ResourceDescription": { "Identifier": "arn:t:3", "Properties": { "ContainerDefinitions": [
            { "Name": "web", "Command": ["serve", format!("--issuer={ISSUER}")] }
        ] } } });
        let texts = texts_of(&query, &page, &|item| member(item, "Identifier"));
        let held: Vec<_> = texts.iter().map(|text| (text.container.as_str(), dotted(&text.steps))).collect();
        assert_eq!(
            held,
            [
                ("arn:t:3", "ContainerDefinitions[0].Command[0]".to_owned()),
                ("arn:t:3", "ContainerDefinitions[0].Command[1]".to_owned()),
            ]
        );
    }
}
