//! Finds issuer references and blockers in `CloudFormation` and SAM templates.
//!
//! A template is parsed to a tree and its functions are evaluated against what is known of the deployed stack, so that
//! a reference counts however it is spelled. What leaves this module is the matched issuer text alone: a template may
//! hold secrets, and its text is dropped by its reader. Not here: fetching templates, and judging pools by the hits.

mod blocker;
mod eval;
mod locate;
#[cfg(test)]
mod tests;
mod text;
mod walk;

use std::collections::BTreeMap;
use std::ops::Range;

pub(in crate::scan) use text::is_issuer_part;

use super::pattern::{self, Class, Confidence, Match, Severity};
use crate::yaml;

/// The version of what is found and how it is classed. Hits of an older version deserve a new collection.
pub const EVALUATOR_VERSION: u32 = 1;

/// The largest template that is read; `CloudFormation` itself takes 1 MB.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// What is known of the deployed stack. An empty string means "not known".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// The account id.
    pub account: String,
    /// The stack's Region.
    pub region: String,
    /// The partition, such as `aws`.
    pub partition: String,
    /// The partition's DNS suffix, such as `amazonaws.com`.
    pub url_suffix: String,
    /// The stack's name.
    pub stack_name: String,
    /// The stack's ARN.
    pub stack_id: String,
    /// Actual parameter values; for SSM parameters the resolved value.
    pub parameters: BTreeMap<String, String>,
    /// Logical id → physical id.
    pub resources: BTreeMap<String, String>,
    /// Export name → value, of the stack's account and Region.
    pub exports: BTreeMap<String, String>,
}

/// Which pool a reference is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PoolRef {
    /// This pool.
    Id(String),
    /// It could not be told.
    Unresolved {
        /// The function and logical name that stand in the pool's place, such as `Ref UserPoolId`; never a value.
        what: String,
    },
}

/// One reference, without its place.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct Reference {
    /// What it is.
    pub class: Class,
    /// How sure that is.
    pub confidence: Confidence,
    /// How much it matters.
    pub severity: Severity,
    /// Which pool it is about.
    pub pool: PoolRef,
    /// The matched text and nothing beside it; what came from elsewhere and could be private is a name in `${…}`.
    pub text: String,
    /// The Region in the host, if decided.
    pub host_region: Option<String>,
    /// Whether it names the updated issuer.
    pub updated: bool,
    /// Whether the same pool's other issuer stands beside it in one value or list.
    pub dual_aware: bool,
}

/// A part of a template.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Section {
    /// `Resources`
    Resources,
    /// `Outputs`
    Outputs,
    /// `Mappings`
    Mappings,
    /// `Metadata`
    Metadata,
    /// SAM's `Globals`
    Globals,
}

impl Section {
    /// Every section that is searched. Parameters are not: their values count where they are used.
    pub const ALL: [Section; 5] =
        [Section::Resources, Section::Outputs, Section::Mappings, Section::Metadata, Section::Globals];

    /// The section's key in a template.
    pub fn as_str(self) -> &'static str {
        match self {
            Section::Resources => "Resources",
            Section::Outputs => "Outputs",
            Section::Mappings => "Mappings",
            Section::Metadata => "Metadata",
            Section::Globals => "Globals",
        }
    }
}

/// One reference in a template.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct Hit {
    /// The reference itself.
    #[serde(flatten)]
    pub reference: Reference,
    /// The part of the template.
    pub section: Section,
    /// The resource, output or mapping.
    pub logical_id: Option<String>,
    /// The resource's type.
    pub resource_type: Option<String>,
    /// The property within it, such as `Properties.Environment.Variables.ISSUER`; functions are left out.
    pub property_path: String,
    /// A JSON pointer to the property's value; a branch of `Fn::If` is pointed to in its long form.
    pub pointer: String,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column, from 1.
    pub column: Option<u32>,
}

