//! A document that is kept below a limit: parts in the order of the page, blocks in the order of their worth.
//!
//! What does not fit is left out from the least important end, whole blocks only, and every part says how much of it is
//! missing. Nothing here knows what a block says.

/// How long a block stays when room is short: the first the longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// Without it the document says nothing: the answer, and what weakens it.
    Answer,
    /// Where the pools stand, and what would help most.
    Gates,
    /// Who answers for what, and what the document was made from.
    Foot,
    /// What blocks: every rule and cause, with its first findings.
    Blocks,
    /// What blocks: the other findings.
    MoreBlocks,
    /// What stops no gate: the first findings of each kind.
    Others,
    /// The rest of that.
    MoreOthers,
    /// Long lists that are looked up.
    Lists,
}

/// What stays or goes as a whole.
#[derive(Debug)]
pub(super) struct Block {
    rank: Rank,
    text: String,
    /// How many findings it tells.
    findings: usize,
}

/// Blocks that stand together: a section, a table, a list.
#[derive(Debug, Default)]
pub(super) struct Part {
    open: String,
    blocks: Vec<Block>,
    close: String,
}

impl Part {
    /// A part that begins with this text, line breaks and all. Without any block of it nothing of it is written.
    pub(super) fn new(open: &str) -> Self {
        Self { open: open.to_owned(), ..Self::default() }
    }

    /// A part of one block.
    pub(super) fn whole(rank: Rank, text: &str) -> Self {
        Self::default().with(rank, text, 0)
    }

    /// A table with this head.
    pub(super) fn table(before: &str, head: &[&str]) -> Self {
        let rule = head.iter().map(|_| "---").collect::<Vec<_>>();
        Self::new(&format!("{before}{}{}", row(head), row(&rule)))
    }

    /// One more block, which tells so many findings.
    pub(super) fn with(mut self, rank: Rank, text: &str, findings: usize) -> Self {
        self.push(rank, text, findings);
        self
    }

    pub(super) fn push(&mut self, rank: Rank, text: &str, findings: usize) {
        self.blocks.push(Block { rank, text: lines(text), findings });
    }

    /// Lines that end the part, if any of it is written.
    pub(super) fn closed(self, close: &str) -> Self {
        Self { close: lines(close), ..self }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }
}

/// A row of a table, from cells that are Markdown already.
pub(super) fn row<S: AsRef<str>>(cells: &[S]) -> String {
    let cells: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
    format!("| {} |\n", cells.join(" | "))
}

/// The text with one line break at its end; nothing stays nothing.
fn lines(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{}\n", text.trim_end_matches('\n')) }
}

/// What is not in the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LeftOut {
    /// Findings that would be listed and are not.
    pub(super) findings: usize,
    /// All that would be listed.
    pub(super) of: usize,
}

/// The most bytes of the line that says what is missing of a part, with the empty line before it.
const MISSING: usize = 48;

fn missing(n: usize) -> String {
    format!("\n*{n} more left out here*\n")
}

/// The document, of at most `limit` bytes. Where something is left out, `notice` says so behind the first `head` parts.
pub(super) fn fit(parts: &[Part], limit: usize, head: usize, notice: impl Fn(LeftOut) -> String) -> String {
    let all: usize = parts.iter().flat_map(|part| &part.blocks).map(|block| block.findings).sum();
    let whole = write(parts, |_, _| true, None);
    if whole.len() <= limit {
        return whole;
    }
    // The number that the notice will have is not longer than that of all.
    let room = limit.saturating_sub(notice(LeftOut { findings: all, of: all }).len() + 1);
    let mut blocks: Vec<(Rank, usize, usize)> = Vec::new();
    for (p, part) in parts.iter().enumerate() {
        blocks.extend(part.blocks.iter().enumerate().map(|(b, block)| (block.rank, p, b)));
    }
    blocks.sort_unstable();
    let mut taken: Vec<Vec<bool>> = parts.iter().map(|part| vec![false; part.blocks.len()]).collect();
    let mut used = 0;
    for (_, p, b) in blocks {
        let (Some(part), Some(taken)) = (parts.get(p), taken.get_mut(p)) else { continue };
        let frame = if taken.contains(&true) { 0 } else { part.open.len() + part.close.len() + MISSING + 2 };
        let Some(block) = part.blocks.get(b) else { continue };
        used += frame + block.text.len();
        // From here on everything is less important, so nothing smaller slips in.
        if used > room {
            break;
        }
        if let Some(taken) = taken.get_mut(b) {
            *taken = true;
        }
    }
    let is_taken = |p: usize, b: usize| taken.get(p).and_then(|taken| taken.get(b)).is_some_and(|taken| *taken);
    let mut left = LeftOut { findings: 0, of: all };
    for (p, part) in parts.iter().enumerate() {
        let gone = part.blocks.iter().enumerate().filter(|(b, _)| !is_taken(p, *b));
        left.findings += gone.map(|(_, block)| block.findings).sum::<usize>();
    }
    write(parts, is_taken, Some((head, &notice(left))))
}

