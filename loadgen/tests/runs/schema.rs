//! Every result is one that the published schema allows, and the schema allows nothing else.

use std::sync::mpsc;

use jsonschema::Validator;
use loadgen::outcome::schema::SCHEMA;
use serde_json::{Value, json};

use crate::common::{
    Run, against, against_all,
    chat::Chat,
    relay::Relay,
    room::{self, Door},
    run, words,
};

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

fn validator() -> Validator {
    jsonschema::draft202012::new(&schema()).unwrap()
}

/// Fails unless a result is as the schema of its mode says.
fn conforms(run: &Run) {
    // What is said of the mode alone says what is wrong, where all of them would only say that none fits.
    let mut of_mode = schema();
    of_mode.as_object_mut().unwrap().remove("oneOf");
    of_mode["$ref"] = json!(format!("#/$defs/{}", run.at("mode").as_str().unwrap()));
    let of_mode = jsonschema::draft202012::new(&of_mode).unwrap();
    let errors = of_mode.iter_errors(&run.result);
    let errors: Vec<String> = errors
        .map(|error| format!("{}: {}", error.instance_path(), error.masked()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    assert!(validator().is_valid(&run.result), "{:#}", run.result);
}

#[test]
fn the_schema_is_one() {
    jsonschema::meta::validate(&schema()).unwrap();
}

#[test]
fn results_of_all_modes_conform() {
    let search = words("search --rate 2 --warmup 0s --duration 200ms --slo p99<1us");
    let compare = ["compare", "--rounds", "2", "--duration", "200ms"];
    let clients = ["--clients", "2", "--clients-up-to", "4"];
    for flags in [
        &["fanout"][..],
        &["fanout", "--rate", "30/m", "--warmup", "0s"],
        &["saturate"],
        &search,
        &[&search[..], &clients].concat(),
        &["idle"],
        &["idle", "--storm", "2", "--ping"],
        &["connect"],
        &compare,
        &["saturate", "--compress", "--payload", "json"],
        &["idle", "--compress=50%"],
        &["connect", "--compress"],
        &[&search[..], &["--compress"]].concat(),
        &[&compare[..], &["--compress"]].concat(),
    ] {
        conforms(&run(flags));
    }
}

#[test]
fn results_with_all_that_can_be_asked_for_conform() {
    let more = words(
        "--clients 8 --publishers 2 --channels 2 --threads 2 --slow 1 --isolation --storm 2 --source-ips 2 \
         --connect-rate 1000 --seed 18446744073709551615 --expect p99<10s --expect messages.disconnects_by.4001<1",
    );
    conforms(&run(&more));
    let stages = ["--stage", "100ms", "--stage", "100ms: rate=100..500"];
    conforms(&run(&[&["fanout"], &stages[..]].concat()));
    let crowd = [
        "--stage",
        "100ms: clients=2..5",
        "--stage",
        "100ms",
        "--stage",
        "100ms: clients=5..3",
    ];
    conforms(&run(&crowd));
    let door = Door {
        seats: 3,
        refusal: b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
    };
    let turned_away = against(&room::open(Relay::right(), door), &crowd);
    assert!(turned_away.at("stages.0.crowd.first_failure").is_string());
    conforms(&turned_away);
    conforms(&run(&[&["saturate"], &more[..]].concat()));
    let deflating = Relay::right().that_deflates(Some("permessage-deflate"));
    conforms(&against(&deflating.start(), &["--compress"]));
    let chat = Chat::default().start();
    conforms(&against(&chat, &["--protocol", "chat", "--churn", "200ms"]));
    let chat = Chat::keeping(1000, None).start();
    conforms(&against(
        &chat,
        &[
            "--protocol",
            "chat",
            "--cut",
            "50%/200ms",
            "--away",
            "10ms..50ms",
        ],
    ));
}

#[test]
fn results_of_several_nodes_conform() {
    let urls: [String; 2] = Relay::right().start_nodes();
    for mode in ["fanout", "saturate", "idle", "connect"] {
        conforms(&against_all(&urls, &[mode]));
    }
    let search = words("search --rate 2 --warmup 0s --duration 200ms --slo p99<1us");
    conforms(&against_all(&urls, &search));
}

#[test]
fn results_of_broken_runs_conform() {
    let closing = || {
        Relay::with(|room, to, batch| {
            if batch[0].number == 3 {
                room.close(to, 4001);
            }
        })
        .start()
    };
    let silent = || Relay::with(|_, _, batch| batch.clear()).start();
    let masking = Relay::with(|room, to, _| room.send(to, b"\x81\x80\0\0\0\0"));
    let unending = Relay::with(|room, to, _| room.send(to, b"\x81\x7e\x7f\xffhe"));
    let (pongs, _ponged) = mpsc::channel();
    let pinging = Relay::with(|_, _, batch| batch.clear()).that_pings(pongs);
    let forging = Relay::with(|_, _, batch| {
        let cut = batch[0].clone();
        batch[0].text[24] = b'A';
        batch.push(cut);
        batch[1].text.truncate(30);
    });
    let others = [masking, unending, pinging, forging].map(Relay::start);
    for url in [closing(), silent()].into_iter().chain(others) {
        conforms(&against(&url, &["--settle", "100ms"]));
        conforms(&against(&url, &["saturate", "--settle", "100ms"]));
    }
    let [one, two, three] = [("a", closing()), ("b", silent()), ("c", closing())]
        .map(|(name, url)| format!("{name}={url}"));
    let targets = ["--target", &one, "--target", &two, "--target", &three];
    conforms(&run(&[
        &["compare", "--rounds", "2", "--settle", "100ms"],
        &targets[..],
    ]
    .concat()));
}

#[test]
fn what_is_undeclared_or_missing_is_refused() {
    let result = run(&["--expect", "p99<10s"]).result;
    let validator = validator();
    assert!(validator.is_valid(&result));
    for place in [
        "",
        "/config",
        "/connect",
        "/server",
        "/messages",
        "/latency_us",
        "/expectations/0",
    ] {
        let mut more = result.clone();
        more.pointer_mut(place).unwrap()["undeclared"] = json!(1);
        assert!(!validator.is_valid(&more), "{place}/undeclared");
    }
    for (place, name) in [
        ("", "messages"),
        ("", "expectations"),
        ("/config", "seed"),
        ("/messages", "lost"),
        ("/latency_us", "p999"),
        ("/expectations/0", "passed"),
    ] {
        let mut less = result.clone();
        let object = less.pointer_mut(place).unwrap().as_object_mut().unwrap();
        object.remove(name).unwrap();
        assert!(!validator.is_valid(&less), "{place}/{name}");
    }
    let mut other = result.clone();
    other["mode"] = json!("connect");
    assert!(!validator.is_valid(&other), "the figures of another mode");
    other["mode"] = json!("saturate");
    assert!(
        validator.is_valid(&other),
        "those two have the same figures"
    );
    let mut broken = result;
    broken["messages"]["lost"] = json!(0.5);
    assert!(!validator.is_valid(&broken), "a half message");
}

#[test]
fn the_schema_leaves_nothing_open() {
    /// Fails at an object that is described and not closed, by itself or where it is used.
    fn closed(schema: &Value, path: &str, open_parts: &[String]) {
        if let Some(node) = schema.as_object() {
            let shuts = ["additionalProperties", "unevaluatedProperties"];
            let shut = shuts.iter().any(|word| node.contains_key(*word));
            let described = node.contains_key("properties") && !path.ends_with("/properties");
            let part = open_parts.iter().any(|part| path.ends_with(part.as_str()));
            assert!(!described || shut || part, "{path} is open");
            for (name, child) in node {
                closed(child, &format!("{path}/{name}"), open_parts);
            }
        }
        for child in schema.as_array().into_iter().flatten() {
            closed(child, path, open_parts);
        }
    }
    // Parts of others, which are closed where they are put together.
    let parts = ["result", "traffic", "step", "versus"].map(|part| format!("/$defs/{part}"));
    closed(&schema(), "", &parts);
}
