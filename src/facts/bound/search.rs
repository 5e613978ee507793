//! The resources of one type in one Region, as the log has them: the list, under each parent where there is one, and the
//! single read where the list does not say enough.
//!
//! Not here: what a resource's properties mean.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::facts::{Answer, PoolView};
use crate::model::{Cause, Observed, Source};
use crate::snapshot::operations::{ResourceType, resource_type};

/// One resource.
#[derive(Debug)]
pub(super) struct Resource<'f> {
    pub(super) row: &'static ResourceType,
    pub(super) region: String,
    /// What Cloud Control calls it; of several properties, joined by `|`.
    pub(super) identifier: &'f str,
    properties: Option<&'f Json>,
    call: &'static str,
    /// Where the properties are in the answer.
    pointer: String,
    answer: Answer<'f>,
}

/// What was found of a type in a Region.
#[derive(Debug, Default)]
pub(super) struct Search<'f> {
    pub(super) items: Vec<Resource<'f>>,
    /// Why there may be more.
    pub(super) incomplete: Option<Cause>,
    /// Whether the Region does not know the type, or that of its parents.
    pub(super) unregistered: bool,
}

impl<'f> Resource<'f> {
    /// A member of the properties.
    pub(super) fn at(&self, pointer: &str) -> Option<&'f Json> {
        self.properties?.pointer(pointer)
    }

    /// A text among the properties.
    pub(super) fn text(&self, pointer: &str) -> Option<&'f str> {
        self.at(pointer)?.as_str()
    }

    /// The items of a list among the properties; none where it is left out.
    ///
    /// AWS leaves out what is not set: a read handler returns every property that has a value.
    /// Source: <https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-test-contract.html>.
    pub(super) fn items(&self, pointer: &str) -> Result<Vec<&'f Json>, Cause> {
        match self.at(pointer) {
            None => Ok(Vec::new()),
            Some(Json::Array(items)) => Ok(items.iter().collect()),
            Some(_) => Err(Cause::Unrecognised { value: format!("{} that is no list", self.member(pointer)) }),
        }
    }

    /// Why a resource which must have this member may hide something.
    pub(super) fn nothing(&self, pointer: &str) -> Cause {
        Cause::NoMeaning { member: self.member(pointer) }
    }

    fn member(&self, pointer: &str) -> String {
        format!("{} {}{pointer} of {}", self.call, self.pointer, self.identifier)
    }

    /// Where a member was read.
    pub(super) fn source(&self, pointer: &str) -> Source {
        self.answer.source(&format!("{}{pointer}", self.pointer))
    }

    /// The identifier, if it is an ARN.
    pub(super) fn arn(&self) -> Option<String> {
        self.identifier.starts_with("arn:").then(|| self.identifier.to_owned())
    }

    /// The identifier without what an ARN says about place and account.
    pub(super) fn short(&self) -> &'f str {
        match self.identifier.strip_prefix("arn:") {
            Some(arn) => arn.splitn(5, ':').nth(4).unwrap_or(arn),
            None => self.identifier,
        }
    }
}

/// Reads the resources of a type in one of the Regions that were searched.
pub(super) fn resources<'f>(
    view: &PoolView<'f>,
    row: &'static ResourceType,
    region: &str,
    regions: &BTreeSet<String>,
) -> Search<'f> {
    let mut search = Search::default();
    let models: Vec<Option<String>> = match row.parent.map(|(parent, _)| resource_type(parent)) {
        None => vec![None],
        Some(None) => Vec::new(),
        Some(Some(parent)) => {
            let parents = resources(view, parent, region, regions);
            search.incomplete = parents.incomplete;
            search.unregistered = parents.unregistered;
            let own = parents.items.iter().filter(|item| !parent.is_copy(item.identifier, region, regions));
            own.map(|item| row.model(item.identifier)).collect()
        }
    };
    for model in models {
        let parameters: Vec<&str> = model.as_deref().into_iter().chain([row.name]).collect();
        let answer = view.ask_told(&format!("cloudcontrol:ListResources {}", row.name), region, &parameters);
        if answer.problem().is_some_and(is_unregistered) {
            search.unregistered = true;
            continue;
        }
        let list = answer.named("Identifier");
        search.incomplete = search.incomplete.take().or(list.incomplete);
        for (index, (identifier, item)) in list.items.into_iter().enumerate() {
            match one(view, row, (identifier, item), &answer, index) {
                Ok(resource) => search.items.extend(resource),
                Err(cause) => drop(search.incomplete.get_or_insert(cause)),
            }
        }
    }
    search
}

/// One item of a list, read by itself where it has to be; `None` if it does not matter.
fn one<'f>(
    view: &PoolView<'f>,
    row: &'static ResourceType,
    (identifier, item): (&'f str, &'f Json),
    list: &Answer<'f>,
    index: usize,
) -> Result<Option<Resource<'f>>, Cause> {
    let properties = item.get("Properties");
    if !row.matters(properties) {
        return Ok(None);
    }
    let region = list.region.clone().into_owned();
    if !row.needs_read(properties) {
        let pointer = format!("/ResourceDescriptions/{index}/Properties");
        let call = list.call;
        return Ok(Some(Resource { row, region, identifier, properties, call, pointer, answer: list.clone() }));
    }
    let answer = view.ask_told(&format!("cloudcontrol:GetResource {}", row.name), &region, &[identifier, row.name]);
    let pointer = "/ResourceDescription/Properties";
    let nothing = || Cause::NoMeaning { member: format!("{} {pointer}", answer.call) };
    let properties = match answer.at(pointer) {
        Observed::Known(properties) if properties.is_object() => Some(properties),
        Observed::Known(_) => {
            let value = format!("{} {pointer} that is no object", answer.call);
            return Err(Cause::Unrecognised { value });
        }
        Observed::Absent => return Err(nothing()),
        Observed::Unknown(cause) => return Err(cause),
    };
    if !row.matters(properties) {
        return Ok(None);
    }
    let (call, pointer) = (answer.call, pointer.to_owned());
    Ok(Some(Resource { row, region, identifier, properties, call, pointer, answer }))
}

/// Whether the Region's registry has no such type. AWS's own types are public and always activated, so one that is not
/// there is one that the Region does not have, and nothing of it can be there.
/// Sources: <https://docs.aws.amazon.com/cloudcontrolapi/latest/APIReference/API_ListResources.html>,
/// <https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/resource-types.html>; that no resource exists is inferred.
fn is_unregistered(cause: &Cause) -> bool {
    matches!(cause, Cause::NotOffered { code, .. } if code.rsplit(['#', '.']).next() == Some("TypeNotFoundException"))
}
