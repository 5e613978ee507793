//! What is asked for its texts: environment variables, trust policies, key set URLs, and on demand parameters, task
//! definitions, build projects and code packages. A text is searched for issuers and dropped, here.
//!
//! Which members of an answer are texts is said by the table of operations (`hits`). Not here: templates and outputs of
//! stacks (`consumers`), and what a hit means (`facts`).

use std::collections::BTreeSet;

use futures_util::future::{join_all, join5};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::ask::{Answers, Fetched, Query, Session, failed};
use super::package;
use crate::collect::judge::{self, Origin};
use crate::collect::{Request, Search};
use crate::snapshot::operations::{DOMAINS_AT_ONCE, GLOBAL_REGION, PROJECTS_AT_ONCE, newest_revisions};
use crate::snapshot::{Call, Entry, admit};

/// The calls that begin each search, with the service under which the scope names it.
const ALWAYS: [(&str, &str); 2] = [("lambda", "lambda:ListFunctions"), ("opensearch", "opensearch:ListDomainNames")];

/// Searches what is the same in every Region: the account's roles.
pub(super) async fn search_global(session: &Session<'_>, request: &Request) {
    session.log.searched("iam-roles", GLOBAL_REGION);
    for place in Search::ALL.into_iter().filter(|place| !request.search.contains(place)) {
        let why = format!("it is asked only with --search {}", place.as_str());
        session.log.not_asked("", &[place.first_call()], &why);
    }
    roles(session).await;
}

/// Searches a Region.
pub(super) async fn search(session: &Session<'_>, request: &Request, region: &str) {
    let chosen = Search::ALL.into_iter().filter(|place| request.search.contains(place)).map(Search::as_str);
    for service in ALWAYS.iter().map(|(service, _)| *service).chain(chosen) {
        session.log.searched(service, region);
    }
    in_region(session, request, region).await;
}

/// Says that these Regions were not searched, and why.
pub(super) fn leave_out(session: &Session<'_>, regions: &BTreeSet<String>, why: &str) {
    session.log.not_asked(GLOBAL_REGION, &["iam:ListRoles"], why);
    for region in regions {
        session.log.not_asked(region, &ALWAYS.map(|(_, call)| call), why);
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
    texts(session, &query).await;
}

/// The environment variables of all functions, and their code if that is wanted.
async fn functions(session: &Session<'_>, region: &str, code: Option<&Request>) {
    let query = Query::new("lambda", "ListFunctions", region, &[]);
    let answers = texts(session, &query).await;
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
    if session.recall(&query) {
        return;
    }
    session.log.plan();
    let Fetched { time, result, turn: _turn } = session.fetch(&query, None).await;
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
    let hits = hits.into_iter().map(Entry::Hit);
    session.log.put_all(std::iter::once(Entry::Call(entry)).chain(hits).collect(), None);
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
    batches(session, queries.collect()).await;
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
    batches(session, queries.collect()).await;
}

/// Asks about several things at once.
async fn batches(session: &Session<'_>, queries: Vec<Query>) {
    join_all(queries.iter().map(|query| texts(session, query))).await;
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
    join_all(queries.iter().map(|query| texts(session, query))).await;
}

/// Asks, and searches the texts of the answer that the table names; what is found goes into the log with it.
async fn texts(session: &Session<'_>, query: &Query) -> Answers {
    let search = |page: &Value, time: Timestamp| judge::answers::texts(query.operation, &query.entry(None, time), page);
    session.ask_and(query, &search, None).await
}
