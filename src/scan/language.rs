//! Which language or format a file is in, and whether it is a test or documentation, by its path.
//!
//! By path alone: cheap, and what people see. Comments inside code are the business of `code`.

/// The language or format by the file's name: `typescript`, `terraform`, `yaml`; `text` if nothing is known.
pub fn of(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension {
        "ts" | "tsx" | "mts" | "cts" => "typescript",
        "js" | "jsx" | "mjs" | "cjs" => "javascript",
        "py" => "python",
        "tf" | "tofu" | "hcl" | "tfvars" => "terraform",
        "yaml" | "yml" => "yaml",
        "json" => "json",
        _ => "text",
    }
}

/// Whether the file is a test, a fixture, a mock or a recording.
pub fn is_test(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, "test" | "tests" | "__tests__"))
}

/// Whether the file is documentation.
pub fn is_documentation(path: &str) -> bool {
    path.to_ascii_lowercase().ends_with(".md")
}
