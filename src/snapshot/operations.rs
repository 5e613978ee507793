//! The table of operations: every call this tool makes, what permission it needs and what of its answer is kept.
//!
//! The IAM policy, the evidence documentation, the admission of answers and the causes of UNKNOWN are all read from
//! here. Adding a call is one entry here and one line in `collect`. Nothing here asks AWS.
//!
//! Patterns are JSON pointers into the normal form, `*` standing for any index or name. A pattern keeps the whole subtree
//! below it; one that ends in `{}` keeps only that the object is there. Operations that can return secrets name leaves.

mod accounts;
mod around;
mod cognito;
mod consumers;
mod resource_types;
pub mod simulation;
mod texts;

use std::sync::LazyLock;

pub use consumers::LIVE_STACK_STATUSES;
pub use resource_types::{GLOBAL_REGION, RESOURCE_TYPES, ResourceType, resource_type};
pub use texts::{DOMAINS_AT_ONCE, PROJECTS_AT_ONCE, newest_revisions};

/// How the answer is written on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// AWS JSON 1.0 or 1.1: member names as in the model, times as epoch seconds.
    AwsJson,
    /// API Gateway V1: lower-case members, lists of the model's `items` written as `item`.
    RestJson,
    /// API Gateway V2: the model's `ApiId` written as `apiId`.
    RestJsonCamel,
    /// Query: XML, lists as `member` elements.
    Query,
    /// Route 53: XML without the wrapper of Query.
    RestXml,
    /// CloudWatch: CBOR, member names as in the model.
    Cbor,
}

/// What a member is that XML writes as text or in a shape of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum XmlKind {
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// A list whose elements have this name.
    List(&'static str),
    /// `entry` elements of `key` and `value`.
    Map,
}

/// In which Region, and for what, an operation is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Once per run, by the identity that the run starts with and that enters the accounts.
    Caller,
    /// Once per account.
    Account,
    /// Once per pool Region in scope.
    Region,
    /// Per pool in its primary Region.
    Primary,
    /// Per pool in its primary Region, and in the Region of its replica where there is one.
    PrimaryAndSecondary,
    /// Once per primary and replica Region.
    PoolRegions,
    /// Per key in the primary Region, and in the replica Region where the key has a replica.
    Key,
    /// Per resource that a setting of the pool names, in the Region where that resource is.
    Named,
    /// In every Region that is searched for consumers of tokens.
    Consumers,
}

/// One operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// The service, as in IAM and the AWS CLI.
    pub service: &'static str,
    /// The operation, in the API's spelling.
    pub name: &'static str,
    /// The type of resource, for an operation of Cloud Control; empty for all others.
    pub resource_type: &'static str,
    /// The option without which it is not asked; empty if it always is.
    pub option: &'static str,
    /// The IAM actions the caller needs.
    pub iam: &'static [&'static str],
    /// The resources that these actions can be limited to; `*` where there is no narrower one.
    pub resources: &'static [&'static str],
    /// Where it is asked.
    pub asked: Asked,
    /// The operations whose answers give its parameters.
    pub needs: &'static [&'static str],
    /// How its answer is written.
    pub protocol: Protocol,
    /// The list that is paged, as a pointer; `None` for an operation without pages.
    pub items: Option<&'static str>,
    /// The members of the answer that hold the token of the next page.
    pub tokens: &'static [&'static str],
    /// What is kept.
    pub keep: &'static [&'static str],
    /// What is kept as a digest only, to compare two Regions.
    pub digest: &'static [&'static str],
    /// What is searched for issuer references and then dropped.
    pub hits: &'static [&'static str],
    /// Members that are instants.
    pub times: &'static [&'static str],
    /// Members of an XML answer that are not text.
    pub xml: &'static [(&'static str, XmlKind)],
    /// What secret the answer can hold, for the security review; all of it is dropped.
    pub secrets: &'static str,
    /// Where AWS describes it.
    pub doc: &'static str,
}

impl Operation {
    /// `service:Operation`; for Cloud Control with the type of resource behind it.
    pub fn call(&self) -> String {
        let space = if self.resource_type.is_empty() { "" } else { " " };
        format!("{}:{}{space}{}", self.service, self.name, self.resource_type)
    }
}

/// The operation of this name.
pub fn find(service: &str, name: &str) -> Option<&'static Operation> {
    find_typed(service, name, "")
}

