//! Uses of libraries that derive the issuer: the constructor or function, where it is called.
//!
//! Only the use is a hit: not the import, the type, the mock, or what the library's own source declares. What a version
//! says of it, `super::decide` says.

use std::cell::{LazyCell, OnceCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{ControlFlow, Range};
use std::sync::LazyLock;

use memchr::memmem;

use super::imports::{self, Binding, Import, floor, is_word};
use super::manifest;
use super::table::{self, Call, How, Library};
use super::version;
use crate::model::{Class, Confidence};
use crate::scan::found::Found;
use crate::scan::pattern;
use crate::scan::text::Text;
use crate::scan::words::Words;

/// How much of a call's arguments is read.
const ARGUMENTS: usize = 4_096;

/// Every text that says that a library may be used in a file, with the libraries' places in the table.
static ANCHORS: LazyLock<(Words, Vec<Vec<usize>>)> = LazyLock::new(|| {
    let mut texts: BTreeMap<&[u8], Vec<usize>> = BTreeMap::new();
    for (place, library) in table::all().iter().enumerate() {
        let alone = library.calls.iter().filter(|call| call.alone).filter_map(|call| call.parts.last());
        let first = library.calls.iter().filter(|call| call.alone).filter_map(|call| call.parts.first());
        for text in library.imports.iter().chain(alone).chain(first) {
            texts.entry(text.as_bytes()).or_default().push(place);
        }
    }
    // Both are in the same order.
    (Words::new(texts.keys().copied()), texts.into_values().collect())
});

/// Every use in a text, and every version in an import's specifier.
pub(super) fn find(searched: &Text<'_>, language: &str) -> Vec<Found> {
    let text = searched.written;
    let (words, of) = &*ANCHORS;
    let mut present = vec![false; table::all().len()];
    words.each::<()>(text.as_bytes(), |_, word| {
        for place in &of[word] {
            present[*place] = true;
        }
        ControlFlow::Continue(())
    });
    let mut found = Vec::new();
    let present = table::all().iter().zip(present).filter(|(_, present)| *present);
    for (library, _) in present {
        File::new(text, language, library).find(&mut found);
    }
    if language == "markdown" {
        found.extend(manifest::document(searched));
    }
    found.sort_by_key(|found| (found.span.start, found.span.end));
    found.dedup_by(|a, b| a.span.start < b.span.end && a.class == b.class);
    found
}

/// A file in the eyes of one library.
struct File<'a> {
    text: &'a str,
    language: &'a str,
    library: &'static Library,
    imports: Vec<Import>,
    /// What the imports bind, each once however often the file says it.
    bindings: BTreeSet<Binding>,
    /// Where Python's long strings begin and end, by their quotes, once it is asked for.
    text_blocks: OnceCell<[Vec<usize>; 2]>,
}

