//! The CBOR of CloudWatch's protocol as JSON.
//!
//! Tags are taken off: a time is then epoch seconds, as in AWS JSON. Not a general CBOR reader: keys are texts.

use minicbor::Decoder;
use minicbor::data::Type;
use minicbor::decode::Error;
use serde_json::{Map, Value};

const MAX_DEPTH: usize = 64;

/// The one item in `bytes`.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, String> {
    let mut decoder = Decoder::new(bytes);
    value(&mut decoder, 0).map_err(|error| format!("not CBOR: {error}"))
}

fn value(decoder: &mut Decoder<'_>, depth: usize) -> Result<Value, Error> {
    if depth > MAX_DEPTH {
        return Err(Error::message("nested too deeply"));
    }
    Ok(match decoder.datatype()? {
        Type::Bool => decoder.bool()?.into(),
        Type::Null => {
            decoder.null()?;
            Value::Null
        }
        Type::Undefined => {
            decoder.undefined()?;
            Value::Null
        }
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => decoder.u64()?.into(),
        Type::I8 | Type::I16 | Type::I32 | Type::I64 => decoder.i64()?.into(),
        Type::F16 => f64::from(decoder.f16()?).into(),
        Type::F32 => f64::from(decoder.f32()?).into(),
        Type::F64 => decoder.f64()?.into(),
        Type::String | Type::StringIndef => text(decoder)?.into(),
        Type::Tag => {
            decoder.tag()?;
            value(decoder, depth + 1)?
        }
        Type::Array | Type::ArrayIndef => {
            let length = decoder.array()?;
            let mut items = Vec::new();
            while more(decoder, length, items.len())? {
                items.push(value(decoder, depth + 1)?);
            }
            Value::Array(items)
        }
        Type::Map | Type::MapIndef => {
            let length = decoder.map()?;
            let mut members = Map::new();
            let mut read = 0;
            while more(decoder, length, read)? {
                let name = text(decoder)?;
                members.insert(name, value(decoder, depth + 1)?);
                read += 1;
            }
            Value::Object(members)
        }
        Type::Int | Type::Bytes | Type::BytesIndef | Type::Simple | Type::Break | Type::Unknown(_) => {
            return Err(Error::message("an item of a type that CloudWatch does not use"));
        }
    })
}

/// Whether another element follows; eats the end mark of a list without a length.
fn more(decoder: &mut Decoder<'_>, length: Option<u64>, read: usize) -> Result<bool, Error> {
    match length {
        Some(length) => Ok(u64::try_from(read).is_ok_and(|read| read < length)),
        None if decoder.datatype()? == Type::Break => {
            decoder.set_position(decoder.position() + 1);
            Ok(false)
        }
        None => Ok(true),
    }
}

fn text(decoder: &mut Decoder<'_>) -> Result<String, Error> {
    decoder.str_iter()?.collect()
}

#[cfg(test)]
mod tests {
    use super::parse;
    use serde_json::json;

    #[test]
    fn maps_lists_times_and_indefinite_lengths() {
        let mut bytes = Vec::new();
        let mut encoder = minicbor::Encoder::new(&mut bytes);
        encoder.map(2).unwrap().str("MetricAlarms").unwrap().begin_array().unwrap();
        encoder.map(3).unwrap().str("AlarmName").unwrap().str("a").unwrap();
        encoder.str("Threshold").unwrap().f64(1.5).unwrap();
        encoder.str("At").unwrap().tag(minicbor::data::IanaTag::Timestamp).unwrap().u32(1_700_000_000).unwrap();
        encoder.end().unwrap().str("NextToken").unwrap().null().unwrap();
        let wanted =
            json!({"MetricAlarms": [{"AlarmName": "a", "Threshold": 1.5, "At": 1_700_000_000}], "NextToken": null});
        assert_eq!(parse(&bytes).unwrap(), wanted);
    }

    #[test]
    fn cut_off_deep_and_foreign_are_errors() {
        assert!(parse(&[]).is_err());
        assert!(parse(&[0xa1, 0x61, b'a']).is_err());
        assert!(parse(&[0x81; 5000]).is_err());
        assert!(parse(&[0x9f, 0x01]).is_err());
        assert!(parse(b"{}").is_err());
    }
}
