//! One Parquet file: rows come in, row groups go out.
//!
//! A row group is what readers skip and share out, and what has to be held in memory before it can be written, since a file
//! has column after column. Its size depends on the rows only, so the same rows give the same bytes. Not here: which columns
//! there are, and what a report says in them.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::{Compression, ConvertedType, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{Type, TypePtr};

/// A row group has no more rows than this …
const MOST_ROWS: usize = 65_536;
/// … and ends after the row with which its texts are longer than this, in bytes: what is held in memory.
const MOST_TEXT: usize = 16 << 20;

/// What readers learn about the writer. Theirs is `NAME version VERSION`; a name they cannot take apart costs the statistics.
const CREATED_BY: &str = concat!("mrready version ", env!("CARGO_PKG_VERSION"));

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// UTF-8.
    Text,
    /// A list of UTF-8; never null, without nulls in it.
    Words,
    /// An instant, in milliseconds, UTC.
    Time,
    /// True or false.
    Flag,
    /// A number, 64 bits.
    Count,
}

impl Kind {
    /// The type as Athena and Spark call it in a table's definition.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Words => "array<string>",
            Self::Time => "timestamp",
            Self::Flag => "boolean",
            Self::Count => "bigint",
        }
    }
}

/// Name, type and nullability of a column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spec {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) nullable: bool,
}

/// The value of a row in a column.
#[derive(Debug)]
pub(super) enum Cell<'a> {
    Null,
    Text(Cow<'a, str>),
    Words(Vec<Cow<'a, str>>),
    /// Milliseconds since the beginning of 1970, UTC.
    Time(i64),
    Flag(bool),
    Count(i64),
}

/// The values of a column that wait for their row group.
#[derive(Debug)]
struct Column {
    spec: Spec,
    /// The texts, one behind the other.
    text: Vec<u8>,
    /// Where each text ends.
    ends: Vec<usize>,
    numbers: Vec<i64>,
    flags: Vec<bool>,
    /// Whether there is a value; of columns that can lack one.
    defined: Vec<i16>,
    /// Whether a value goes on with the list before it; of lists.
    repeated: Vec<i16>,
}

impl Column {
    fn new(spec: Spec) -> Self {
        let (text, ends, numbers, flags) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { spec, text, ends, numbers, flags, defined: Vec::new(), repeated: Vec::new() }
    }

    /// Takes a value; gives back by how many bytes of text it grew.
    fn push(&mut self, cell: &Cell<'_>) -> io::Result<usize> {
        let before = self.text.len();
        match (self.spec.kind, cell) {
            (Kind::Words, Cell::Words(words)) => {
                for (index, word) in words.iter().enumerate() {
                    self.put(word);
                    self.defined.push(1);
                    self.repeated.push(i16::from(index > 0));
                }
                if words.is_empty() {
                    self.defined.push(0);
                    self.repeated.push(0);
                }
                return Ok(self.text.len() - before);
            }
            (_, Cell::Null) if self.spec.nullable => {
                self.defined.push(0);
                return Ok(0);
            }
            (Kind::Text, Cell::Text(text)) => self.put(text),
            (Kind::Time, Cell::Time(number)) | (Kind::Count, Cell::Count(number)) => self.numbers.push(*number),
            (Kind::Flag, Cell::Flag(flag)) => self.flags.push(*flag),
            (kind, _) => {
                let name = self.spec.name;
                return Err(io::Error::other(format!("column {name}: {cell:?} is no {}", kind.as_str())));
            }
        }
        if self.spec.nullable {
            self.defined.push(1);
        }
        Ok(self.text.len() - before)
    }

    fn put(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
        self.ends.push(self.text.len());
    }

    /// Writes what waits, and forgets it.
    fn write(&mut self, mut to: SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        let is_list = self.spec.kind == Kind::Words;
        let defined = (is_list || self.spec.nullable).then_some(self.defined.as_slice());
        let repeated = is_list.then_some(self.repeated.as_slice());
        match self.spec.kind {
            Kind::Text | Kind::Words => {
                // One allocation that all values share.
                let text = ByteArray::from(std::mem::take(&mut self.text));
                let starts = std::iter::once(&0).chain(&self.ends);
                let values: Vec<ByteArray> =
                    starts.zip(&self.ends).map(|(start, end)| text.slice(*start, end - start)).collect();
                to.typed::<ByteArrayType>().write_batch(&values, defined, repeated)?;
            }
            Kind::Time | Kind::Count => {
                to.typed::<Int64Type>().write_batch(&self.numbers, defined, None)?;
            }
            Kind::Flag => {
                to.typed::<BoolType>().write_batch(&self.flags, defined, None)?;
            }
        }
        to.close()?;
        *self = Self::new(self.spec);
        Ok(())
    }
}

/// A file under way.
#[derive(Debug)]
pub(super) struct Table<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    columns: Vec<Column>,
    rows: usize,
    /// Bytes of text that wait.
    waiting: usize,
}

