//! Terraform: the snippets of all Regions as one file, with a provider per Region.
//!
//! A snippet is a row of blocks that begin and end in the first column.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::model::plan::PoolPlan;

use super::{Open, Part, free, label, notes, one_line, open, quoted, rename, replace};

/// What a reader has to know about the providers.
/// <https://registry.terraform.io/providers/hashicorp/awscc/latest/docs>
const ABOUT: &str = "\
# hashicorp/aws has no resource or argument for a user pool's replica, its key or its multi-Region issuer; hashicorp/awscc
# has them from 1.92 on. Nothing here is about a pool that exists: its provider would send a whole update, which resets
# what is not declared. Import it, and compare, before a pipeline that owns it runs again.
";

/// The file.
pub(super) fn write(plan: &PoolPlan, parts: &[Part<'_>]) -> String {
    let open = open(plan, parts);
    let mut blocks: Vec<Block> = Vec::new();
    let mut body = String::new();
    for part in parts {
        let mut new = blocks_of(&part.snippet.text);
        // The same block twice is one; another one of that name gets a name of its own.
        let taken = |kind: &str, name: &str| blocks.iter().any(|block| block.kind == kind && block.name == name);
        let differs =
            |block: &Block| taken(&block.kind, &block.name) && !blocks.iter().any(|other| other.text == block.text);
        let renamed: Vec<(String, String)> = new
            .iter()
            .filter(|block| differs(block))
            .map(|block| (block.name.clone(), free(&block.name, "_", |name| taken(&block.kind, name))))
            .collect();
        for block in &mut new {
            for (from, to) in &renamed {
                block.text = rename(&block.text, from, to);
                if block.name == *from {
                    block.name.clone_from(to);
                }
            }
        }
        new.retain(|block| !blocks.iter().any(|other| other.text == block.text));
        let _ = writeln!(body, "\n# {}: {}", one_line(&part.step.id), one_line(&part.step.title));
        for note in notes(&part.snippet.text) {
            let _ = writeln!(body, "#   {note}");
        }
        let alias = if part.snippet.region == plan.region { "primary" } else { "secondary" };
        for block in &new {
            let text = filled(&with_provider(block, alias), &open);
            let _ = writeln!(body, "{text}");
        }
        blocks.extend(new);
    }
    head(plan, &blocks) + &variables(&open) + &body
}

/// A block of a snippet.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Block {
    /// `resource "aws_kms_key"`, `output`.
    kind: String,
    /// Its own name.
    name: String,
    /// All of it.
    text: String,
}

impl Block {
    /// The provider that has the resource: what its type begins with.
    fn provider(&self) -> Option<&str> {
        let kind = self.kind.strip_prefix("resource \"").or_else(|| self.kind.strip_prefix("data \""))?;
        kind.split(['_', '"']).next()
    }
}

fn blocks_of(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if inside {
            if let Some(block) = blocks.last_mut() {
                let _ = write!(block.text, "\n{line}");
            }
            inside = line != "}";
        } else if line.ends_with('{') && !line.starts_with(['#', ' ']) {
            let header = line.trim_end_matches('{').trim_end();
            let (kind, name) = header.rsplit_once(' ').unwrap_or((header, ""));
            let name = name.trim_matches('"').to_owned();
            blocks.push(Block { kind: kind.to_owned(), name, text: line.to_owned() });
            inside = true;
        }
    }
    blocks
}

/// A resource says in which Region it is, through its provider.
fn with_provider(block: &Block, alias: &str) -> String {
    let named = block.text.lines().any(|line| line.trim_start().split(['=', ' ']).next() == Some("provider"));
    match (block.provider(), block.text.split_once('\n')) {
        (Some(provider), Some((header, rest))) if !named => {
            format!("{header}\n  provider = {provider}.{alias}\n\n{rest}")
        }
        _ => block.text.clone(),
    }
}

/// References to variables in the place of what is left open.
fn filled(text: &str, open: &BTreeMap<String, Open>) -> String {
    let variable = |name: &str| format!("var.{}", name.to_lowercase());
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let mut line = line.to_owned();
        if line.trim_start().starts_with('#') {
            line = replace(&line, "${", str::to_owned);
        } else {
            // Text that is nothing but one value needs no quotes.
            for name in open.keys() {
                line = line.replace(&format!("\"${{{name}}}\""), &variable(name));
            }
            line = replace(&line, "${", |name| format!("${{{}}}", variable(name)));
        }
        out.push_str(&line);
        out.push('\n');
    }
    out
}

/// Versions and providers; only those that are needed.
fn head(plan: &PoolPlan, blocks: &[Block]) -> String {
    let used: BTreeSet<&str> = blocks.iter().filter_map(Block::provider).collect();
    let mut out = format!(
        "# New resources for the user pool {}, account {}.\n{ABOUT}\nterraform {{\n  required_providers {{\n",
        label(plan),
        one_line(&plan.pool.account)
    );
    let known = [("aws", "hashicorp/aws", ">= 5.0"), ("awscc", "hashicorp/awscc", ">= 1.92")];
    for (name, source, version) in known.iter().filter(|(name, ..)| used.contains(name)) {
        let _ = writeln!(out, "    {name} = {{\n      source  = \"{source}\"\n      version = \"{version}\"\n    }}");
    }
    out.push_str("  }\n}\n");
    let regions = [Some(("primary", &plan.region)), plan.replica_region.as_ref().map(|region| ("secondary", region))];
    for (name, ..) in known.iter().filter(|(name, ..)| used.contains(name)) {
        for (alias, region) in regions.iter().flatten() {
            let _ =
                write!(out, "\nprovider \"{name}\" {{\n  alias  = \"{alias}\"\n  region = {}\n", quoted(region, true));
            if *name == "aws" {
                // Another account is refused.
                let _ = write!(out, "\n  allowed_account_ids = [{}]\n", quoted(&plan.pool.account, true));
            }
            out.push_str("}\n");
        }
    }
    out
}

/// What is left open. What the evidence has is the default.
fn variables(open: &BTreeMap<String, Open>) -> String {
    let mut out = String::new();
    for (name, Open { what, default }) in open {
        let name = name.to_lowercase();
        let _ =
            write!(out, "\nvariable \"{name}\" {{\n  description = {}\n  type        = string\n", quoted(what, true));
        if let Some(default) = default {
            let _ = writeln!(out, "  default     = {}", quoted(default, true));
        }
        out.push_str("}\n");
    }
    out
}
