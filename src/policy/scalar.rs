//! The scalars that condition operators compare: decimal numbers, dates, booleans, address ranges.
//!
//! For: reading them exactly, and saying "cannot read" as `None` instead of guessing.
//! Not for: time zones by name, leap seconds, or the clock.

use std::cmp::Ordering;
use std::net::IpAddr;

/// Compares two decimal numbers exactly; `None` if either is not one.
pub(super) fn compare_numbers(left: &str, right: &str) -> Option<Ordering> {
    let (left, right) = (Decimal::read(left)?, Decimal::read(right)?);
    Some(match (left.negative, right.negative) {
        (false, true) => Ordering::Greater,
        (true, false) => Ordering::Less,
        (false, false) => left.compare_size(&right),
        (true, true) => right.compare_size(&left),
    })
}

struct Decimal<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
}

impl<'a> Decimal<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || digits.ends_with('.') {
            return None;
        }
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        // There is one zero, not two.
        Some(Self { negative: negative && !(whole.is_empty() && fraction.is_empty()), whole, fraction })
    }

    fn compare_size(&self, other: &Self) -> Ordering {
        (self.whole.len(), self.whole, self.fraction).cmp(&(other.whole.len(), other.whole, other.fraction))
    }
}

/// Compares two instants, ISO 8601 or seconds since 1970; `None` if either is neither.
pub(super) fn compare_dates(left: &str, right: &str) -> Option<Ordering> {
    Some(instant(left)?.cmp(&instant(right)?))
}

/// Seconds since 1970 and nanoseconds.
fn instant(text: &str) -> Option<(i64, u32)> {
    if text.strip_prefix('-').unwrap_or(text).bytes().all(|b| b.is_ascii_digit()) {
        return Some((text.parse().ok()?, 0));
    }
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut fields = date.split('-');
    let (year, month, day) = (digits(fields.next()?, 4)?, digits(fields.next()?, 2)?, digits(fields.next()?, 2)?);
    if fields.next().is_some() || !(1..=12).contains(&month) || !(1..=days_in(year, month)).contains(&day) {
        return None;
    }
    let midnight = days_since_1970(year, month, day) * 86_400;
    let Some(time) = time else { return Some((midnight, 0)) };
    let (clock, offset) = split_offset(time)?;
    let (clock, nanos) = match clock.split_once('.') {
        Some((clock, fraction)) if (1..=9).contains(&fraction.len()) => {
            (clock, u32::try_from(digits(&format!("{fraction:0<9}"), 9)?).ok()?)
        }
        Some(_) => return None,
        None => (clock, 0),
    };
    let mut fields = clock.split(':');
    let (hour, minute) = (digits(fields.next()?, 2)?, digits(fields.next()?, 2)?);
    let second = fields.next().map_or(Some(0), |s| digits(s, 2))?;
    if fields.next().is_some() || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    Some((midnight + hour * 3600 + minute * 60 + second - offset, nanos))
}

/// Splits `…Z` or `…±hh:mm` into the clock and the seconds east of Greenwich. A time without either is not an instant.
fn split_offset(time: &str) -> Option<(&str, i64)> {
    if let Some(clock) = time.strip_suffix('Z') {
        return Some((clock, 0));
    }
    let at = time.find(['+', '-'])?;
    let (clock, offset) = time.split_at(at);
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = offset[1..].split_once(':')?;
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    (hours <= 23 && minutes <= 59).then_some((clock, sign * (hours * 3600 + minutes * 60)))
}

fn digits(text: &str, count: usize) -> Option<i64> {
    (text.len() == count && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days of the proleptic Gregorian calendar, counting years from March so that the leap day comes last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

/// Reads `true` or `false`, in any case.
pub(super) fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// Whether an address lies in a range (`10.0.0.0/8`, `2001:db8::/32`, or one address); `None` if either cannot be read.
pub(super) fn address_in(range: &str, address: &str) -> Option<bool> {
    let address: IpAddr = address.parse().ok()?;
    let (base, length) = match range.split_once('/') {
        Some((base, length)) if length.bytes().all(|b| b.is_ascii_digit()) => (base, Some(length.parse::<u32>().ok()?)),
        Some(_) => return None,
        None => (range, None),
    };
    let base: IpAddr = base.parse().ok()?;
    let bits = |ip: IpAddr| match ip {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()), 32),
        IpAddr::V6(v6) => (v6.to_bits(), 128),
    };
    let ((base, width), (address, address_width)) = (bits(base), bits(address));
    let length = length.unwrap_or(width);
    if length > width {
        return None;
    }
    // A shift by the full width of the type is no shift at all, hence the check.
    let prefix = |n: u128| n.checked_shr(width - length).unwrap_or(0);
    Some(width == address_width && prefix(base) == prefix(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_exactly() {
        for (left, right, expected) in [
            ("2", "10", Some(Ordering::Less)),
            ("-2", "-10", Some(Ordering::Greater)),
            ("-1", "1", Some(Ordering::Less)),
            ("1", "-1", Some(Ordering::Greater)),
            ("007.50", "7.5", Some(Ordering::Equal)),
            ("-0", "0.0", Some(Ordering::Equal)),
            ("0.09", "0.1", Some(Ordering::Less)),
            ("9007199254740993", "9007199254740992", Some(Ordering::Greater)),
            ("+3", "3", Some(Ordering::Equal)),
            ("1e3", "1000", None),
            ("", "1", None),
            ("1.", "1", None),
        ] {
            assert_eq!(compare_numbers(left, right), expected, "{left} ? {right}");
        }
    }

    #[test]
    fn dates_compare_across_notations() {
        for (left, right, expected) in [
            ("1970-01-01", "0", Some(Ordering::Equal)),
            ("2024-02-29T12:00:00Z", "1709208000", Some(Ordering::Equal)),
            ("2024-02-29T12:00:00+02:00", "2024-02-29T10:00Z", Some(Ordering::Equal)),
            ("2024-02-29T12:00:00.5Z", "2024-02-29T12:00:00.25Z", Some(Ordering::Greater)),
            ("2000-03-01", "2000-02-29", Some(Ordering::Greater)),
            ("2023-02-29", "0", None),
            ("2024-02-29T12:00:00", "0", None),
            ("yesterday", "0", None),
            ("2024-13-01", "0", None),
        ] {
            assert_eq!(compare_dates(left, right), expected, "{left} ? {right}");
        }
    }

    #[test]
    fn addresses_lie_in_ranges() {
        for (range, address, expected) in [
            ("10.0.0.0/8", "10.255.0.1", Some(true)),
            ("10.0.0.0/8", "11.0.0.1", Some(false)),
            ("10.0.0.1", "10.0.0.1", Some(true)),
            ("0.0.0.0/0", "203.0.113.9", Some(true)),
            ("::/0", "2001:db8::1", Some(true)),
            ("2001:db8::/32", "2001:db8:1::1", Some(true)),
            ("2001:db8::/32", "2001:db9::1", Some(false)),
            ("0.0.0.0/0", "2001:db8::1", Some(false)),
            ("10.0.0.0/33", "10.0.0.1", None),
            ("10.0.0.0/+8", "10.0.0.1", None),
            ("10.0.0.0/8", "vpc", None),
        ] {
            assert_eq!(address_in(range, address), expected, "{address} in {range}");
        }
    }
}
