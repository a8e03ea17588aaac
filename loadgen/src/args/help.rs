//! How help is laid out: flags in groups, in the order in which one comes to need them, and commands to begin with. What
//! few runs need is left out of the short one, `-h`.

/// Which server is measured, and how it is come by.
pub(super) const TARGET: &str = "Target";
/// What is asked of it.
pub(super) const LOAD: &str = "Load";
/// What is right, and what must hold.
pub(super) const JUDGING: &str = "Judging";
/// Where results go.
pub(super) const OUTPUT: &str = "Output";
/// What only one or two of the modes have.
pub(super) const MODES: &str = "Of single modes";
/// What goes wrong on purpose.
pub(super) const STRESS: &str = "Stress";
/// What is spoken.
pub(super) const LANGUAGE: &str = "Language of the server";

/// Commands that run as they stand, but for the servers at their URLs.
pub(super) const EXAMPLES: &str = r#"Examples:
  A first result, against a server of its own:
    loadgen
  A server of yours: whether it keeps up, and a page to look at:
    loadgen --url ws://127.0.0.1:8080/relay --clients 500 \
      --expect 'p99<50ms' --report report.html
  The highest rate at which it still answers in time; the most clients:
    loadgen search --url ws://127.0.0.1:8080/relay --slo 'p99<20ms'
    loadgen search --url ws://127.0.0.1:8080/relay --clients-up-to 5000
  A load that rises and then stays:
    loadgen --stage '20s: rate=20..100' --stage 20s
  Two servers of different languages, side by side:
    loadgen compare --target mine=ws://127.0.0.1:8080/relay \
      --target its=nats+ws://127.0.0.1:8081/ --publishers 1
  A server that wants a word first, and has its own kind of messages:
    loadgen --url ws://127.0.0.1:8082/ --protocol raw \
      --hello '{"join":"tea"}' --template '{"text":"%s"}'"#;

/// What the exit status says.
const EXIT_STATUS: &str = "Exit status:
  0  good
  1  an expectation failed, or a message was lost, duplicated, reordered or disordered (see --order), or came \
that nobody sent, or a client that was not asked to be slow was disconnected, turned away while others were let in, or got \
no answer to any of its pings
  2  usage or set-up, such as a server that lets nobody in
  3  not valid: nothing was measured, a search was stopped, a comparison had fewer than eight rounds, or the load \
generator itself stood still for more than 5 % of the time, as if it or its machine had been stopped, or was the \
bottleneck: it sent so late that the p99 shows it (by more than 1 ms and 10%), or most messages \
more than 1 ms late, or its core was full, or would have been had others not taken it, while the server's was not";

/// What `--help` ends with.
pub(super) fn end_of_help() -> String {
    format!("{EXAMPLES}\n\n{EXIT_STATUS}")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::args::Args;

    /// The words of a command, as a shell takes them.
    fn words(line: &str) -> Vec<String> {
        let mut words = Vec::new();
        for (at, part) in line.split('\'').enumerate() {
            if at % 2 == 1 {
                words.push(part.to_owned());
            } else {
                words.extend(part.split_whitespace().map(str::to_owned));
            }
        }
        words
    }

    #[test]
    fn every_flag_stands_in_a_group() {
        let command = Args::command();
        for flag in command.get_arguments().filter(|flag| !flag.is_positional()) {
            assert!(flag.get_help_heading().is_some(), "{}", flag.get_id());
        }
    }

    #[test]
    fn groups_come_in_the_order_in_which_they_are_needed() {
        let help = Args::command().render_long_help().to_string();
        let groups = [TARGET, LOAD, JUDGING, OUTPUT, MODES, STRESS, LANGUAGE];
        let places = groups.map(|group| help.find(&format!("\n{group}:\n")).expect(group));
        assert!(places.is_sorted(), "{places:?}");
        for end in [EXAMPLES, EXIT_STATUS] {
            let begin = &end[..end.find('\n').expect("it has lines")];
            assert!(help.contains(begin), "{begin}");
        }
    }

    #[test]
    fn the_short_help_says_in_a_line_or_two_what_most_runs_need() {
        let help = Args::command().render_help().to_string();
        assert!(help.contains("--rate <PER_SECOND>"), "{help}");
        assert!(help.contains("--warmup <WARMUP>"), "{help}");
        assert!(!help.contains("--escapes\n"), "{help}");
        let lines = help.lines().count();
        assert!(lines < 90, "{lines} lines");
    }

    #[test]
    fn every_example_is_understood_and_no_terminal_breaks_it() {
        assert!(EXAMPLES.lines().all(|line| line.len() <= 80));
        let whole = EXAMPLES.replace("\\\n", "");
        let commands: Vec<&str> = whole
            .lines()
            .filter(|line| line.starts_with("    loadgen"))
            .collect();
        assert_eq!(commands.len(), 7);
        for command in commands {
            if let Err(error) = Args::read(words(command)) {
                panic!("{command}: {error}");
            }
        }
    }
}
