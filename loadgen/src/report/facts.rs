//! The figures of a result one by one, for the text as for the page.

use std::collections::BTreeMap;

use crate::{
    figures::words::{bytes, grouped, rounded, time},
    outcome::{
        Findings, Outcome,
        departures::{After, Departures},
        idle::Idle,
        recovery::Recovery,
        search::Load,
        stage::Stage,
        storm::Storm,
        traffic::Traffic,
    },
    report::{deflated::deflated, figure::grown},
};

/// The figures of a result that are no distribution, name by name.
pub fn facts(outcome: &Outcome) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    match &outcome.findings {
        Findings::Traffic(traffic) => of_traffic(&mut facts, traffic),
        Findings::Idle(idle) => of_idle(&mut facts, idle),
        Findings::Search(search) => {
            if let Some(best) = &search.best {
                let name = match best.load {
                    Load::Rate(_) => "highest rate that held",
                    Load::Clients(_) => "most clients that held",
                };
                facts.push((name, best.load.short()));
                let delivered = rounded(best.step.delivered_per_second);
                facts.push(("deliveries per second there", delivered));
            }
        }
        Findings::Connect(departures) => of_departures(&mut facts, departures),
        Findings::Comparison(_) => {}
    }
    // Of a comparison these would be those of one server in one round.
    let is_of_one = !matches!(outcome.findings, Findings::Comparison(_));
    if is_of_one {
        of_server(&mut facts, outcome);
    }
    deflated(&mut facts, outcome);
    if is_of_one {
        of_loadgen(&mut facts, outcome);
    }
    facts
}

