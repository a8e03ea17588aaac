//! Parts of a run, one after another, as people write them.

use std::{str::FromStr, time::Duration};

use hubbub::vocabulary::units::duration;

use crate::args::rate::Rate;

/// A part of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct StageFlag {
    /// As it was written.
    pub text: String,
    /// How long it is; more than no time.
    pub length: Duration,
    /// The rate at its begin and at its end; `None` goes on with the one before.
    pub rate: Option<(Rate, Rate)>,
}

impl FromStr for StageFlag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (length, settings) = text.split_once(':').unwrap_or((text, ""));
        let length = duration(length.trim()).map_err(|reason| wrong(text, &reason))?;
        if length.is_zero() {
            return Err(wrong(text, "it takes no time"));
        }
        let mut rate = None;
        for setting in settings.split(',').map(str::trim) {
            match setting.split_once('=') {
                None if setting.is_empty() && settings.trim().is_empty() => {}
                Some((name, value)) if name.trim() == "rate" => {
                    if rate.is_some() {
                        return Err(wrong(text, "it has two rates"));
                    }
                    rate = Some(ramp(value).map_err(|reason| wrong(text, &reason))?);
                }
                _ => return Err(wrong(text, &format!("`{setting}` is no setting of one"))),
            }
        }
        Ok(Self {
            text: text.to_owned(),
            length,
            rate,
        })
    }
}

/// A value, or one and another that it comes to.
fn ramp(text: &str) -> Result<(Rate, Rate), String> {
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    Ok((from.trim().parse()?, to.trim().parse()?))
}

fn wrong(text: &str, reason: &str) -> String {
    format!("`{text}` is no stage: {reason}; write one like '30s: rate=100..500' or '1m: rate=500'")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (u64, Option<(f64, f64)>) {
        let stage: StageFlag = text.parse().unwrap();
        let rate = stage.rate;
        let rate = rate.map(|(from, to)| (from.per_second(), to.per_second()));
        (stage.length.as_secs(), rate)
    }

    #[test]
    fn a_stage_holds_a_rate_or_goes_from_one_to_another() {
        assert_eq!(read("30s: rate=100"), (30, Some((100.0, 100.0))));
        assert_eq!(read("1m:rate = 1e2 .. 30/m"), (60, Some((100.0, 0.5))));
        assert_eq!(read("5s"), (5, None));
        assert_eq!(read("5s:"), (5, None));
    }

    #[test]
    fn what_is_no_stage_is_quoted_with_the_right_form() {
        for text in [
            "",
            "soon: rate=1",
            "0s: rate=1",
            "1s: rate=",
            "1s: rate=1..",
            "1s: rate=1..2..3",
            "1s: rate=0",
            "1s: rate=1, rate=2",
            "1s: rate=1,",
            "1s: speed=1",
            "1s: 100",
        ] {
            let told = text.parse::<StageFlag>().unwrap_err();
            assert!(told.contains(&format!("`{text}`")), "{told}");
            assert!(told.contains("'30s: rate=100..500'"), "{told}");
        }
    }
}