/// The operation of this name, of Cloud Control for this type of resource.
pub fn find_typed(service: &str, name: &str, resource_type: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().chain(OF_THE_CALLER).find(|operation| {
        operation.service == service && operation.name == name && operation.resource_type == resource_type
    })
}

/// The operation of this `service:Operation`, as [`Operation::call`] writes it.
pub fn find_call(call: &str) -> Option<&'static Operation> {
    named(call).map(|(_, named)| named.operation)
}

/// An operation and what follows from its table.
#[derive(Debug, Clone, Copy)]
pub struct Named {
    /// The operation.
    pub operation: &'static Operation,
    /// The one member of its answer that holds all the others, such as `/UserPool`.
    pub wrapper: Option<&'static str>,
}

/// The operation of this `service:Operation`, with the name as the table has it. Facts ask for one some hundred times a pool.
pub fn named(call: &str) -> Option<(&'static str, Named)> {
    #[expect(clippy::disallowed_types, reason = "looked up, never gone through: its order shows nowhere")]
    static BY_CALL: LazyLock<std::collections::HashMap<String, Named, rustc_hash::FxBuildHasher>> =
        LazyLock::new(|| {
            let all = OPERATIONS.iter().chain(OF_THE_CALLER);
            all.map(|operation| (operation.call(), Named { operation, wrapper: wrapper(operation) })).collect()
        });
    BY_CALL.get_key_value(call).map(|(call, named)| (call.as_str(), *named))
}

fn wrapper(operation: &Operation) -> Option<&'static str> {
    let first = |pattern: &'static str| {
        let end = pattern[1..].find(['/', '{'])?;
        Some(&pattern[..=end])
    };
    let wrapper = first(operation.keep.first()?)?;
    (operation.items.is_none() && operation.keep.iter().all(|pattern| first(pattern) == Some(wrapper)))
        .then_some(wrapper)
}

const BASE: Operation = Operation {
    service: "",
    name: "",
    resource_type: "",
    option: "",
    iam: &[],
    resources: &["*"],
    asked: Asked::Primary,
    needs: &[],
    protocol: Protocol::AwsJson,
    items: None,
    tokens: &[],
    keep: &[],
    digest: &[],
    hits: &[],
    times: &[],
    xml: &[],
    secrets: "",
    doc: "",
};

pub use accounts::OPERATIONS as OF_THE_CALLER;

/// Every operation that is asked in an account, sorted by service, name and type of resource. Those by which accounts are
/// found and entered are [`OF_THE_CALLER`].
pub static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    let mut all = [around::OPERATIONS, cognito::OPERATIONS, consumers::OPERATIONS, texts::OPERATIONS].concat();
    all.extend_from_slice(&resource_types::OPERATIONS.concat());
    all.sort_by_key(|operation| (operation.service, operation.name, operation.resource_type));
    all
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unique_and_complete() {
        let calls: Vec<_> = OPERATIONS.iter().map(Operation::call).collect();
        for pair in calls.windows(2) {
            assert_ne!(pair[0], pair[1]);
        }
        for operation in OPERATIONS.iter().chain(OF_THE_CALLER) {
            assert_eq!(find_call(&operation.call()), Some(operation));
            assert!(operation.doc.starts_with("https://docs.aws.amazon.com/"), "{}", operation.call());
            assert!(!operation.keep.is_empty() || !operation.digest.is_empty(), "{}", operation.call());
            assert_eq!(operation.items.is_some(), !operation.tokens.is_empty(), "{}", operation.call());
            for need in operation.needs {
                assert!(find_call(need).is_some(), "{need}");
            }
            for pattern in operation.keep.iter().chain(operation.digest).chain(operation.hits).chain(operation.times) {
                assert!(pattern.starts_with('/') && !pattern.ends_with('/'), "{pattern}");
            }
        }
    }

    #[test]
    fn no_operation_writes_bills_or_counts_a_user() {
        for operation in OPERATIONS.iter().chain(OF_THE_CALLER) {
            // Entering an account gives credentials of a session and leaves nothing in the account.
            let enters = operation.call() == "sts:AssumeRole";
            assert!(
                enters
                    || ["BatchGet", "Describe", "Get", "List", "Simulate"]
                        .iter()
                        .any(|verb| operation.name.starts_with(verb)),
                "{}",
                operation.call()
            );
            assert!(!operation.name.starts_with("AdminGetUser"));
            assert_ne!(operation.name, "ListUserPoolClientSecrets");
        }
    }
}