fn of_server(facts: &mut Vec<(&'static str, String)>, outcome: &Outcome) {
    let connect = &outcome.connect;
    facts.push(("clients connected", grouped(connect.clients)));
    if connect.failed > 0 {
        facts.push(("clients that did not come in", grouped(connect.failed)));
    }
    facts.push(("clients connected per second", rounded(connect.per_second)));
    let server = &outcome.server;
    if let Some(us) = server.cpu_us_per_delivery {
        facts.push(("server CPU per delivery", format!("{us:.3} us")));
    }
    if let Some(us) = server.cpu_us_per_handshake {
        facts.push(("server CPU per handshake", format!("{us:.1} us")));
    }
    if let Some(each) = server.rss_bytes_per_connection {
        facts.push(("server memory per connection", memory(each)));
    }
}

fn of_loadgen(facts: &mut Vec<(&'static str, String)>, outcome: &Outcome) {
    let share = outcome.loadgen.cpu_share * 100.0;
    facts.push(("load generator's share of a core", format!("{share:.0} %")));
    if let Some(waiting) = outcome.loadgen.waiting_share {
        let waiting = format!("{:.1} % of the time", waiting * 100.0);
        facts.push(("load generator waited for a core", waiting));
    }
    let stood = outcome.loadgen.stood_still_seconds;
    if let Some(seconds) = stood.filter(|seconds| *seconds > 0.0) {
        facts.push(("load generator stood still", time(seconds * 1e6)));
    }
}

fn of_traffic(facts: &mut Vec<(&'static str, String)>, traffic: &Traffic) {
    let messages = &traffic.messages;
    let throughput = &traffic.throughput;
    facts.push(("messages sent", grouped(messages.sent)));
    facts.push(("deliveries", grouped(messages.delivered)));
    facts.push((
        "lost / duplicated / reordered / disordered",
        format!(
            "{} / {} / {} / {}",
            grouped(messages.lost),
            grouped(messages.duplicated),
            grouped(messages.reordered),
            grouped(messages.disordered)
        ),
    ));
    let disconnects = ways(messages.disconnects, &messages.disconnects_by);
    facts.push(("disconnects", disconnects));
    if messages.missed > 0 {
        let missed = grouped(messages.missed);
        facts.push(("missed by the disconnected", missed));
    }
    if let Some(acked) = messages.acked {
        facts.push(("acknowledged to their senders", grouped(acked)));
    }
    if messages.stray > 0 {
        facts.push(("delivered to a wrong channel", grouped(messages.stray)));
    }
    let delivered = rounded(throughput.delivered_per_second);
    facts.push(("deliveries per second", delivered));
    let frames = rounded(throughput.frames_per_second);
    facts.push(("frames per second", frames));
    if let Some(batch) = throughput.mean_batch {
        facts.push(("messages in a frame, mean", format!("{batch:.2}")));
    }
    facts.push(("received", bytes(throughput.bytes_per_second) + "/s"));
    if let Some(fairness) = &traffic.fairness {
        let (best, worst) = (
            time(fairness.best_subscriber_p99_us),
            time(fairness.worst_subscriber_p99_us),
        );
        facts.push((
            "p99 of the best and the worst client",
            format!("{best} / {worst}"),
        ));
        let bias = format!("{:.2}", fairness.position_bias);
        facts.push(("last tenth to connect over the first", bias));
    }
    if let Some(slow) = &traffic.slow {
        facts.push(("slow clients", grouped(slow.clients)));
        let disconnects = ways(slow.disconnects, &slow.disconnects_by);
        facts.push(("slow clients disconnected", disconnects));
    }
    if let Some(isolation) = &traffic.isolation {
        let (without, with) = (time(isolation.p99_us_without), time(isolation.p99_us_with));
        facts.push((
            "p99 without and with slow clients",
            format!("{without} / {with}"),
        ));
    }
    of_storm(facts, traffic.storm.as_ref());
    if let Some(counts) = Stage::crowd(&traffic.stages) {
        let counts = counts.map(grouped).join(" / ");
        facts.push(("came with stages / went / not let in", counts));
    }
    if let Some(churn) = &traffic.churn {
        facts.push(("rejoined", grouped(churn.rejoins)));
    }
    if let Some(recovery) = &traffic.recovery {
        of_recovery(facts, recovery);
    }
}

fn of_recovery(facts: &mut Vec<(&'static str, String)>, recovery: &Recovery) {
    let left = [recovery.cuts, recovery.moved].map(grouped);
    facts.push(("cut off / moved to another node", left.join(" / ")));
    let came = [recovery.recovered, recovery.with_gaps, recovery.failed].map(grouped);
    facts.push(("recovered / with gaps / failed", came.join(" / ")));
    facts.push(("declared missing", grouped(recovery.declared)));
    let wrong = [recovery.silent, recovery.repeated].map(grouped);
    facts.push(("numbers left out silently / again", wrong.join(" / ")));
    facts.push(("told of a new epoch", grouped(recovery.epochs)));
    let unknown = grouped(recovery.unknown);
    facts.push(("reached nobody, sender told or in doubt", unknown));
}

fn of_storm(facts: &mut Vec<(&'static str, String)>, storm: Option<&Storm>) {
    if let Some(storm) = storm {
        let came = format!("{} / {}", grouped(storm.clients), grouped(storm.failed));
        facts.push(("came halfway / did not come in", came));
    }
}

fn of_idle(facts: &mut Vec<(&'static str, String)>, idle: &Idle) {
    of_departures(facts, &idle.departures);
    facts.push(("pings answered", grouped(idle.pings_answered)));
    if let Some((pings, pongs)) = idle.pings_sent.zip(idle.pongs_received) {
        let counts = [pings, pongs].map(grouped).join(" / ");
        facts.push(("pings sent / answered by the server", counts));
    }
    if let Some(us) = idle.cpu_us_per_connection_second {
        facts.push((
            "server CPU per connection and second",
            format!("{us:.2} us"),
        ));
    }
    if let Some(each) = idle.rss_bytes_per_connection_end {
        facts.push(("server memory per connection at the end", memory(each)));
    }
    of_storm(facts, idle.storm.as_ref());
}

fn of_departures(facts: &mut Vec<(&'static str, String)>, departures: &Departures) {
    let Departures {
        disconnects,
        disconnects_by,
        disconnected_after_seconds,
    } = departures;
    facts.push(("disconnects", ways(*disconnects, disconnects_by)));
    if let Some(After { first, last }) = disconnected_after_seconds {
        let after = [first, last].map(|seconds| time(seconds * 1e6));
        facts.push(("first / last disconnected after", after.join(" / ")));
    }
}

/// What a connection takes, if the server has grown.
fn memory(each: f64) -> String {
    grown(each).unwrap_or_else(|| "not known (it had that already)".to_owned())
}

fn ways(count: u64, by: &BTreeMap<String, u64>) -> String {
    let ways: Vec<String> = by
        .iter()
        .map(|(way, count)| format!("{count} x {way}"))
        .collect();
    if ways.is_empty() {
        return count.to_string();
    }
    format!("{count} ({})", ways.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_did_not_grow_says_nothing_of_what_a_connection_takes() {
        assert_eq!(memory(2048.0), "2048 B");
        assert_eq!(memory(0.0), "not known (it had that already)");
    }
}
