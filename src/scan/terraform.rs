//! References in Terraform and `OpenTofu` modules: attributes of user pools, and URLs that locals and variables complete,
//! evaluated within one folder.
//!
//! Nothing is executed: functions that put strings together are followed, of all others only the arguments are read.
//! Not here: what stands in a literal (`code`), and words such as `COGNITO_USER_POOLS` (`keyword`).

mod eval;
mod plain;
#[cfg(test)]
mod tests;
mod value;
mod visit;

use super::found::Found;
use super::language;

pub(super) use plain::find as find_plain;

/// What a file must hold for its module to be evaluated.
pub const KEYWORDS: &[&str] =
    &["aws_cognito_user_pool", "pool_endpoint", "cognito-idp", "cognito_endpoint", "cognito.endpoint"];

/// The largest file that is evaluated; nobody writes larger ones by hand.
const MAX_BYTES: usize = 2 * 1024 * 1024;

/// A file of a module.
#[derive(Debug, Clone, Copy)]
pub struct File<'a> {
    /// Its path below the root.
    pub path: &'a str,
    /// Its text.
    pub text: &'a str,
}

/// The references per file, in the order given, and per file why it could not be evaluated.
///
/// A file that cannot be parsed is searched for what its text alone shows, and reported if it holds a keyword.
pub fn module(files: &[File<'_>]) -> Vec<(Vec<Found>, Option<String>)> {
    let bodies: Vec<_> = files.iter().map(|file| parse(*file)).collect();
    let mut module = eval::Module::new(files);
    for (index, body) in bodies.iter().enumerate() {
        if let Ok(Some(body)) = body {
            module.declare(index, body);
        }
    }
    let mut found: Vec<Vec<Found>> = files.iter().map(|_| Vec::new()).collect();
    for (index, body) in bodies.iter().enumerate() {
        match body {
            Ok(Some(body)) if holds_keyword(files[index].text) => visit::file(&mut module, index, body, &mut found),
            Ok(_) => {}
            Err(_) => found[index].extend(plain::find(files[index].text, "terraform")),
        }
    }
    if module.exhausted() {
        for (index, file) in files.iter().enumerate() {
            found[index].extend(plain::find(file.text, "terraform"));
        }
    }
    let exhausted = module.exhausted();
    let unread = bodies.iter().zip(files).map(|(body, file)| match body {
        Err(why) if holds_keyword(file.text) => Some(why.clone()),
        _ if exhausted && holds_keyword(file.text) => {
            Some("the module's expressions expand to more than is followed".to_owned())
        }
        _ => None,
    });
    found
        .into_iter()
        .map(|mut found| {
            found.sort_by_key(|one| (one.span.start, one.confidence));
            found.dedup_by_key(|one| one.span.start);
            found
        })
        .zip(unread)
        .collect()
}

/// A file's body; none for what is not HCL by its name; else why it has none, without anything of its text.
fn parse(file: File<'_>) -> Result<Option<hcl_edit::structure::Body>, String> {
    if language::has_extension(file.path, "json") {
        return Ok(None);
    }
    if file.text.len() > MAX_BYTES {
        return Err(format!("the file has {} bytes; at most {MAX_BYTES} are evaluated", file.text.len()));
    }
    let text = file.text.strip_prefix('\u{feff}').unwrap_or(file.text);
    if text.len() < file.text.len() {
        // Places would be off by the mark.
        return Err("the file begins with a byte order mark".to_owned());
    }
    hcl_edit::parser::parse_body(text).map(Some).map_err(|error| {
        let place = error.location();
        format!("not HCL: line {}, column {}", place.line(), place.column())
    })
}

/// Whether evaluating a file may show something.
fn holds_keyword(text: &str) -> bool {
    // Locals may complete a URL in a file that names neither host nor pool.
    let words = ["cognito", "user_pool", "userpool", "issuer"];
    words.iter().any(|word| contains(text.as_bytes(), word.as_bytes()))
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    memchr::memmem::find(text, word).is_some()
}
