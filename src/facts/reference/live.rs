//! Where in an account texts are searched for references, and what of it was not: roles, functions, search domains, and what
//! is searched on demand.
//!
//! The hits themselves are entries of the log; here is only whether there may be more of them.

use std::collections::BTreeSet;

use crate::facts::PoolView;
use crate::facts::pool::word;
use crate::model::{Cause, Observed};
use crate::snapshot::operations::{DOMAINS_AT_ONCE, GLOBAL_REGION, PROJECTS_AT_ONCE};

const ROLES: &str = "iam:ListRoles";
const FUNCTIONS: &str = "lambda:ListFunctions";
const CODE: &str = "lambda:GetFunction";
const DOMAINS: &str = "opensearch:ListDomainNames";
const DOMAIN: &str = "opensearch:DescribeDomains";
const PROJECTS: &str = "codebuild:ListProjects";
const PROJECT: &str = "codebuild:BatchGetProjects";

/// The types that Cloud Control reads on demand: as the scope calls the search, the type, and what a person calls it.
const TYPES: [(&str, &str, &str); 2] = [
    ("ecs", "AWS::ECS::TaskDefinition", "ECS task definitions, the newest revision of each family,"),
    ("ssm", "AWS::SSM::Parameter", "parameters of Systems Manager that are not encrypted"),
];

/// Every call in whose answers texts are searched.
pub(in crate::facts) const CALLS: &[&str] = &[
    ROLES,
    FUNCTIONS,
    CODE,
    DOMAINS,
    DOMAIN,
    PROJECTS,
    PROJECT,
    "cloudcontrol:ListResources AWS::ECS::TaskDefinition",
    "cloudcontrol:GetResource AWS::ECS::TaskDefinition",
    "cloudcontrol:ListResources AWS::SSM::Parameter",
    "cloudcontrol:GetResource AWS::SSM::Parameter",
];

/// Per origin of references why some may have been missed, in the order in which they matter.
pub(super) fn hidden(view: &PoolView<'_>) -> Vec<(&'static str, Cause)> {
    let mut causes = Vec::new();
    let mut add = |origin: &'static str, cause: Option<Cause>| causes.extend(cause.map(|cause| (origin, cause)));
    if view.searched("iam-roles").contains(GLOBAL_REGION) {
        add("iam", view.ask(ROLES, GLOBAL_REGION, &[]).list().incomplete);
    } else {
        add("iam", Some(Cause::NotSearched { what: "the trust policies of IAM roles".to_owned() }));
    }
    let (regions, missing) = view.consumer_regions("lambda");
    add("lambda", missing);
    for region in regions.iter() {
        functions(view, region, &mut |cause| add("lambda", cause));
    }
    let (regions, missing) = view.consumer_regions("opensearch");
    add("opensearch", missing);
    for region in regions.iter() {
        domains(view, region, &mut |cause| add("opensearch", cause));
    }
    for region in view.searched("codebuild").iter() {
        let listed = view.ask(PROJECTS, region, &[]).list();
        add("codebuild", listed.incomplete);
        let names: BTreeSet<&str> = listed.items.into_iter().filter_map(|name| name.as_str()).collect();
        for question in questions(&names, PROJECTS_AT_ONCE) {
            add("codebuild", view.ask(PROJECT, region, &[&question]).problem().cloned());
        }
    }
    for (service, kind, _) in TYPES {
        for region in view.searched(service).iter() {
            let listed = view.ask(&format!("cloudcontrol:ListResources {kind}"), region, &[kind]).list();
            add("cloudcontrol", listed.incomplete);
            let names = listed.items.into_iter().map(|item| word(item, "Identifier"));
            for identifier in newest(kind, names.collect()) {
                let read = view.ask(&format!("cloudcontrol:GetResource {kind}"), region, &[&identifier, kind]);
                add("cloudcontrol", read.problem().cloned());
            }
        }
    }
    causes
}

/// The environment variables of functions, and their code where that was searched.
fn functions(view: &PoolView<'_>, region: &str, add: &mut dyn FnMut(Option<Cause>)) {
    let listed = view.ask(FUNCTIONS, region, &[]).list();
    add(listed.incomplete);
    let code = view.searched("lambda-code").contains(region);
    for function in listed.items {
        let arn = word(function, "FunctionArn");
        // AWS lists a function whose variables it may not decrypt without them.
        if let Some(error) = function.pointer("/Environment/Error/ErrorCode") {
            let code = format!("{}, the variables of {arn}", error.as_str().unwrap_or("an error"));
            add(Some(Cause::Failed { call: FUNCTIONS.to_owned(), region: region.to_owned(), code }));
        }
        if code && word(function, "PackageType") != "Image" {
            add(view.ask(CODE, region, &[&arn]).problem().cloned());
        }
    }
}

/// The key set URLs of search domains.
fn domains(view: &PoolView<'_>, region: &str, add: &mut dyn FnMut(Option<Cause>)) {
    for (_, answer) in domain_answers(view, region, add) {
        add(answer.problem().cloned());
    }
}

/// The answers about the search domains of a Region.
pub(in crate::facts) fn domain_answers<'f>(
    view: &PoolView<'f>,
    region: &str,
    add: &mut dyn FnMut(Option<Cause>),
) -> Vec<(String, crate::facts::Answer<'f>)> {
    let names = match view.ask(DOMAINS, region, &[]).at("/DomainNames") {
        Observed::Known(names) => names,
        Observed::Absent => return Vec::new(),
        Observed::Unknown(cause) => {
            add(Some(cause));
            return Vec::new();
        }
    };
    let names: Vec<String> = names.as_array().into_iter().flatten().map(|name| word(name, "DomainName")).collect();
    let names: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    let questions = questions(&names, DOMAINS_AT_ONCE).into_iter();
    questions.map(|question| (question.clone(), view.ask_told(DOMAIN, region, &[&question]))).collect()
}

/// Names as the collector asks about them, several at once.
fn questions(names: &BTreeSet<&str>, at_once: usize) -> Vec<String> {
    let names: Vec<&str> = names.iter().copied().collect();
    names.chunks(at_once).map(|names| serde_json::json!(names).to_string()).collect()
}

/// Of task definitions the newest revision of each family; of anything else all.
fn newest(kind: &str, names: BTreeSet<String>) -> BTreeSet<String> {
    if kind == "AWS::ECS::TaskDefinition" { crate::snapshot::operations::newest_revisions(names) } else { names }
}

/// What was searched, in words.
pub(super) fn searched(view: &PoolView<'_>) -> Vec<String> {
    let mut all = Vec::new();
    let mut add = |service: &str, what: &str| {
        all.extend(view.searched(service).iter().map(|region| format!("{what} in {region}")));
    };
    add("lambda", "environment variables of Lambda functions");
    add("lambda-code", "deployment packages of Lambda functions");
    add("opensearch", "OpenSearch domains");
    add("codebuild", "CodeBuild projects");
    for (service, _, what) in TYPES {
        add(service, what);
    }
    if view.searched("iam-roles").contains(GLOBAL_REGION) {
        all.push("trust policies of IAM roles".to_owned());
    }
    all
}
