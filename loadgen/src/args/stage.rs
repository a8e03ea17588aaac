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
    /// The clients at its begin and at its end, at least one; `None` goes on with those before.
    pub clients: Option<(u32, u32)>,
}

impl FromStr for StageFlag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (length, settings) = text.split_once(':').unwrap_or((text, ""));
        let length = duration(length.trim()).map_err(|reason| wrong(text, &reason))?;
        if length.is_zero() {
            return Err(wrong(text, "it takes no time"));
        }
        let (mut rate, mut clients) = (None, None);
        for setting in settings.split(',').map(str::trim) {
            let read = match setting.split_once('=') {
                None if setting.is_empty() && settings.trim().is_empty() => Ok(()),
                Some((name, value)) if name.trim() == "rate" => set(&mut rate, value, str::parse),
                Some((name, value)) if name.trim() == "clients" => {
                    set(&mut clients, value, number_of_clients)
                }
                _ => Err(format!("`{setting}` is no setting of one")),
            };
            read.map_err(|reason| wrong(text, &reason))?;
        }
        Ok(Self {
            text: text.to_owned(),
            length,
            rate,
            clients,
        })
    }
}

/// Sets what was not set before to a value, or to one and another that it comes to.
fn set<T>(
    setting: &mut Option<(T, T)>,
    text: &str,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<(), String> {
    if setting.is_some() {
        return Err("it says the same twice".to_owned());
    }
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    *setting = Some((read(from.trim())?, read(to.trim())?));
    Ok(())
}

fn number_of_clients(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|clients| *clients > 0);
    number.ok_or_else(|| format!("`{text}` is no number of clients, such as 1000"))
}

fn wrong(text: &str, reason: &str) -> String {
    format!(
        "`{text}` is no stage: {reason}; write one like '30s: clients=1000..5000, rate=100', '30s: rate=100..500' or \
         '1m: rate=500'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (u64, Option<(f64, f64)>) {
        let stage: StageFlag = text.parse().unwrap();
        assert_eq!(stage.clients, None);
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
    fn a_stage_may_say_how_many_clients_there_are() {
        let clients = |text: &str| {
            let stage: StageFlag = text.parse().unwrap();
            (stage.clients, stage.rate.is_some())
        };
        let both = "30s: clients=1000..5000, rate=100";
        assert_eq!(clients(both), (Some((1000, 5000)), true));
        assert_eq!(clients("5s: clients = 7"), (Some((7, 7)), false));
        assert_eq!(clients("5s: clients=9 .. 1"), (Some((9, 1)), false));
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
            "1s: clients=",
            "1s: clients=0",
            "1s: clients=5..",
            "1s: clients=1.5",
            "1s: clients=1, clients=2",
            "1s: clients=5000000000",
        ] {
            let told = text.parse::<StageFlag>().unwrap_err();
            assert!(told.contains(&format!("`{text}`")), "{told}");
            assert!(told.contains("'30s: rate=100..500'"), "{told}");
        }
    }
}
