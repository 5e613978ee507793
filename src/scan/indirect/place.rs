//! What stands around a variable's name: whether it is read there, passed on without a value, or given one.
//!
//! By the text on its line, in any language. Not here: what the name says.

use std::ops::Range;

/// How much of a line is looked at before and behind a name.
const REACH: usize = 240;
/// What makes a member or a call one that looks a variable up.
const LOOKUPS: [&str; 18] = [
    "env",
    "getenv",
    "lookupenv",
    "environ",
    "environment",
    "osenv",
    "config",
    "configuration",
    "conf",
    "cfg",
    "settings",
    "setting",
    "viper",
    "secrets",
    "secret",
    "property",
    "server",
    "vars",
];
/// What makes it one that gives a value.
const GIVES: [&str; 12] =
    ["set", "setenv", "put", "putenv", "add", "del", "delenv", "remove", "unset", "unsetenv", "stub", "setdefault"];

/// A name in its text.
pub(super) struct Place<'a> {
    text: &'a str,
    language: &'a str,
    name: &'a str,
    at: Range<usize>,
    /// What stands before it on its line.
    before: &'a str,
    /// What stands behind it on its line.
    after: &'a str,
}

impl<'a> Place<'a> {
    pub(super) fn new(text: &'a str, language: &'a str, at: &Range<usize>) -> Self {
        let from = text.floor_char_boundary(at.start.saturating_sub(REACH));
        let to = text.floor_char_boundary(at.end + REACH);
        let before = text[from..at.start].rsplit('\n').next().unwrap_or_default();
        let after = text[at.end..to].split('\n').next().unwrap_or_default().trim_end_matches('\r');
        Self { text, language, name: &text[at.clone()], at: at.clone(), before, after }
    }

    /// Whether the name is given an issuer here, or has one as its default.
    pub(super) fn has_value(&self) -> bool {
        let open = |line: &str| line.trim_end().ends_with(['=', '(', '[', '{', ',', '|', '?', '\\', ':', '>']);
        let mut statement = self.after.to_owned();
        if open(&statement) {
            let to = self.text.floor_char_boundary(self.at.end + 2 * REACH);
            statement.push_str(self.text[self.at.end..to].split('\n').nth(1).unwrap_or_default());
        }
        let statement = statement.to_ascii_lowercase();
        let given = statement.split([';', '#']).next().unwrap_or_default();
        given.split(" // ").next().unwrap_or_default().contains("cognito-idp")
    }

    /// Whether the variable is read, or passed on without a value.
    pub(super) fn is_read(&self) -> bool {
        if self.before.ends_with(['"', '\'', '`']) || self.before.ends_with("&quot;") {
            return self.is_looked_up() || self.is_passed_on();
        }
        self.is_interpolated() || self.is_member() || self.is_passed_on()
    }

    /// `getenv("NAME")`, `process.env['NAME']`, `lookupEnv "NAME"`, `env:"NAME"`.
    fn is_looked_up(&self) -> bool {
        let opener = self.before.trim_end_matches(['"', '\'', '`', '\\']).trim_end();
        let closed = self.after.trim_start_matches(['"', '\'', '`', '\\']).trim_start();
        if let Some(object) = opener.strip_suffix('[') {
            return looks_up(object) && !closed.strip_prefix(']').is_some_and(is_assigned);
        }
        if let Some(callee) = opener.strip_suffix('(') {
            return looks_up(callee);
        }
        if let Some(first) = opener.strip_suffix(',') {
            // Ansible's `lookup('env', 'NAME')`.
            return first.ends_with("'env'") || first.ends_with("\"env\"");
        }
        let tag = ["env:", "envconfig:", "env=", "env =", "envvar=", "envvar ="];
        if tag.iter().any(|tag| opener.ends_with(tag)) {
            return true;
        }
        if opener.ends_with("name =") || opener.ends_with("name=") {
            return opener.contains("@ConfigProperty");
        }
        let path = path_at_end(opener);
        path.to_ascii_lowercase().ends_with("env") && looks_up(opener)
    }

    /// `process.env.NAME`, `settings.NAME`, `secrets.NAME`.
    fn is_member(&self) -> bool {
        let object = self.before.strip_suffix('.').or_else(|| self.before.strip_suffix("::"));
        let Some(object) = object.map(|object| object.trim_end_matches(['?', '!'])) else { return false };
        let shouted = !self.name.contains(|c: char| c.is_ascii_lowercase());
        shouted && !is_assigned(self.after) && self.language != "terraform" && looks_up(object)
    }

