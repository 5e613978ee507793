//! The page that the table format fills: lines no wider than asked, paragraphs with hanging indents, small grids.
//!
//! Everything that reaches a page is already safe text. The page knows nothing of reports.

use std::io::{self, Write};

use comfy_table::{LineStyle, Table, TableStyle};
use unicode_width::UnicodeWidthStr;

use super::super::paint::{Painter, Style, paint};
use super::super::text::wrap;

/// Narrower than this, nothing can be laid out; the page is then wider than asked.
const MIN_WIDTH: usize = 60;
/// Paragraphs wider than this are hard to read, however wide the terminal is.
const MAX_TEXT_WIDTH: usize = 110;
/// Columns kept for the label of a labelled line, such as `seen`.
const LABEL: usize = 6;
/// Columns kept for the name of a row, such as `Evidence`.
const ROW: usize = 11;
/// Columns kept for the label of a note, such as `Gates that count`.
const NOTE: usize = 18;
/// Columns before a grid: what an account names may stand first in a row, and should not stand first in a line.
const GRID_INDENT: usize = 2;
/// Header, thin rule, rows.
const GRID: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─'));

/// Lines being collected.
#[derive(Debug)]
pub(super) struct Page {
    width: usize,
    lines: Vec<String>,
}

impl Page {
    pub(super) fn new(width: usize) -> Self {
        Self { width: width.max(MIN_WIDTH), lines: Vec::new() }
    }

    /// The columns that a grid may have.
    pub(super) fn grid_width(&self) -> usize {
        self.width - GRID_INDENT
    }

    /// One empty line, unless there is one or nothing yet.
    pub(super) fn blank(&mut self) {
        if self.lines.last().is_some_and(|line| !line.is_empty()) {
            self.lines.push(String::new());
        }
    }

    /// A heading after an empty line.
    pub(super) fn heading(&mut self, text: &str) {
        self.blank();
        for line in wrap(text, self.text_width(), self.text_width()) {
            self.lines.push(paint(Style::Bold, &line));
        }
    }

    /// A paragraph: `lead` and the text, later lines indented.
    pub(super) fn para(&mut self, lead: &str, indent: usize, text: &str) {
        let width = self.text_width();
        let mut first = true;
        for line in wrap(text, width.saturating_sub(lead.width()), width.saturating_sub(indent)) {
            if first {
                self.lines.push(format!("{lead}{line}"));
            } else {
                self.lines.push(format!("{:indent$}{line}", ""));
            }
            first = false;
        }
    }

    /// An indented line with a label; the text wraps beside the label.
    pub(super) fn labelled(&mut self, indent: usize, label: &str, text: &str) {
        let lead = format!("{:indent$}{}", "", paint(Style::Dim, &format!("{label:LABEL$}")));
        self.para(&lead, indent + LABEL.max(label.len()), text);
    }

    /// A line at the margin that begins with its name; the text wraps beside it.
    pub(super) fn row(&mut self, name: &str, text: &str) {
        self.row_led(&paint(Style::Dim, name), text);
    }

    /// A row whose name is painted already.
    pub(super) fn row_led(&mut self, name: &str, text: &str) {
        let gap = ROW.saturating_sub(name.width());
        self.para(&format!("{name}{:gap$}", ""), ROW, text);
    }

    /// An indented line with a long label; the text wraps beside it.
    pub(super) fn noted(&mut self, label: &str, text: &str) {
        self.para(&format!("  {}", paint(Style::Dim, &format!("{label:NOTE$}"))), 2 + NOTE, text);
    }

    /// The columns that the text of a row has.
    pub(super) fn row_width(&self) -> usize {
        self.text_width().saturating_sub(ROW)
    }

    /// A grid. The cells of column `flexible` wrap, so that the whole fits; the others are as wide as they are.
    pub(super) fn grid(&mut self, header: &[&str], rows: &[Vec<String>], flexible: usize) {
        let mut table = Table::new();
        table.load_style(GRID);
        let natural = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width());
            cells.chain(header.get(column).map(|cell| cell.width())).max().unwrap_or(0)
        };
        let fixed: usize =
            (0..header.len()).filter(|column| *column != flexible).map(|column| natural(column) + 2).sum();
        let room = self.grid_width().saturating_sub(fixed).max(8);
        table.set_header(header.iter().map(|cell| paint(Style::Dim, cell)).collect::<Vec<_>>());
        for row in rows {
            let cells = row.iter().enumerate().map(|(column, cell)| {
                if column == flexible { wrap(cell, room, room).join("\n") } else { cell.clone() }
            });
            table.add_row(cells.collect::<Vec<_>>());
        }
        let last = header.len().saturating_sub(1);
        for (index, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, if index == last { 0 } else { 2 }));
        }
        self.lines.extend(table.lines().map(|line| format!("{:GRID_INDENT$}{line}", "")));
    }

    /// Writes all lines, each ended by a newline and plain at its end.
    pub(super) fn write(&self, color: bool, links: bool, out: &mut dyn Write) -> io::Result<()> {
        let mut painter = Painter::new(color).with_links(links);
        self.lines.iter().try_for_each(|line| writeln!(out, "{}", painter.line(line)))
    }

    /// The widest line that text may have.
    pub(super) fn text_width(&self) -> usize {
        self.width.min(MAX_TEXT_WIDTH)
    }
}
