//! A reference as a detector finds it in one text, before its file and tree are considered.
//!
//! Every detector gives these: `code` by the text alone, `document` and `terraform` by evaluating, `library` by names.

use std::ops::Range;

use crate::model::{Class, Confidence};

/// A reference in a text.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, of which any may hold beside any other")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// In bytes: the piece that holds the host, else the keyword that makes it a reference. Its start is the hit's place.
    pub span: Range<usize>,
    /// In bytes: the whole construct, at least `span`.
    pub extent: Range<usize>,
    /// What it is.
    pub class: Class,
    /// How sure that is.
    pub confidence: Confidence,
    /// Whether it names the updated issuer.
    pub updated: bool,
    /// Whether the updated issuer is accepted beside it.
    pub dual_aware: bool,
    /// Whether any pool is accepted there.
    pub accepts_any_pool: bool,
    /// Whether nothing executes the place: a comment, a description.
    pub prose: bool,
    /// The pool, if its id is written out or follows.
    pub pool_id: Option<String>,
    /// What stands in its place otherwise: a name, never a value.
    pub unresolved: Option<String>,
    /// The matched text alone, fit to be shown.
    pub text: String,
    /// For what a library derives: its name in `rules/data/issuer-libraries.yaml`. Its version decides in the end.
    pub library: Option<String>,
}

impl Found {
    /// A reference of which no more is known than where it stands, what it is and how sure that is: `text` is what is
    /// shown of it, `span` the whole construct.
    pub fn new(text: impl Into<String>, span: Range<usize>, class: Class, confidence: Confidence) -> Self {
        Self {
            extent: span.clone(),
            span,
            class,
            confidence,
            updated: false,
            dual_aware: false,
            accepts_any_pool: false,
            prose: false,
            pool_id: None,
            unresolved: None,
            text: text.into(),
            library: None,
        }
    }
}