impl<'a> File<'a> {
    fn new(text: &'a str, language: &'a str, library: &'static Library) -> File<'a> {
        let imports: Vec<Import> = library.imports.iter().flat_map(|module| imports::of(text, module)).collect();
        let bindings = imports.iter().flat_map(|import| import.bindings.iter().cloned()).collect();
        File { text, language, library, imports, bindings, text_blocks: OnceCell::new() }
    }

    fn find(&self, found: &mut Vec<Found>) {
        let imported = self.imports.iter().any(|import| import.imports) || !self.binds() && !self.imports.is_empty();
        for call in &self.library.calls {
            if call.alone || (imported && !self.binds()) {
                self.named(&call.parts, call, found);
            }
            self.bound(call, found);
        }
        self.specifiers(found);
    }

    /// Whether the library's language names what an import takes, so that a bare name means nothing without one.
    fn binds(&self) -> bool {
        self.library.packages.iter().any(|(ecosystem, _)| matches!(ecosystem.as_str(), "npm" | "pypi"))
    }

    /// Uses through what the imports bind.
    fn bound(&self, call: &Call, found: &mut Vec<Found>) {
        for binding in &self.bindings {
            let Some((first, rest)) = call.parts.split_first() else { continue };
            let mut parts = vec![binding.local.clone()];
            match &binding.symbol {
                Some(symbol) if symbol == first => {}
                Some(_) => continue,
                None if first == "default" => {}
                None => parts.push(first.clone()),
            }
            parts.extend(rest.iter().cloned());
            self.named(&parts, call, found);
        }
        if call.how == How::Argument && call.parts.len() == 1 && call.parts[0] == "default" {
            for import in &self.imports {
                if let Some(span) = self.required_in_place(import) {
                    found.push(self.found(span.clone(), span.end, call));
                }
            }
        }
    }

    /// `register(require("module"), …`: the module is named where it is used.
    fn required_in_place(&self, import: &Import) -> Option<Range<usize>> {
        let lead = self.text[..import.at.start].trim_end_matches(['"', '\'', '`']);
        let lead = lead.strip_suffix("require(").or_else(|| lead.strip_suffix("import("))?;
        lead.trim_end().ends_with("register(").then(|| import.at.clone())
    }

    /// Uses of a name in full.
    fn named(&self, parts: &[String], call: &Call, found: &mut Vec<Found>) {
        let bytes = self.text.as_bytes();
        let first = parts[0].as_str();
        if first == "default" {
            return;
        }
        let declared = LazyCell::new(|| self.declared(first));
        let elsewhere = LazyCell::new(|| self.elsewhere(first));
        for at in memmem::find_iter(bytes, first.as_bytes()) {
            let Some(end) = self.matches(at, parts, call) else { continue };
            let quoted = matches!(call.how, How::Mention | How::Text);
            if !quoted && self.not_run(at) {
                continue;
            }
            let mut hit = self.found(self.start(at)..end, end, call);
            // What declares the class is the library itself, or another of the same name; its examples are prose. In a
            // document one part may use it and a later one declare its own.
            let own = (*declared).is_some_and(|declared| self.language != "markdown" || declared < at);
            if (own && !hit.prose) || !self.has_needed(call, &hit) {
                continue;
            }
            match *elsewhere {
                Some(module) if table::all().iter().any(|library| library.imports.iter().any(|own| own == module)) => {
                    continue;
                }
                Some(_) if call.alone => hit.confidence = Confidence::Review,
                _ => {}
            }
            found.push(hit);
        }
    }

    /// Where the name that is used begins: Go's constructors have `New` before it.
    fn start(&self, at: usize) -> usize {
        if self.text[..at].ends_with("New") { at - 3 } else { at }
    }

    /// Whether a name is used at a place, and where it ends.
    fn matches(&self, at: usize, parts: &[String], call: &Call) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let start = self.start(at);
        let before = start.checked_sub(1).map(|place| bytes[place]);
        if before.is_some_and(is_word) {
            return None;
        }
        // A method of something else has the same name.
        if before == Some(b'.') && !call.alone && self.binds() {
            return None;
        }
        let mut end = at;
        for (place, part) in parts.iter().enumerate() {
            if place > 0 {
                end = self.joint(end)?;
            }
            if !self.text[end..].starts_with(part.as_str()) {
                return None;
            }
            end += part.len();
            if bytes.get(end).is_some_and(|b| is_word(*b)) {
                return None;
            }
        }
        let fits = match call.how {
            How::Call => self.is_called(end) && !self.is_declared(start),
            How::Argument => self.is_argument(start, end),
            How::Mention => self.is_mentioned(start, end),
            How::Text => true,
            How::Config => {
                self.line_before(start).trim_start().starts_with("config :") && !self.text[end..].starts_with('.')
            }
            How::Plug => {
                matches!(self.line_before(start).trim(), "plug" | "plug(") && !self.text[end..].starts_with('.')
            }
        };
        fits.then_some(end)
    }

    /// The place behind `.`, `::`, `?.` or `->`, blanks and line ends around them.
    fn joint(&self, at: usize) -> Option<usize> {
        let rest = &self.text[at..floor(self.text, at + 200)];
        let trimmed = rest.trim_start();
        let tail = ["?.", "::", "->", "."].iter().find_map(|joint| trimmed.strip_prefix(joint))?;
        Some(at + rest.len() - tail.trim_start().len())
    }