impl<W: Write + Send> Table<W> {
    /// Begins a file; `version` is that of the columns.
    pub(super) fn new(
        name: &str,
        version: u32,
        specs: impl IntoIterator<Item = Spec>,
        to: W,
    ) -> Result<Self, ParquetError> {
        let columns: Vec<Column> = specs.into_iter().map(Column::new).collect();
        let fields = columns.iter().map(|column| field(column.spec)).collect::<Result<Vec<_>, _>>()?;
        let schema = Type::group_type_builder(name).with_fields(fields).build()?;
        let about = |key: &str, value: String| KeyValue { key: format!("mrready.{key}"), value: Some(value) };
        let properties = WriterProperties::builder()
            .set_created_by(CREATED_BY.to_owned())
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
            .set_key_value_metadata(Some(vec![about("table", name.to_owned()), about("version", version.to_string())]))
            .build();
        let writer = SerializedFileWriter::new(to, Arc::new(schema), Arc::new(properties))?;
        Ok(Self { writer, columns, rows: 0, waiting: 0 })
    }

    /// Takes a row, a cell for each column.
    pub(super) fn push<'a>(&mut self, cells: impl Iterator<Item = Cell<'a>>) -> io::Result<()> {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            self.waiting += column.push(&cell)?;
        }
        self.rows += 1;
        if self.rows >= MOST_ROWS || self.waiting > MOST_TEXT { self.flush() } else { Ok(()) }
    }

    /// Writes the rows that wait as a row group.
    fn flush(&mut self) -> io::Result<()> {
        if self.rows > 0 {
            self.write_group().map_err(io::Error::other)?;
            (self.rows, self.waiting) = (0, 0);
        }
        Ok(())
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        for column in &mut self.columns {
            if let Some(to) = group.next_column()? {
                column.write(to)?;
            }
        }
        group.close()?;
        Ok(())
    }

    /// Writes what is left and the footer, without which nothing of the file can be read.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.flush()?;
        let mut to = self.writer.into_inner().map_err(io::Error::other)?;
        to.flush()?;
        Ok(to)
    }
}

/// A column in the file's schema. A list has three levels, as the format's specification wants it.
fn field(spec: Spec) -> Result<TypePtr, ParquetError> {
    let repetition = if spec.nullable { Repetition::OPTIONAL } else { Repetition::REQUIRED };
    let text = |name: &'static str, repetition| {
        let text = Type::primitive_type_builder(name, Physical::BYTE_ARRAY);
        text.with_repetition(repetition).with_logical_type(Some(LogicalType::String)).build().map(Arc::new)
    };
    let number = |logical: Option<LogicalType>| {
        let number = Type::primitive_type_builder(spec.name, Physical::INT64);
        number.with_repetition(repetition).with_logical_type(logical).build().map(Arc::new)
    };
    match spec.kind {
        Kind::Text => text(spec.name, repetition),
        Kind::Words => {
            let list = Type::group_type_builder("list").with_repetition(Repetition::REPEATED);
            let list = list.with_fields(vec![text("element", Repetition::REQUIRED)?]).build()?;
            let column = Type::group_type_builder(spec.name).with_repetition(Repetition::REQUIRED);
            // Readers of before 2018 know the converted type only.
            let column = column.with_logical_type(Some(LogicalType::List)).with_converted_type(ConvertedType::LIST);
            Ok(Arc::new(column.with_fields(vec![Arc::new(list)]).build()?))
        }
        Kind::Time => number(Some(LogicalType::timestamp(true, TimeUnit::MILLIS))),
        Kind::Flag => {
            let flag = Type::primitive_type_builder(spec.name, Physical::BOOLEAN);
            Ok(Arc::new(flag.with_repetition(repetition).build()?))
        }
        Kind::Count => number(None),
    }
}
