//! Rates as people write them, and when what they count is due.

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};

use crate::figures::words::number;

/// The highest rate: one in each unit of the clock.
const PER_SECOND_MAX: f64 = 1e9;
const SECOND_NS: f64 = 1e9;

/// So many a second, evenly spaced; more than none.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Rate(f64);

impl Rate {
    /// So many a second; `None` if there is no such rate.
    pub fn new(per_second: f64) -> Option<Self> {
        (per_second > 0.0 && per_second <= PER_SECOND_MAX).then_some(Self(per_second))
    }

    /// How many a second.
    pub fn per_second(self) -> f64 {
        self.0
    }

    /// When number `k` of them is due, in nanoseconds since number 0, rounded up.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "it is positive, exact up to a hundred days, and beyond the longest time it is that"
    )]
    pub fn due_ns(self, k: u64) -> u64 {
        (k as f64 * SECOND_NS / self.0).ceil() as u64
    }

    /// About how many come in so many nanoseconds.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "it is positive, and about right"
    )]
    pub fn about(self, ns: u64) -> u64 {
        (ns as f64 * self.0 / SECOND_NS) as u64
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (count, seconds) = match text.trim().rsplit_once('/') {
            None => (text, 1.0),
            Some((count, "s")) => (count, 1.0),
            Some((count, "m")) => (count, 60.0),
            Some((count, "h")) => (count, 3600.0),
            Some((_, unit)) => return Err(format!("there is no unit `/{unit}`; {FORM}")),
        };
        let count: f64 = count
            .trim()
            .parse()
            .map_err(|_| format!("`{count}` is no number; {FORM}"))?;
        Self::new(count / seconds).ok_or_else(|| {
            format!("it must be more than 0 and at most {PER_SECOND_MAX:e} a second; {FORM}")
        })
    }
}

const FORM: &str = "write a rate like 100, 0.5, 1e3 or 30/m (/s, /m, /h)";

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&number(self.0))
    }
}

impl Serialize for Rate {
    /// A whole number as such.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is whole, positive and small enough"
        )]
        if self.0.fract() == 0.0 {
            return serializer.serialize_u64(self.0 as u64);
        }
        serializer.serialize_f64(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> f64 {
        text.parse::<Rate>().unwrap().per_second()
    }

    #[test]
    fn a_rate_is_a_number_a_second_unless_it_says_otherwise() {
        for (text, per_second) in [
            ("100", 100.0),
            ("0.5", 0.5),
            ("1e3", 1000.0),
            ("7/s", 7.0),
            ("30/m", 0.5),
            ("1.8e3/h", 0.5),
        ] {
            assert!((read(text) - per_second).abs() < 1e-12, "{text}");
        }
    }

    #[test]
    fn what_is_no_rate_is_refused_with_the_right_form() {
        for text in ["", "many", "0", "-1", "NaN", "inf", "1e10", "5/d", "5 Hz"] {
            let told = text.parse::<Rate>().unwrap_err();
            assert!(told.contains("100, 0.5, 1e3 or 30/m"), "{told}");
        }
    }

    #[test]
    fn a_rate_is_told_as_a_number() {
        let json = |text: &str| serde_json::to_string(&text.parse::<Rate>().unwrap()).unwrap();
        assert_eq!([json("100"), json("30/m")], ["100", "0.5"]);
        let words = |text: &str| text.parse::<Rate>().unwrap().to_string();
        assert_eq!([words("12e3"), words("20/m")], ["12 000", "0.333"]);
    }

    #[test]
    fn each_is_due_after_the_one_before() {
        let rate: Rate = "0.5".parse().unwrap();
        assert_eq!(
            [0, 1, 3].map(|k| rate.due_ns(k)),
            [0, 2_000_000_000, 6_000_000_000]
        );
        assert_eq!(Rate(3.0).due_ns(1), 333_333_334);
        assert_eq!(Rate(f64::MIN_POSITIVE).due_ns(1), u64::MAX);
    }
}