    /// Whether an argument list follows, type arguments before it.
    fn is_called(&self, end: usize) -> bool {
        let rest = &self.text[end..floor(self.text, end + 1_000)];
        let mut rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\\');
        if let Some(types) = rest.strip_prefix("::").filter(|rest| rest.starts_with('<')) {
            rest = types;
        }
        if rest.starts_with('<') {
            let mut depth = 0_i32;
            let mut last = 0;
            let close = rest.bytes().position(|b| {
                depth += i32::from(b == b'<') - i32::from(b == b'>' && last != b'=');
                last = b;
                depth == 0
            });
            let Some(close) = close else { return false };
            rest = rest[close + 1..].trim_start();
        }
        rest.starts_with('(') || rest.starts_with("?.(")
    }

    /// Whether the name is declared or only named as a type there.
    fn is_declared(&self, start: usize) -> bool {
        let line = self.line_before(start);
        let word = line.trim_end().rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        matches!(
            word,
            "class" | "def" | "function" | "func" | "fn" | "interface" | "typeof" | "extends" | "instanceof" | "struct"
        ) && line.ends_with(char::is_whitespace)
    }

    fn is_argument(&self, start: usize, end: usize) -> bool {
        let lead = self.text[floor(self.text, start.saturating_sub(120))..start].trim_end();
        let rest = self.text[end..floor(self.text, end + 80)].trim_start();
        lead.ends_with("register(") && rest.starts_with([',', ')'])
    }

    /// Whether a dotted name stands in quotes, or is assigned to.
    fn is_mentioned(&self, start: usize, end: usize) -> bool {
        let quoted = self.text[..start].ends_with(['"', '\'']) && self.text[end..].starts_with(['"', '\'']);
        let rest = self.text[end..floor(self.text, end + 40)].trim_start_matches([' ', '\t']);
        let value = self.text[..start].ends_with('=');
        quoted || value || rest.starts_with('=') && !rest.starts_with("==")
    }

