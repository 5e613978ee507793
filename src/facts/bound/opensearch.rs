//! `OpenSearch` domains whose dashboards sign users in with a user pool. Cloud Control cannot list them; their own API does.
//!
//! Not here: domains that verify tokens by a key set URL, which is a reference (`facts::reference`).

use crate::facts::PoolView;
use crate::facts::pool::word;
use crate::facts::reference::live::domain_answers;
use crate::model::{Cause, Observed};
use crate::scan::pattern::pool_id;

use super::{Found, Reference};

/// In the plural, for "none found in".
const WHAT: &str = "OpenSearch domains";
/// The calls that tell.
pub(super) const LIST: &str = "opensearch:ListDomainNames";
/// The second of them.
pub(super) const DESCRIBE: &str = "opensearch:DescribeDomains";

/// Where domains have to be searched and were, in words, and what of that was not.
pub(super) fn searched(view: &PoolView<'_>) -> (Vec<String>, Option<Cause>) {
    let (regions, missing) = view.consumer_regions("opensearch");
    (view.searched_texts(|| regions.iter().map(|region| format!("{WHAT} of {region}")).collect()), missing)
}

/// Every domain that is bound to a user pool.
pub(super) fn read(view: &PoolView<'_>, found: &mut Found) {
    let (regions, _) = view.consumer_regions("opensearch");
    for region in regions.iter() {
        let mut hidden = None;
        let answers = domain_answers(view, region, &mut |cause| hidden = hidden.take().or(cause));
        for (_, answer) in answers {
            let list = "/DomainStatusList";
            match answer.at(list) {
                Observed::Known(domains) => {
                    for (index, domain) in domains.as_array().into_iter().flatten().enumerate() {
                        let at = "/CognitoOptions/UserPoolId";
                        let written = domain.pointer(at).and_then(|id| id.as_str());
                        let Some(pool) = written.and_then(pool_id) else { continue };
                        let (name, arn) = (word(domain, "DomainName"), word(domain, "ARN"));
                        found.references.push(Reference {
                            pool_id: pool.id.clone(),
                            region: region.clone(),
                            id: format!("opensearch/{region}/{name}"),
                            name,
                            arn: Some(arn).filter(|arn| !arn.is_empty()),
                            service: "OpenSearch domain",
                            action: "",
                            issuers: Vec::new(),
                            written: vec![pool.id],
                            keys: None,
                            source: answer.source(&format!("{list}/{index}{at}")),
                        });
                    }
                }
                Observed::Absent => {
                    let member = format!("{DESCRIBE} {list}");
                    hidden = hidden.or(Some(Cause::NoMeaning { member }));
                }
                Observed::Unknown(cause) => hidden = hidden.or(Some(cause)),
            }
        }
        found.incomplete = found.incomplete.take().or(hidden);
    }
}
