//! Clients that are cut off and come back: all that they missed came to them once, or a gap said what did not.

use crate::common::{
    Run, against,
    chat::{Chat, Fault},
    refusal,
    relay::Relay,
    run, words,
};

/// A history that nobody outruns.
const LONG: usize = 100_000;

/// A run against a chat that keeps so much and has this fault, with half of ten clients cut off every 200 ms.
fn cut(history: usize, fault: Option<Fault>, more: &str) -> Run {
    let flags = format!(
        "--protocol chat --clients 10 --publishers 2 --rate 200 --duration 800ms --cut 50%/200ms {more}"
    );
    against(&Chat::keeping(history, fault).start(), &words(&flags))
}

#[test]
fn who_is_cut_off_has_every_message_once_over_all_its_connections() {
    for more in [
        "--away 10ms..100ms",
        "--away 10ms..100ms --threads 2 --channels 2",
    ] {
        let run = cut(LONG, None, more).good();
        let cuts = run.count("recovery.cuts");
        assert!((1..=20).contains(&cuts), "{cuts}");
        assert!(run.count("recovery.recovered") > 0);
        for figure in ["with_gaps", "failed", "declared", "silent", "repeated"] {
            assert_eq!(
                run.count(&format!("recovery.{figure}")),
                0,
                "{figure}: {run:#?}"
            );
        }
        assert!(run.figure("recovery.caught_up_us.p99") > 0.0);
    }
}

#[test]
fn what_a_gap_declares_is_not_lost() {
    let run = cut(3, None, "--away 100ms..200ms").good();
    assert!(run.count("recovery.with_gaps") > 0, "{run:#?}");
    assert!(run.count("recovery.declared") > 0, "{run:#?}");
    assert_eq!(run.count("recovery.silent"), 0, "{run:#?}");
}

#[test]
fn all_are_cut_off_at_once_and_come_back_at_once() {
    let flags = "--protocol chat --duration 500ms --cut 100%/300ms --away 20ms..20ms";
    let run = against(&Chat::keeping(LONG, None).start(), &words(flags)).good();
    assert_eq!(run.count("recovery.cuts"), 10);
    assert_eq!(run.count("recovery.recovered"), 10);
}

#[test]
fn hubbub_itself_recovers_whoever_is_cut_off() {
    let flags = "--protocol chat --clients 10 --publishers 2 --rate 200 --duration 800ms --warmup 100ms --cut 50%/200ms --away 10ms..100ms";
    let run = run(&words(flags)).good();
    assert!(run.count("recovery.recovered") > 0, "{run:#?}");
    assert_eq!(run.count("recovery.declared"), 0, "{run:#?}");
}

#[test]
fn a_replay_that_leaves_one_out_is_noticed() {
    let run = cut(LONG, Some(Fault::Late), "--away 100ms..200ms");
    assert_eq!(run.code, Some(1), "{run:#?}");
    assert!(run.count("recovery.silent") > 0, "{run:#?}");
    assert!(run.message("lost") > 0, "{run:#?}");
}

#[test]
fn a_replay_that_has_one_too_many_is_noticed() {
    for fault in [Fault::Early, Fault::Double] {
        let run = cut(LONG, Some(fault), "--away 10ms..100ms");
        assert_eq!(run.code, Some(1), "{run:#?}");
        assert!(run.count("recovery.repeated") > 0, "{run:#?}");
        assert_eq!(run.message("lost"), 0, "{run:#?}");
    }
}

#[test]
fn a_gap_that_says_too_little_is_noticed() {
    let run = cut(3, Some(Fault::Short), "--away 100ms..200ms");
    assert_eq!(run.code, Some(1), "{run:#?}");
    assert!(run.count("recovery.silent") > 0, "{run:#?}");
}

#[test]
fn a_server_that_knows_no_recovery_has_failed_everyone() {
    let run = cut(LONG, Some(Fault::Deaf), "--away 100ms..200ms");
    assert_eq!(run.code, Some(1), "{run:#?}");
    assert_eq!(run.count("recovery.recovered"), 0, "{run:#?}");
    assert!(run.count("recovery.failed") > 0, "{run:#?}");
    assert!(run.message("lost") > 0, "{run:#?}");
}

#[test]
fn a_relay_that_may_skip_messages_is_not_judged_for_loss() {
    let relay = || Relay::with(|_, to, batch| batch.retain(|said| to != 1 || said.number != 3));
    against(&relay().start(), &[]).broken([1, 0, 0, 0]);
    let run = against(&relay().start(), &["--skips"]);
    assert_ne!(run.code, Some(1), "{run:#?}");
    assert_eq!(run.message("lost"), 1);
    assert!(
        run.code == Some(3) || run.table.contains("cannot be judged"),
        "{}",
        run.table
    );
}

#[test]
fn a_chat_that_is_allowed_to_skip_has_to_say_what() {
    let url = Chat::keeping(LONG, None).start();
    let run = against(&url, &words("--protocol chat --skips")).good();
    assert_eq!(run.count("recovery.declared"), 0);
}

#[test]
fn who_comes_halfway_to_a_chat_is_measured_until_it_is_in() {
    let url = Chat::default().start();
    let run = against(&url, &words("--protocol chat --storm 3")).good();
    assert!(run.figure("storm.joined_us.max") >= run.figure("storm.connect_us.p50"));
}

#[test]
fn cuts_that_cannot_be_are_refused() {
    assert!(refusal(&["--cut", "10%/2s"]).contains("--cut needs --protocol chat"));
}
