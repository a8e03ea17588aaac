//! What a server does beside its messages, where that is what spoils them: it is told with what it spoiled.

use std::{thread, time::Duration};

use crate::common::{
    Run, against,
    relay::{Relay, Said},
    room::{self, Door, Host, Room},
};

/// A short frame of text.
const HI: &[u8] = b"\x81\x02hi";
/// So many of them before each message take the load generator longer than all else.
const FLOOD: usize = 20_000;

/// The last line of a table.
fn sentence(run: &Run) -> &str {
    run.table.lines().last().unwrap()
}

/// A relay that sends one client so much else before each message, and leaves out these messages to it.
fn flooding(lost: &'static [usize]) -> String {
    let flood = HI.repeat(FLOOD);
    let relay = Relay::with(move |room, to, batch| {
        if to == 1 {
            room.send(to, &flood);
            batch.retain(|said| !lost.contains(&said.number));
        }
    });
    relay.start()
}

/// Whether the load generator had, or would have had, so much of a core to do that it matters what that was.
fn was_busy(run: &Run) -> bool {
    let shares = ["loadgen.cpu_share", "loadgen.waiting_share"];
    let shares = shares.map(|share| run.at(share).as_f64().unwrap_or(0.0));
    shares.iter().sum::<f64>() >= 0.5
}

#[test]
fn a_flood_of_frames_that_are_not_of_the_run_is_told_where_the_load_generator_was_full() {
    let run = against(&flooding(&[]), &["saturate", "--settle", "1m"]).good();
    assert!(run.message("foreign") >= FLOOD as u64, "{run:#?}");
    // Whether its core was full is up to the machine.
    if run.code == Some(3) && was_busy(&run) {
        let told = "NOT VALID: the server mostly sent something else: ";
        assert!(sentence(&run).starts_with(told), "{}", run.table);
        let told = "000 frames that are not of this run, the first: hi; ";
        assert!(sentence(&run).contains(told), "{}", run.table);
    }
}

#[test]
fn a_flood_is_told_once_where_messages_are_lost_too() {
    let run = against(&flooding(&[0]), &["saturate", "--settle", "2s"]);
    assert_eq!(run.code, Some(1), "{run:#?}");
    let told = " lost); the server mostly sent something else: ";
    assert_eq!(
        sentence(&run).contains(told),
        was_busy(&run),
        "{}",
        run.table
    );
    let times = sentence(&run).matches("of this run, the first: hi").count();
    assert_eq!(times, 1, "{}", run.table);
}

/// A relay that sends these clients one whole message, with the begin of another right behind it, and nothing more.
fn that_leaves_off(victims: &'static [usize]) -> String {
    let relay = Relay::with(|room, to, batch| {
        if victims.contains(&to) {
            let text = batch.remove(0);
            if text.number == 0 {
                let length = u8::try_from(text.text.len()).unwrap();
                let whole = [&[0x81, length], &text.text[..]].concat();
                room.send(to, &[&whole[..], b"\x81\x40~0"].concat());
            }
        }
    });
    relay.start()
}

#[test]
fn a_message_that_never_ends_is_told_where_others_are_lost() {
    let run = against(&that_leaves_off(&[1]), &[]).broken([39, 0, 0, 0]);
    let told = "in order (39 lost); a message began and never ended at 1 client, after 4 bytes";
    assert!(sentence(&run).contains(told), "{}", run.table);
    assert_eq!(run.message("unended"), 1);

    let run = against(&that_leaves_off(&[1, 3]), &["--threads", "2"]).broken([78, 0, 0, 0]);
    let told =
        "(78 lost); a message began and never ended at 2 clients, at the first after 4 bytes";
    assert!(sentence(&run).contains(told), "{}", run.table);
    assert_eq!(run.message("unended"), 2);
}

#[test]
fn that_a_slow_client_stopped_within_a_message_is_not_told() {
    let url = that_leaves_off(&[3, 4]);
    let run = against(&url, &["--slow", "1"]).broken([39, 0, 0, 0]);
    let told = "(39 lost); a message began and never ended at 1 client, after 4 bytes";
    assert!(sentence(&run).contains(told), "{}", run.table);
}

/// Says to whoever comes all that was ever said.
#[derive(Default)]
struct Rememberer {
    said: Vec<String>,
}

impl Host for Rememberer {
    fn entered(&mut self, room: &mut Room, client: usize) {
        for said in &self.said {
            room.say(client, said.as_str());
        }
    }

    fn said(&mut self, room: &mut Room, _from: usize, text: &str) {
        self.said.push(text.to_owned());
        room.clients().for_each(|client| room.say(client, text));
    }
}

#[test]
fn what_an_earlier_run_with_the_same_seed_said_is_not_of_this_one() {
    let url = room::open(Rememberer::default(), Door::OPEN);
    let flags = ["--seed", "7", "--clients", "1", "--storm", "1"];
    for foreign in [0, 80, 160] {
        let run = against(&url, &flags).good();
        assert_eq!(run.message("foreign"), foreign);
    }
}