    fn line_before(&self, at: usize) -> &'a str {
        imports::line_before(self.text, at)
    }

    /// Where the file itself declares the class.
    fn declared(&self, name: &str) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let places = ["class ", "struct ", "interface "].iter().filter_map(|keyword| {
            memmem::find_iter(bytes, keyword.as_bytes()).find(|at| {
                let rest = &self.text[at + keyword.len()..];
                rest.starts_with(name) && !rest.as_bytes().get(name.len()).is_some_and(|b| is_word(*b))
            })
        });
        places.min()
    }

    /// Whether the arguments hold what makes the call one that derives.
    fn has_needed(&self, call: &Call, hit: &Found) -> bool {
        let arguments = &self.text[hit.span.end..floor(self.text, hit.extent.end.max(hit.span.end + 200))];
        call.needs.is_empty() || call.needs.iter().any(|need| arguments.contains(need.as_str()))
    }

    /// The other module the file takes the name from, if it does.
    fn elsewhere(&self, name: &str) -> Option<&'a str> {
        if self.bindings.iter().any(|binding| binding.local == name) {
            return None;
        }
        let places = memmem::find_iter(self.text.as_bytes(), name.as_bytes()).take(4);
        // `import { name as other }` takes another name.
        let mut places = places.filter(|at| !self.text[at + name.len()..].starts_with(" as "));
        let module = places.find_map(|at| imports::source_of(self.text, &(at..at + name.len())))?;
        let own = self.library.imports.iter().any(|own| module.contains(own.as_str()));
        (!own).then_some(module)
    }

    /// Whether the text is a notebook: JSON, in which each line of code is a string.
    fn is_notebook(&self) -> bool {
        self.text.starts_with('{') && self.text[..floor(self.text, 2_000)].contains("\"cell")
    }

    /// Whether the place is inside a string on its line.
    fn not_run(&self, at: usize) -> bool {
        let line = self.line_before(at);
        let line = if self.is_notebook() { line.trim_start().trim_start_matches('"') } else { line };
        let line = &line[floor(line, line.len().saturating_sub(400))..];
        let mut open = None;
        let mut escaped = false;
        for c in line.chars() {
            match open {
                _ if escaped => escaped = false,
                _ if c == '\\' => escaped = true,
                Some(quote) if c == quote => open = None,
                None if matches!(c, '"' | '`') || (c == '\'' && self.language != "rust") => open = Some(c),
                _ => {}
            }
        }
        // A template of JavaScript may hold a call in `${…}`.
        open.is_some() && !(open == Some('`') && line.contains("${"))
    }

    /// Whether nothing runs the place: a comment, a text block of Python.
    fn is_prose(&self, at: usize) -> bool {
        let line = self.line_before(at).trim_start();
        let comment = ["//", "/*", "*", "<!--", "///"].iter().any(|mark| line.starts_with(mark))
            || (line.starts_with('#') && !line.starts_with("#["))
            || line.contains(" // ")
            || line.contains(" # ");
        comment || self.language == "python" && self.in_text_block(at)
    }

    /// Whether the place is inside a string of Python over several lines.
    fn in_text_block(&self, at: usize) -> bool {
        let marks = self.text_blocks.get_or_init(|| {
            let all = |mark: &str| memmem::find_iter(self.text.as_bytes(), mark.as_bytes()).collect::<Vec<_>>();
            [all("\"\"\""), all("\'\'\'")]
        });
        marks.iter().any(|marks| marks.partition_point(|mark| *mark < at) % 2 == 1)
    }

    fn found(&self, span: Range<usize>, end: usize, call: &Call) -> Found {
        let arguments = self.arguments(end);
        let inner = &self.text[arguments.clone()];
        let pool_id = inner.split(['"', '\'', '`']).find_map(pattern::pool_id).map(|pool| pool.id);
        let written: String = self.text[span.clone()].split_whitespace().collect();
        Found {
            extent: span.start..arguments.end.max(span.end),
            prose: self.is_prose(span.start),
            unresolved: if pool_id.is_none() { pool_name(inner) } else { None },
            pool_id,
            library: Some(self.library.decides.clone()),
            ..Found::new(written, span, call.class, call.confidence)
        }
    }

    /// The argument list behind a name, brackets balanced; empty if it is not closed soon.
    fn arguments(&self, end: usize) -> Range<usize> {
        let stop = floor(self.text, end + ARGUMENTS);
        let rest = &self.text[end..stop];
        let Some(open) = rest.find('(').filter(|open| *open < 600) else { return end..end };
        let mut depth = 0_i32;
        let mut quote = None;
        for (place, c) in rest[open..].char_indices() {
            match (quote, c) {
                (Some(q), c) if c == q => quote = None,
                (Some(_), '\n') => quote = None,
                (None, '"' | '\'' | '`') => quote = Some(c),
                (None, '(' | '{' | '[') => depth += 1,
                (None, ')' | '}' | ']') => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return end + open..end + open + place + c.len_utf8();
            }
        }
        end..end
    }

    /// `npm:aws-jwt-verify@4.0.1` and the like: an import that says the version.
    fn specifiers(&self, found: &mut Vec<Found>) {
        if !self.library.pins {
            return;
        }
        for import in self.imports.iter().filter(|import| import.imports) {
            let Some(version) = &import.version else { continue };
            let written = &self.text[version.clone()];
            if let Some(confidence) = super::confidence(self.library, written, version::Syntax::Npm) {
                found.push(super::pin_found(self.library, import.at.clone(), version.end, written, confidence));
            }
        }
    }
}

/// The name that stands where the pool's id is wanted.
fn pool_name(arguments: &str) -> Option<String> {
    let keys = ["userPoolId", "user_pool_id", "userpool_id", "userPool", "pool_id"];
    let (at, key) = keys
        .iter()
        .filter_map(|key| Some((arguments.find(key)?, key)))
        .min_by_key(|(at, key)| (*at, ARGUMENTS - key.len()))?;
    let rest = arguments[at + key.len()..].trim_start().strip_prefix([':', '='])?.trim_start();
    let length = rest.bytes().take_while(|b| is_word(*b) || b".:[]\"'".contains(b)).count();
    let name = rest[..length].trim_end_matches(['.', ':']);
    let plain = !name.is_empty() && name.len() <= 80 && !name.starts_with(['"', '\'']);
    plain.then(|| name.to_owned())
}

/// The class of hits that versions make.
pub(super) const PIN: Class = Class::LibraryVersionPin;
