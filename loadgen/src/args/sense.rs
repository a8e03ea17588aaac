//! Whether flags mean something together: what could not have any effect is refused.

use clap::{ArgMatches, parser::ValueSource};

use crate::args::{
    Args,
    languages::ProtocolName,
    mode::Mode::{self, Compare, Connect, Fanout, Idle, Saturate, Search},
};

/// Flags that mean something only in some modes.
const ONLY_IN: &[(&str, &[Mode])] = &[
    ("url", &[Fanout, Saturate, Search, Idle, Connect]),
    ("target", &[Compare]),
    ("rounds", &[Compare]),
    ("load", &[Compare]),
    ("slo", &[Search]),
    ("clients_up_to", &[Search]),
    ("stage", &[Fanout]),
    ("rate", &[Fanout, Search, Compare]),
    ("window", &[Saturate, Compare]),
    ("publishers", &[Fanout, Saturate, Search, Compare]),
    ("size", &[Fanout, Saturate, Search, Compare]),
    ("payload", &[Fanout, Saturate, Search, Compare]),
    ("warmup", &[Fanout, Saturate, Search, Idle, Compare]),
    ("settle", &[Fanout, Saturate, Search, Compare]),
    ("churn", &[Fanout, Saturate]),
    ("cut", &[Fanout]),
    ("away", &[Fanout]),
    ("skips", &[Fanout, Saturate]),
    ("order", &[Fanout, Saturate, Search, Compare]),
    ("storm", &[Fanout, Saturate, Idle]),
    ("ping", &[Idle]),
    ("slow", &[Fanout, Saturate]),
    ("isolation", &[Fanout, Saturate]),
    ("log", &[Fanout, Saturate]),
    ("hdr", &[Fanout, Saturate, Connect]),
    ("template", &[Fanout, Saturate, Search, Compare]),
    ("sender", &[Fanout, Saturate, Search, Compare]),
];

impl Args {
    /// What could not have any effect, or no sensible one.
    pub(super) fn without_sense(&self) -> Option<String> {
        let servers = match self.mode {
            Compare => self.target.len(),
            _ => self.url.len(),
        };
        let is_any = |scheme: &str| {
            let urls = self
                .target
                .iter()
                .map(|target| &target.url)
                .chain(&self.url);
            // However it is written (RFC 3986, section 3.1).
            let begins = |url: &String| {
                let begin = url.get(..scheme.len());
                begin.is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
            };
            urls.into_iter().any(begins)
        };
        if self.path.is_some() && !is_any("unix:") {
            return Some("--path is for unix:PATH: write the path into the URL".to_owned());
        }
        if (self.insecure || self.ca.is_some()) && !is_any("wss://") {
            return Some(
                "--ca and --insecure are for TLS: give a URL like wss://HOST/relay".to_owned(),
            );
        }
        if self.entry_timeout.is_zero() {
            return Some(
                "--entry-timeout leaves no time to come in: give it some, such as 10s".to_owned(),
            );
        }
        if let (ProtocolName::Language(language), 0) = (self.protocol, servers) {
            return Some(format!(
                "--protocol {} needs a server that speaks it: give its --url",
                language.name
            ));
        }
        let pids = self.server_pid.len();
        if pids > 0 && pids != servers {
            return Some(format!(
                "--server-pid is given {pids} times for {servers} servers that are not the run's own: \
                 give one for each --url or --target, or none"
            ));
        }
        let mut names: Vec<&str> = self
            .target
            .iter()
            .map(|target| target.name.as_str())
            .collect();
        names.sort_unstable();
        let twice = names.windows(2).find(|two| two[0] == two[1])?;
        Some(format!(
            "two --target are called {}: give each a name of its own",
            twice[0]
        ))
    }
}

/// What two flags say, and one would do.
pub(super) fn said_twice(matches: &ArgMatches, args: &Args) -> Option<String> {
    let first = args.stage.first().filter(|first| first.clients.is_some())?;
    given(matches, "clients").then(|| {
        format!(
            "--clients and the first --stage ('{}') both say how many clients there are at first: leave out one of them",
            first.text
        )
    })
}

fn given(matches: &ArgMatches, flag: &str) -> bool {
    matches.value_source(flag) == Some(ValueSource::CommandLine)
}