/// The message with a number that its sender has not come to.
fn made_up(mut text: Vec<u8>) -> Vec<u8> {
    assert_eq!(text[24], b'@', "its number is small");
    text[24] = b'A';
    text
}

#[test]
fn messages_that_nobody_sent_are_a_fault_and_told_with_the_first() {
    for batch in [1, 4] {
        let relay = Relay::with(|_, to, batch| {
            let models: Vec<_> = batch.iter().filter(|said| said.number % 8 == 1).collect();
            if let (1, [model]) = (to, &models[..]) {
                let text = made_up(model.text.clone());
                let said = (*model).clone();
                batch.insert(1, Said { text, ..said });
            }
        });
        let url = relay.in_batches_of(batch).start();
        let run = against(&url, &[]).broken([0; 4]);
        let told = "in order (5 that nobody sent); the first that nobody sent: ~";
        assert!(sentence(&run).contains(told), "{}", run.table);
        let numbers = ["invented", "delivered", "foreign"].map(|figure| run.message(figure));
        assert_eq!(numbers, [5, 200, 0]);
        // Not what else is in its frame.
        let first = run.at("heard.invented").as_str().unwrap();
        assert_eq!(&first[24..32], "A@@@@@@A", "{first}");
    }
}

#[test]
fn messages_that_nobody_sent_in_place_of_all_others_are_told() {
    let relay = Relay::with(|_, _, batch| {
        let texts = batch.iter_mut().map(|said| &mut said.text);
        texts.for_each(|text| *text = made_up(text.clone()));
    });
    let run = against(&relay.start(), &[]).broken([200, 0, 0, 0]);
    let told =
        "BROKEN: nothing was delivered, but 200 messages came that nobody sent, the first: ~";
    assert!(sentence(&run).starts_with(told), "{}", run.table);
}

#[test]
fn a_damaged_message_beside_the_whole_one_is_told_and_no_fault() {
    let relay = Relay::with(|_, to, batch| {
        if (to, batch[0].number) == (1, 3) {
            let mut preview = batch[0].clone();
            preview.text.truncate(30);
            batch.push(preview);
        }
    });
    let run = against(&relay.start(), &[]).good();
    let told = "once and in order; besides, 1 message came damaged: ~";
    let is_valid = run.at("valid") == true;
    assert!(!is_valid || sentence(&run).contains(told), "{}", run.table);
    let numbers = ["damaged", "foreign"].map(|figure| run.message(figure));
    assert_eq!(numbers, [1, 1]);
}

#[test]
fn what_came_in_place_of_a_message_is_told() {
    let relay = Relay::with(|room, to, batch| {
        if (to, batch[0].number) == (1, 3) {
            batch.clear();
            room.say(to, "slow down");
        }
    });
    let run = against(&relay.start(), &[]).broken([1, 0, 0, 0]);
    let told = "(1 lost); see the server's log, and what else it sent: one frame that is not of this run: slow down";
    assert!(sentence(&run).contains(told), "{}", run.table);
}

/// A relay that reads nothing any more from this message on.
fn deaf_from(number: usize) -> String {
    let relay = Relay::with(move |_, _, batch| {
        if batch[0].number >= number {
            loop {
                thread::park();
            }
        }
    });
    relay.start()
}

#[test]
fn that_a_server_stopped_reading_is_told_where_messages_are_lost() {
    for (number, lost) in [(0, "nothing was delivered, and"), (3, " lost);")] {
        let run = against(&deaf_from(number), &["--size", "1MiB"]);
        assert_eq!(run.code, Some(1), "{run:#?}");
        let unsent = 40 - run.message("sent");
        let told = format!(
            "{lost} the server had stopped reading 1 publisher, so that {unsent} messages were never sent"
        );
        assert!(sentence(&run).contains(&told), "{}", run.table);
        let numbers = ["unread", "unsent"].map(|figure| run.message(figure));
        assert_eq!(numbers, [1, unsent]);
    }
    // What would be due is not known where it depends on what came back.
    let flags = ["saturate", "--size", "4MiB", "--duration", "2s"];
    let run = against(&deaf_from(3), &flags);
    assert_eq!(run.code, Some(1), "{run:#?}");
    let told = " lost); the server had stopped reading 1 publisher";
    assert!(sentence(&run).contains(told), "{}", run.table);
}

#[test]
fn that_a_server_was_slow_to_read_is_told_where_messages_are_lost() {
    let relay = Relay::with(|_, to, batch| {
        if (to, batch[0].number) == (1, 0) {
            // Before the system has seen that it reads fast, and holds more for it.
            thread::sleep(Duration::from_millis(1500));
            batch.clear();
        }
    });
    let flags = ["--size", "1MiB", "--clients", "2", "--settle", "4s"];
    let run = against(&relay.start(), &flags);
    assert_eq!(run.code, Some(1), "{run:#?}");
    let told =
        " lost); the server was slow to read: half of the messages waited for it for more than ";
    assert!(sentence(&run).contains(told), "{}", run.table);
}