    /// `${NAME}`, `$NAME`, `$(NAME)`, `%NAME%`, in the languages in which that is a variable of the environment.
    fn is_interpolated(&self) -> bool {
        // There the same is a variable of the program's own.
        let own = matches!(
            self.language,
            "typescript"
                | "javascript"
                | "html"
                | "kotlin"
                | "groovy"
                | "scala"
                | "php"
                | "perl"
                | "dart"
                | "terraform"
        );
        let ends = |close: &[char]| self.after.is_empty() || self.after.starts_with(close);
        let lower = self.before.to_ascii_lowercase();
        if lower.ends_with("$env:") || lower.ends_with("${env:") || lower.ends_with("$env{") {
            return !is_assigned(self.after.trim_start_matches('}'));
        }
        if let Some(ahead) = self.before.strip_suffix("${") {
            let spelled = ahead.ends_with('\\') || self.language == "groovy" && ahead.ends_with('\'');
            return (!own || spelled)
                && self.language != "cloudformation"
                && ends(&['}', ':', '-', '?', '+', '%', '/']);
        }
        let shouted = !self.name.contains(|c: char| c.is_ascii_lowercase());
        if self.before.ends_with("$(") {
            return shouted && matches!(self.language, "yaml" | "json" | "make" | "xml" | "text") && ends(&[')']);
        }
        if self.before.ends_with('$') {
            let plain = ["shell", "dockerfile", "make", "yaml", "conf", "dotenv", "toml", "markdown", "text"];
            return shouted && plain.contains(&self.language);
        }
        self.before.ends_with('%') && self.after.starts_with('%')
    }

    /// A setting whose value comes from elsewhere, or that is handed through: in formats, not in code.
    fn is_passed_on(&self) -> bool {
        let format = matches!(
            self.language,
            "yaml" | "json" | "toml" | "dotenv" | "dockerfile" | "shell" | "properties" | "conf"
        );
        if !format || self.name.contains(|c: char| c.is_ascii_lowercase()) {
            return false;
        }
        let head = self.before.trim_end_matches(['"', '\'']).trim();
        let rest = self.after.trim_start_matches(['"', '\'']).trim();
        // A list's item that says `name`, and then where the value is from.
        if head.to_ascii_lowercase().trim_end_matches(['"', '\'', ' ']).ends_with("name:")
            || head.ends_with("\"name\":")
            || head.ends_with("\"Name\":")
        {
            let to = self.text.floor_char_boundary(self.at.end + 200);
            let next = &self.text[self.at.end..to];
            let own = next.find("name").unwrap_or(next.len()).min(next.find("\n\n").unwrap_or(next.len()));
            let from = next.find("valueFrom").is_some_and(|at| at < own);
            return from || value_of(&next[..own]).is_some_and(is_elsewhere);
        }
        let first = head.is_empty() || matches!(head, "-" | "export" | "ENV" | "ARG" | "{" | "- \"" | "env");
        if !first {
            return false;
        }
        match rest.strip_prefix(['=', ':']) {
            // The read behind it is what is reported.
            Some(value) if value.contains(self.name) => false,
            Some(value) => {
                let value = value.trim().trim_start_matches(['"', '\'']);
                is_elsewhere(value) || value.is_empty() && self.language == "dotenv"
            }
            None if rest.is_empty() => {
                head == "ARG" && self.language == "dockerfile" || head == "-" && self.is_in_environment()
            }
            None => false,
        }
    }

    /// Whether the list that an item stands in is that of an environment.
    fn is_in_environment(&self) -> bool {
        let from = self.text.floor_char_boundary(self.at.start.saturating_sub(600));
        let above = self.text[from..self.at.start].rsplit('\n').skip(1);
        let heading = above.map(str::trim).find(|line| !line.starts_with(['-', '#']) && !line.is_empty());
        heading.is_some_and(|line| matches!(line, "environment:" | "env:" | "pass_env:" | "passenv:"))
    }
}

/// Whether what stands before this is given a value, rather than compared or matched.
fn is_assigned(after: &str) -> bool {
    let after = after.trim_start();
    after.starts_with('=') && !["==", "=>", "=~"].iter().any(|other| after.starts_with(other))
}

/// The value that a line behind `name: X` gives.
fn value_of(next: &str) -> Option<&str> {
    let at = next.find("value")?;
    let rest = next[at + "value".len()..].trim_start_matches(['"', '\'']);
    Some(rest.strip_prefix(':')?.trim_start().trim_start_matches(['"', '\'']))
}

/// Whether a value is put in when this is deployed or started.
fn is_elsewhere(value: &str) -> bool {
    value.starts_with('$') || value.starts_with("{{")
}

/// Whether an object or a function at the end of a text looks variables up by name.
fn looks_up(text: &str) -> bool {
    let words = words(path_at_end(text));
    let is = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    is(&LOOKUPS) && !is(&GIVES)
}

/// The path at the end of a text, such as `process.env`, without type arguments.
fn path_at_end(text: &str) -> &str {
    let mut text = text.trim_end();
    if text.ends_with('>')
        && let Some(open) = text.rfind('<')
    {
        text = &text[..open];
    }
    let mut start = text.len();
    loop {
        let head = &text[..start];
        let shorter = head.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || "_.$:?!&".contains(c));
        let shorter = shorter.strip_suffix("()").unwrap_or(shorter);
        if shorter.len() == start {
            return &text[start..];
        }
        start = shorter.len();
    }
}

/// The words of a path in lower case, split where a capital follows a small letter too.
fn words(path: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut small = false;
    for c in path.chars() {
        if !c.is_ascii_alphanumeric() || small && c.is_ascii_uppercase() {
            words.push(String::new());
        }
        if c.is_ascii_alphanumeric() {
            words.last_mut().into_iter().for_each(|word| word.push(c.to_ascii_lowercase()));
        }
        small = c.is_ascii_lowercase();
    }
    words
}