/// A flag that was given and means nothing in a mode.
pub(super) fn misplaced(matches: &ArgMatches, mode: Mode) -> Option<String> {
    let (flag, modes) = ONLY_IN
        .iter()
        .find(|(flag, modes)| given(matches, flag) && !modes.contains(&mode))?;
    let names: Vec<String> = modes.iter().map(Mode::to_string).collect();
    Some(format!(
        "--{} means nothing in {mode}: leave it out (it is for {})",
        flag.replace('_', "-"),
        names.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn read(line: &str) -> Args {
        Args::read(line.split(' ')).unwrap()
    }

    fn refused(line: &str) -> String {
        Args::read(line.split(' ')).unwrap_err().to_string()
    }

    #[test]
    fn the_flags_that_are_confined_are_flags() {
        let command = Args::command();
        for (flag, _) in ONLY_IN {
            let mut known = command.get_arguments();
            assert!(known.any(|known| known.get_id() == flag), "{flag}");
        }
    }

    #[test]
    fn a_flag_that_means_nothing_in_a_mode_is_refused_there() {
        assert!(refused("loadgen saturate --rate 7").contains("--rate means nothing in saturate"));
        assert!(refused("loadgen idle --size 64B").contains("it is for fanout"));
        assert!(refused("loadgen compare --url ws://x/").contains("--url means nothing"));
        let told = refused("loadgen fanout --clients-up-to 7");
        assert!(told.contains("--clients-up-to means nothing"), "{told}");
        assert_eq!(read("loadgen saturate --window 3").window, 3);
    }

    #[test]
    fn how_many_clients_there_are_at_first_is_said_once() {
        let read = |first, second| {
            Args::read([
                "loadgen",
                "--clients",
                "7",
                "--stage",
                first,
                "--stage",
                second,
            ])
        };
        let told = read("1s: clients=5..9", "1s").unwrap_err().to_string();
        assert!(
            told.contains("--clients") && told.contains("'1s: clients=5..9'"),
            "{told}"
        );
        assert_eq!(
            read("1s", "1s: clients=7..9").unwrap().clients_at_first(),
            7
        );
        let args = Args::read(["loadgen", "--stage", "1s: clients=5..9"]).unwrap();
        assert_eq!(args.clients_at_first(), 5);
    }

    #[test]
    fn who_follows_the_numbers_of_a_channel_does_not_leave_it() {
        for flag in ["--skips", "--cut 10%/2s"] {
            let told = refused(&format!("loadgen --protocol chat --churn 2s {flag}"));
            assert!(told.contains("--churn"), "{told}");
        }
        assert!(refused("loadgen --away 1s..2s").contains("--cut"));
    }

    #[test]
    fn clients_need_time_to_come_in() {
        let told = refused("loadgen idle --entry-timeout 0s");
        assert!(told.contains("--entry-timeout leaves no time"), "{told}");
        let args = read("loadgen idle --entry-timeout 1500ms");
        assert_eq!(args.entry_timeout.as_millis(), 1500);
    }

    #[test]
    fn several_servers_are_named_once_each() {
        let pids = refused("loadgen fanout --url ws://x/ --server-pid 1 --server-pid 2");
        assert!(pids.contains("2 times for 1 servers"), "{pids}");
        let pids = refused("loadgen fanout --url ws://x/ --url ws://y/ --server-pid 1");
        assert!(pids.contains("1 times for 2 servers"), "{pids}");
        let pids = refused("loadgen fanout --server-pid 1");
        assert!(pids.contains("1 times for 0 servers"), "{pids}");
        let pids = refused("loadgen compare --target a=ws://x --target b=ws://y --server-pid 1");
        assert!(pids.contains("1 times for 2 servers"), "{pids}");
        let twins = refused("loadgen compare --target a=ws://x --target a=ws://y");
        assert!(twins.contains("two --target are called a"), "{twins}");
        assert!(refused("loadgen compare --target ws://x/?a=b").contains("mine=ws://"));
    }

    #[test]
    fn flags_of_one_kind_of_server_are_refused_with_others() {
        assert!(refused("loadgen --url ws://x/ --path /relay").contains("--path is for unix:PATH"));
        for flag in ["--insecure", "--ca x"] {
            for server in ["", " --url ws://x/", " --url unix:x"] {
                let told = refused(&format!("loadgen {flag}{server}"));
                assert!(told.contains("for TLS"), "{told}");
            }
        }
        read("loadgen --url unix:x --path /relay");
        read("loadgen compare --target a=wss://x/ --target b=ws://x/ --insecure --ca x");
        read("loadgen --url WSS://x/ --insecure");
    }
}