fn write(parts: &[Part], taken: impl Fn(usize, usize) -> bool, notice: Option<(usize, &str)>) -> String {
    let mut out = String::new();
    let block = |out: &mut String, text: &str| {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(text);
    };
    for (p, part) in parts.iter().enumerate() {
        if let Some((_, text)) = notice.filter(|(head, _)| *head == p) {
            block(&mut out, text);
        }
        let kept: Vec<&Block> = (0..).zip(&part.blocks).filter(|(b, _)| taken(p, *b)).map(|(_, block)| block).collect();
        if kept.is_empty() {
            continue;
        }
        block(&mut out, &part.open);
        out.extend(kept.iter().map(|block| block.text.as_str()));
        if kept.len() < part.blocks.len() {
            out.push_str(&missing(part.blocks.len() - kept.len()));
        }
        if !part.close.is_empty() {
            block(&mut out, &part.close);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Vec<Part> {
        let mut list = Part::new("## Findings\n\n").closed("end");
        for n in 0..50 {
            let rank = if n % 5 == 0 { Rank::Blocks } else { Rank::Others };
            list.push(rank, &format!("- finding {n} {}", "x".repeat(n)), 1);
        }
        let mut table = Part::table("### Pools\n\n", &["a", "b"]);
        for n in 0..20 {
            table.push(Rank::Lists, &row(&[n.to_string(), "y".to_owned()]), 0);
        }
        vec![Part::whole(Rank::Answer, "# Answer"), list, table, Part::whole(Rank::Foot, "foot")]
    }

    fn fitted(limit: usize) -> String {
        fit(&document(), limit, 1, |left| format!("LEFT {} of {}\n", left.findings, left.of))
    }

    #[test]
    fn what_fits_is_whole() {
        let whole = fitted(usize::MAX);
        assert!(!whole.contains("LEFT") && !whole.contains("left out"), "{whole}");
        assert_eq!(fitted(whole.len()), whole);
        assert!(fitted(whole.len() - 1).contains("LEFT"));
    }

    #[test]
    fn no_limit_is_passed_and_the_least_important_goes_first() {
        let whole = fitted(usize::MAX).len();
        for limit in 100..whole {
            let text = fitted(limit);
            assert!(text.len() <= limit, "{} of {limit}: {text}", text.len());
            assert!(text.contains("# Answer\n\nLEFT "), "{limit}: {text}");
            let there = |n: usize| text.contains(&format!("- finding {n} "));
            let gone = (0..50).filter(|n| !there(*n)).count();
            assert!(text.contains(&format!("LEFT {gone} of 50\n")), "{limit}: {text}");
            if (0..50).any(|n| n % 5 != 0 && there(n)) {
                assert!((0..50).all(|n| n % 5 != 0 || there(n)), "{limit}: {text}");
            }
            if gone > 0 && gone < 50 {
                assert!(text.contains(&format!("*{gone} more left out here*\n\nend\n")), "{limit}: {text}");
            }
            assert_eq!(text.contains("| --- |"), text.contains("| y |"), "{limit}: {text}");
            assert!(!text.contains("| y |") || gone == 0, "{limit}: {text}");
        }
    }
}