/// Why a template could not be searched. No message holds any of its text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// It is neither YAML nor JSON, or too deep or too large a tree.
    #[error("{line}:{column}: {message}")]
    Syntax {
        /// The line, from 1.
        line: u32,
        /// The column, from 1.
        column: u32,
        /// What is wrong.
        message: String,
    },
    /// It is longer than any template may be.
    #[error("the template has {bytes} bytes; at most {MAX_BYTES} are read")]
    TooLarge {
        /// How long it is.
        bytes: usize,
    },
    /// It has none of a template's sections.
    #[error("this is not a CloudFormation template: it has no Resources")]
    NotATemplate,
    /// Its functions expand to more than is followed.
    #[error("{line}:{column}: the template's functions expand to more than is followed")]
    TooComplex {
        /// The line, from 1.
        line: u32,
        /// The column, from 1.
        column: u32,
    },
}

impl From<eval::TooComplex> for TemplateError {
    fn from(error: eval::TooComplex) -> Self {
        TemplateError::TooComplex { line: error.place.line, column: error.place.column }
    }
}

/// Finds every reference in a template, ordered by line and pointer.
pub fn evaluate(text: &str, env: &Environment) -> Result<Vec<Hit>, TemplateError> {
    if text.len() > MAX_BYTES {
        return Err(TemplateError::TooLarge { bytes: text.len() });
    }
    let root = yaml::parse(text).map_err(|error| TemplateError::Syntax {
        line: error.place.line,
        column: error.place.column,
        // The parser quotes the character it stumbles over; nothing of a template may pass.
        message: error
            .message
            .split(['`', '\'', '"'])
            .next()
            .unwrap_or_default()
            .trim_end_matches([' ', ':'])
            .to_owned(),
    })?;
    let has = |key: &str| root.get(key).is_some();
    let included = has("Transform") || has("Fn::Transform");
    if !(has("Resources") || included && root.map().is_some()) {
        return Err(TemplateError::NotATemplate);
    }
    Ok(walk::search(text, &root, env)?)
}

/// A reference in a template's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::scan) struct Located {
    /// The reference.
    pub(in crate::scan) hit: Hit,
    /// What makes it one, in bytes.
    pub(in crate::scan) span: Range<usize>,
    /// The whole construct.
    pub(in crate::scan) extent: Range<usize>,
    /// Whether no one executes it.
    pub(in crate::scan) prose: bool,
}

/// Finds every reference that is written in a template of a source tree, of which nothing but its text is known.
///
/// `root` is the template within the document: frameworks have one inside their own.
pub(in crate::scan) fn locate(text: &str, root: &yaml::Node) -> Result<Vec<Located>, TemplateError> {
    let lines = locate::Lines::new(text);
    let mut found = walk::located(text, root, &Environment::default())?;
    found.sort_by_key(|one| one.anchor.start);
    let mut out: Vec<Located> = found
        .into_iter()
        .filter_map(|one| {
            let (span, extent) = lines.find(&one.anchor)?;
            Some(Located { hit: one.hit, span, extent, prose: one.prose })
        })
        .collect();
    out.sort_by_key(|one| (one.span.start, one.hit.reference.class, one.hit.reference.confidence));
    out.dedup_by_key(|one| (one.span.start, one.hit.reference.class));
    Ok(out)
}

/// Finds every reference in a plain string: a stack's output, an export, a variable's value.
pub fn scan_value(value: &str) -> Vec<Reference> {
    pattern::find(value)
        .into_iter()
        .map(|found| Reference {
            class: found.class,
            confidence: found.confidence,
            severity: found.severity(),
            pool: found.pool_id.clone().map_or_else(|| unresolved(value, &found), PoolRef::Id),
            text: found.excerpt(value),
            host_region: found.host_region,
            updated: found.updated,
            dual_aware: found.dual_aware,
        })
        .collect()
}

/// Names what stands in a pool's place in a text.
fn unresolved(text: &str, found: &Match) -> PoolRef {
    let inside = |hole: &&Range<usize>| hole.start >= found.pool_span.start && hole.end <= found.pool_span.end;
    let what = match found.holes.iter().find(inside) {
        None => "a placeholder".to_owned(),
        Some(hole) => {
            let written = text.get(hole.clone()).unwrap_or_default();
            let name: String = written.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_').to_owned();
            let simple = !name.is_empty()
                && name.len() <= 80
                && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.:-".contains(c));
            if simple { format!("variable {name}") } else { "an expression".to_owned() }
        }
    };
    PoolRef::Unresolved { what }
}
