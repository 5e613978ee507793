//! Writes the marks of a text, which `ahead` reads and describes. Not part of the library: `build.rs` compiles it, and so do
//! the tests. What marks have no words for is not decided here, it has no marks.

use granit_parser::{Event, Options, Parser, ScalarStyle, Span};

/// The marks of a text; `None` if it has a mistake, or more in it than plain nodes (anchors, tags, a second document).
#[expect(clippy::wildcard_enum_match_arm, reason = "the parser's enum is non-exhaustive")]
pub(crate) fn of(text: &str) -> Option<Vec<u8>> {
    let mut options = Options::default();
    options.emit_comments = false;
    let mut marks = Writer { text, bytes: Vec::new(), line: 0, end: 0 };
    let mut documents = 0;
    if text.starts_with('\u{feff}') {
        return None;
    }
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.ok()?;
        match event {
            Event::Scalar(scalar, style, 0, None) => marks.scalar(&scalar, style == ScalarStyle::Plain, &span)?,
            Event::SequenceStart(_, 0, None) => marks.begin(4, &span)?,
            Event::MappingStart(_, 0, None) => marks.begin(5, &span)?,
            Event::SequenceEnd | Event::MappingEnd => marks.bytes.push(6),
            Event::DocumentStart(..) => documents += 1,
            Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            _ => return None,
        }
    }
    (documents == 1).then_some(marks.bytes)
}

struct Writer<'t> {
    text: &'t str,
    bytes: Vec<u8>,
    line: i64,
    end: usize,
}

impl Writer<'_> {
    fn begin(&mut self, kind: u8, span: &Span) -> Option<()> {
        self.bytes.push(kind);
        let line = i64::try_from(span.start.line()).ok()?;
        self.signed(line - self.line);
        self.line = line;
        self.number(u64::try_from(span.start.col() + 1).ok()?);
        Some(())
    }

    fn scalar(&mut self, scalar: &str, plain: bool, span: &Span) -> Option<()> {
        let kind = u8::from(!plain);
        // Wherever the text has these bytes: mostly they are the scalar itself.
        let found = self.text.get(self.end..)?.find(scalar).map(|at| self.end + at).or_else(|| self.text.find(scalar));
        let Some(start) = found else {
            if !plain && let Some((start, lines, indentation)) = self.block(scalar, span) {
                self.begin(7, span)?;
                self.piece(start, lines)?;
                self.number(u64::try_from(indentation).ok()?);
                return Some(());
            }
            self.begin(2 + kind, span)?;
            self.number(u64::try_from(scalar.len()).ok()?);
            self.bytes.extend_from_slice(scalar.as_bytes());
            return Some(());
        };
        self.begin(kind, span)?;
        self.piece(start, scalar.len())
    }

    fn piece(&mut self, start: usize, length: usize) -> Option<()> {
        self.signed(i64::try_from(start).ok()? - i64::try_from(self.end).ok()?);
        self.number(u64::try_from(length).ok()?);
        self.end = start + length;
        Some(())
    }

    /// Where the lines begin that without their indentation are this scalar, how long they are, and how far indented. Only
    /// what comes to the scalar byte by byte is taken.
    fn block(&self, scalar: &str, span: &Span) -> Option<(usize, usize, usize)> {
        let mut before = 0;
        for (index, line) in self.text.split_inclusive('\n').enumerate() {
            let indentation = line.bytes().take_while(|byte| *byte == b' ').count();
            // The parser's lines count from one, and a block begins on the line after its sign.
            if (span.start.line() - 1..=span.start.line() + 1).contains(&index)
                && let Some(length) = indented(&self.text[before..], scalar, indentation)
            {
                return Some((before, length, indentation));
            }
            before += line.len();
        }
        None
    }

    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.bytes.push(number.to_le_bytes()[0]);
    }

    fn signed(&mut self, number: i64) {
        self.number(if number < 0 { (-1 - number).unsigned_abs() * 2 + 1 } else { number.unsigned_abs() * 2 });
    }
}

/// How much of the text, without so many spaces before each line, is the scalar.
fn indented(text: &str, scalar: &str, indentation: usize) -> Option<usize> {
    let (mut rest, mut length) = (scalar, 0);
    for line in text.split_inclusive('\n') {
        let spaces = line.bytes().take(indentation).take_while(|byte| *byte == b' ').count();
        let said = &line[spaces..];
        if rest.len() <= said.len() {
            return said.starts_with(rest).then_some(length + spaces + rest.len());
        }
        rest = rest.strip_prefix(said)?;
        length += line.len();
    }
    None
}
