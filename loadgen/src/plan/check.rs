//! Whether what a run is to do can be done: what cannot is refused by its flag.

use crate::{
    args::Args,
    plan::{
        Plan,
        error::{PORTS_PER_SOURCE, PlanError},
        nanoseconds,
        protocol::Protocol,
        script::{Script, error::ScriptError},
        stamp::{MESSAGE_BYTES_MAX, PUBLISHERS_MAX, STAMP_BYTES, TIME_NS_MAX},
        target::unix_path,
    },
};

impl Plan {
    /// Whether the flags go together.
    ///
    /// # Errors
    /// The user's: the first that do not.
    pub(super) fn check(&self, args: &Args) -> Result<(), PlanError> {
        if self.publishers > self.clients || self.publishers > PUBLISHERS_MAX {
            return Err(PlanError::Publishers {
                publishers: self.publishers,
                most: self.clients.min(PUBLISHERS_MAX),
            });
        }
        if !(STAMP_BYTES..=MESSAGE_BYTES_MAX).contains(&self.size_bytes) {
            return Err(PlanError::Size {
                bytes: self.size_bytes,
            });
        }
        if self.duration.is_zero() {
            return Err(PlanError::NoDuration);
        }
        if self.slow + self.publishers > self.clients {
            return Err(PlanError::Slow {
                slow: self.slow,
                most: self.clients - self.publishers,
            });
        }
        self.check_crowd()?;
        if self.channels > self.clients {
            return Err(PlanError::Channels {
                channels: self.channels,
                clients: self.clients,
            });
        }
        let in_handshake = |place: &str| {
            let headers = args
                .header
                .iter()
                .filter_map(|(_, value)| value.to_str().ok());
            let urls = args
                .target
                .iter()
                .map(|target| &target.url)
                .chain(&args.url);
            let mut asked = urls.map(String::as_str).chain(headers);
            asked.any(|text| text.replace("%%", "").contains(place))
        };
        if self.channels > 1 && !self.protocol.has_channels() && !in_handshake("%t") {
            return Err(PlanError::NoChannels);
        }
        // Of servers that are compared, a flag is for those that have a place for it.
        let is_any = |so: fn(&Script) -> bool| {
            let spoken = args.spoken().map(|name| Protocol::new(name, args));
            let mut spoken = spoken.filter_map(Result::ok);
            spoken.any(|protocol| protocol.script().is_some_and(so))
        };
        if args.script.topic.is_some() && !is_any(Script::has_topic) && !in_handshake("%t") {
            return Err(PlanError::NoTopic);
        }
        if args.script.period.is_some() && !args.ping && !is_any(|script| script.every.is_some()) {
            return Err(ScriptError::NothingAgain.into());
        }
        match (
            self.particulars.has_values(),
            is_any(Script::has_value) || in_handshake("%v"),
        ) {
            (true, false) => return Err(PlanError::NoValue),
            (false, true) => return Err(PlanError::NoValues),
            _ => {}
        }
        if self.ping.is_some_and(|period| period.is_zero()) {
            return Err(ScriptError::NoPeriod.into());
        }
        if self.churn.is_some_and(|period| period.is_zero()) {
            return Err(PlanError::NoPeriod);
        }
        if args.isolation && self.slow == 0 {
            return Err(PlanError::NobodySlow);
        }
        let all_unix = !args.url.is_empty() && args.url.iter().all(|url| unix_path(url).is_some());
        let ports = usize::from(self.source_ips.unwrap_or(1)) * PORTS_PER_SOURCE;
        if self.sockets() > ports && !all_unix {
            return Err(PlanError::Ports {
                sockets: self.sockets(),
                sources: self.sockets().div_ceil(PORTS_PER_SOURCE),
            });
        }
        let whole = self
            .warmup
            .saturating_add(self.duration)
            .saturating_add(self.settle);
        // Half of what a stamp can carry: connecting counts from the same origin.
        if nanoseconds(whole) > TIME_NS_MAX / 2 {
            return Err(PlanError::TooLong);
        }
        let most = self.schedule(0).map_or(0, |schedule| schedule.total_of(0));
        if most >= u64::from(u32::MAX) {
            return Err(PlanError::TooMany);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(flags: &str) -> String {
        let args = Args::read(format!("loadgen {flags}").split(' ')).unwrap();
        Plan::new(&args).unwrap_err().to_string()
    }

    #[test]
    fn what_cannot_work_is_refused_by_its_flag() {
        assert!(
            refused("--clients 3 --publishers 4").contains("--publishers (4) can be at most 3")
        );
        assert!(refused("--size 39B").contains("--size (39 bytes)"));
        assert!(refused("--duration 0s").contains("--duration"));
        assert!(refused("--duration 100h").contains("39 hours"));
        assert!(refused("--duration 10h --rate 1000000 --publishers 1").contains("lower --rate"));
        assert!(refused("--clients 27000").contains("lower --clients"));
        assert!(refused("--clients 100000").contains("--source-ips 4"));
        assert!(refused("--clients 10 --slow 50%").contains("--slow (5 clients) can be at most 0"));
        assert!(refused("--clients 10 --channels 11").contains("--channels (11)"));
        assert!(refused("--channels 2 --protocol raw").contains("--channels needs"));
        assert!(refused("--isolation").contains("--slow 1%"));
        assert!(refused("--churn 10s").contains("--protocol chat"));
        assert!(refused("--churn 0s --protocol chat").contains("--churn must"));
        assert!(refused("--cut 10%/2s").contains("--protocol chat"));
        assert!(refused("--hello hi").contains("--protocol raw"));
        assert!(refused("--sender acked --protocol chat").contains("--sender"));
        assert!(refused("saturate --protocol raw --sender skipped").contains("--sender acked"));
        assert!(refused("--protocol raw --hello %v").contains("give --values"));
        for spoken in [
            "relay",
            "chat",
            "raw",
            "raw --hello %%t",
            "raw --template %s",
        ] {
            let told = refused(&format!("--topic tea --protocol {spoken}"));
            assert!(told.contains("--topic has no place"), "{told}");
            let told = refused(&format!("--period 5s --protocol {spoken}"));
            assert!(told.contains("--every TEXT"), "{told}");
        }
        assert!(refused("--url ws://127.0.0.1:1/%v").contains("give --values"));
        assert!(refused("--protocol raw --template hi").contains("%s once"));
        for within in ["--protocol raw --template '%s'", "--protocol chat"] {
            assert!(refused(&format!("{within} --payload json")).contains("--payload json"));
        }
    }

    #[test]
    fn a_flag_that_one_of_the_servers_has_a_place_for_is_taken() {
        for flags in [
            "--protocol raw --template %t%s --topic tea",
            "--protocol raw --header a:%t --topic tea",
            "--url ws://127.0.0.1:1/%t --topic tea",
            "--url mqtt+ws://127.0.0.1:1/ --topic tea",
            "compare --target a=ws://127.0.0.1:1/ --target b=nats+ws://127.0.0.1:2/ --topic tea",
            "compare --target a=ws://127.0.0.1:1/ --target b=phoenix+ws://127.0.0.1:2/ --period 5s",
            "--protocol raw --every x --period 5s",
            "idle --ping --period 5s",
        ] {
            let args = Args::read(format!("loadgen {flags}").split(' ')).unwrap();
            assert!(Plan::new(&args).is_ok(), "{flags}");
        }
    }
}
