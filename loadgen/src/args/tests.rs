//! The command line as a whole.

use super::*;

fn read(line: &str) -> Args {
    Args::read(line.split(' ')).unwrap()
}

#[test]
fn the_command_line_is_consistent() {
    Args::command().debug_assert();
}

#[test]
fn flags_stand_before_after_or_without_the_mode() {
    for line in [
        "loadgen --rate 7 --size 1KiB",
        "loadgen fanout --rate 7 --size 1KiB",
        "loadgen --rate 7 fanout --size 1KiB",
    ] {
        let args = read(line);
        assert_eq!((args.mode, args.size), (Mode::Fanout, 1024), "{line}");
        assert_eq!(Some(args.rate), Rate::new(7.0), "{line}");
    }
}

#[test]
fn the_last_of_two_flags_wins_unless_both_count() {
    let args =
        read("loadgen --clients 1 --insecure --clients 2 --insecure --url wss://a --url wss://b");
    assert_eq!(args.clients, 2);
    assert_eq!(args.url, ["wss://a", "wss://b"]);
}

#[test]
fn every_flag_has_help() {
    let command = Args::command();
    for flag in command.get_arguments() {
        assert!(flag.get_help().is_some(), "{}", flag.get_id());
    }
}

#[test]
fn a_step_is_shorter_than_a_run_unless_the_user_says_otherwise() {
    assert_eq!(read("loadgen").duration(), Duration::from_secs(10));
    assert_eq!(read("loadgen search").duration(), Duration::from_secs(3));
    assert_eq!(
        read("loadgen search --duration 9s").duration(),
        Duration::from_secs(9)
    );
}
