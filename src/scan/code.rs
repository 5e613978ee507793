//! References in a text by the text alone, whatever the language: what the lexer finds, and what the keywords around say.
//!
//! Not here: what has structure to be evaluated (`document`, `terraform`), and libraries (`library`).

use super::found::Found;
use super::pattern;

/// What a text must hold, in any case, for this detector to find something in it.
pub const KEYWORDS: &[&str] = &["cognito-idp"];

/// Every reference in a text; `language` as [`super::language::of`] names it.
pub fn find(text: &str, language: &str) -> Vec<Found> {
    let _ = language;
    let found = pattern::find(text).into_iter();
    found
        .map(|found| Found {
            text: found.excerpt(text),
            extent: found.span.clone(),
            span: found.span,
            class: found.class,
            confidence: found.confidence,
            updated: found.updated,
            dual_aware: found.dual_aware,
            accepts_any_pool: false,
            prose: false,
            pool_id: found.pool_id,
            unresolved: None,
            library: None,
        })
        .collect()
}
