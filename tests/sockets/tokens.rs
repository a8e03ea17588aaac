//! Tokens: who may come in, as whom, where, and for how long.

use std::fs;

use jsonwebtoken::{Algorithm, EncodingKey, jwk::Jwk};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519};
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Client, Process, Server, upgrade_request, wait_until};

const SECRET: &str = "a secret of thirty-two bytes or so\n";

/// A secret, in a file of its own, and servers and tokens of it.
struct Issuer {
    folder: TempDir,
}

impl Issuer {
    fn new() -> Self {
        let issuer = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        issuer.write("secret", SECRET);
        issuer
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn path(&self, name: &str) -> String {
        let path = self.folder.path().join(name);
        path.to_str().unwrap().to_owned()
    }

    fn serve(&self, flags: &[&str]) -> Server {
        let key = self.path("secret");
        Server::start(&[&["--token-key", &key], flags].concat())
    }

    fn mint(&self, flags: &[&str]) -> String {
        mint(&self.path("secret"), flags)
    }
}

/// What `hubbub token` prints.
fn mint(key: &str, flags: &[&str]) -> String {
    let ended = Process::start(&[&["token", "--token-key", key], flags].concat()).ended();
    assert!(ended.status.success(), "{}", ended.stderr);
    ended.stdout.trim_end().to_owned()
}

fn connect(server: &Server, path: &str, token: &str) -> Client {
    let separator = if path.contains('?') { '&' } else { '?' };
    server.connect(&format!("{path}{separator}token={token}"))
}

/// Status and code of the answer to one who wants to connect.
fn refusal(server: &Server, path: &str, headers: &str) -> (u16, String) {
    let mut http = server.http();
    http.send(upgrade_request(path, headers));
    let response = http.response();
    (response.status, response.error_code())
}

fn object(client: &mut Client) -> Value {
    serde_json::from_str(&client.hear_lines(1)[0]).unwrap()
}

#[test]
fn nobody_comes_in_without_a_token_and_everyone_sees_the_page() {
    let issuer = Issuer::new();
    let server = issuer.serve(&[]);
    for path in ["/relay", "/ws?name=Ada", "/echo"] {
        let missing = (401, "token-missing".to_owned());
        assert_eq!(refusal(&server, path, ""), missing);
    }
    let mut http = server.http();
    http.send(upgrade_request("/relay", ""));
    assert_eq!(http.response().header("www-authenticate"), Some("Bearer"));
    for path in ["/", "/healthz", "/metrics"] {
        assert_eq!(server.get(path).status, 200);
    }
}

#[test]
fn a_token_is_taken_from_wherever_a_client_can_put_it() {
    let issuer = Issuer::new();
    let server = issuer.serve(&[]);
    let token = issuer.mint(&[]);
    let status = |path: &str, headers: &str| {
        let mut http = server.http();
        http.send(upgrade_request(path, headers));
        let response = http.response_to_head();
        let subprotocol = response.header("sec-websocket-protocol");
        (response.status, subprotocol.map(str::to_owned))
    };
    let header = format!("Authorization: Bearer {token}\r\n");
    assert_eq!(status("/relay", &header), (101, None));
    assert_eq!(status(&format!("/relay?token={token}"), ""), (101, None));
    let offered = format!("Sec-WebSocket-Protocol: hubbub, hubbub.token.{token}\r\n");
    assert_eq!(status("/relay", &offered), (101, Some("hubbub".to_owned())));
}

#[test]
fn a_token_for_the_proxy_hides_none_for_the_server() {
    let issuer = Issuer::new();
    let server = issuer.serve(&[]);
    let status = |path: &str, headers: &str| {
        let mut http = server.http();
        http.send(upgrade_request(path, headers));
        http.response_to_head().status
    };
    let token = issuer.mint(&[]);
    let proxys = "Authorization: Bearer opaque\r\n";
    let offered = format!("{proxys}Sec-WebSocket-Protocol: hubbub.token.{token}\r\n");
    assert_eq!(status("/relay", &offered), 101);
    assert_eq!(status(&format!("/relay?token={token}"), proxys), 101);
    let refused = refusal(&server, "/relay?token=nonsense", proxys);
    assert_eq!(refused, (401, "token-invalid".to_owned()));
}

#[test]
fn the_client_in_the_terminal_has_a_token_by_flag_or_environment() {
    let issuer = Issuer::new();
    let server = issuer.serve(&[]);
    let target = format!("ws://{}/echo", server.host_and_port());
    let token = issuer.mint(&[]);
    for (environment, flags) in [
        (&[][..], &["connect", &*target, "--token", &token][..]),
        (&[("HUBBUB_TOKEN", &*token)], &["connect", &target]),
    ] {
        let mut client = Process::start_in(environment, flags);
        client.type_in("in\n");
        client.end_input();
        let ended = client.ended();
        assert_eq!(ended.stdout, "in\n", "{}", ended.stderr);
    }
    let ended = Process::start(&["connect", &target]).ended();
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.stderr.contains("401") && ended.stderr.contains("--token"));
    let environment = [("HUBBUB_TOKEN", &*token)];
    let help = Process::start_in(&environment, &["connect", "--help"]).ended();
    assert!(!help.stdout.contains(&token));
}

#[test]
fn tokens_that_are_not_good_here_are_refused_by_name() {
    let issuer = Issuer::new();
    let server = issuer.serve(&["--token-audience", "here", "--token-issuer", "us"]);
    let ours = ["--token-audience", "here", "--token-issuer", "us"];
    let code = |token: &str| refusal(&server, &format!("/relay?token={token}"), "");
    let refused = |code: &str| (401, code.to_owned());
    issuer.write("other", "another secret of thirty-two bytes");
    assert_eq!(
        code(&mint(&issuer.path("other"), &ours)),
        refused("token-signature")
    );
    let elsewhere = issuer.mint(&["--token-audience", "there", "--token-issuer", "us"]);
    assert_eq!(code(&elsewhere), refused("token-audience"));
    let from_others = issuer.mint(&["--token-audience", "here", "--token-issuer", "them"]);
    assert_eq!(code(&from_others), refused("token-issuer"));
    assert_eq!(code(&issuer.mint(&[])), refused("token-invalid"));
    assert_eq!(code("nonsense"), refused("token-invalid"));
    let brief = issuer.mint(&[&ours[..], &["--lifetime", "1s"]].concat());
    wait_until("the token has expired", || {
        code_of(&server, &brief) == "token-expired"
    });
    let mut member = connect(&server, "/relay", &issuer.mint(&ours));
    member.say("in");
    assert_eq!(member.hear_text(), "in");
}

/// The code of the answer to one who wants to connect with a token; none if it may.
fn code_of(server: &Server, token: &str) -> String {
    let mut http = server.http();
    http.send(upgrade_request(&format!("/relay?token={token}"), ""));
    let response = http.response_to_head();
    match response.status {
        101 => String::new(),
        _ => refusal(server, &format!("/relay?token={token}"), "").1,
    }
}

#[test]
fn a_session_ends_with_its_token() {
    let issuer = Issuer::new();
    let server = issuer.serve(&[]);
    let mut brief = connect(&server, "/relay", &issuer.mint(&["--lifetime", "2s"]));
    let mut lasting = connect(&server, "/relay", &issuer.mint(&[]));
    assert_eq!(brief.hear_close(), Some(1008));
    lasting.say("still here");
    assert_eq!(lasting.hear_text(), "still here");
    drop(brief);
    wait_until("it is counted", || server.disconnects("token-expired") == 1);
}

#[test]
fn a_token_says_which_relay_channels_one_may_join_and_publish_in() {
    let issuer = Issuer::new();
    let server = issuer.serve(&[]);
    let token = issuer.mint(&["--channels", "tea,room-*", "--publish", "tea"]);
    let path = format!("/relay?channel=cake&token={token}");
    let refused = (403, "channel-not-allowed".to_owned());
    assert_eq!(refusal(&server, &path, ""), refused);
    let mut speaker = connect(&server, "/relay?channel=tea", &token);
    speaker.say("hello");
    assert_eq!(speaker.hear_text(), "hello");
    let mut listener = connect(&server, "/relay?channel=room-1", &token);
    let mut host = connect(&server, "/relay?channel=room-1", &issuer.mint(&[]));
    host.say("welcome");
    assert_eq!(listener.hear_text(), "welcome");
    listener.say("hello");
    assert_eq!(listener.hear_close(), Some(1008));
    drop(listener);
    wait_until("it is counted", || server.disconnects("not-allowed") == 1);
}

#[test]
fn in_the_chat_a_token_gives_id_name_and_rights() {
    let issuer = Issuer::new();
    let server = issuer.serve(&[]);
    let token = issuer.mint(&[
        "--sub",
        "ada-1",
        "--name",
        "Ada",
        "--channels",
        "tea,news",
        "--publish",
        "tea",
    ]);
    let mut ada = connect(&server, "/ws?name=Mallory", &token);
    let welcome = object(&mut ada);
    assert_eq!(welcome["client"]["id"], "ada-1");
    assert_eq!(welcome["client"]["name"], "Ada");
    let mut ask = |request: Value| {
        ada.say(&request.to_string());
        object(&mut ada)
    };
    let join = |channel: &str| json!({"action": "join-channel", "message": channel, "ref": "r"});
    assert_eq!(ask(join("tea"))["action"], "joined");
    assert_eq!(ask(join("news"))["action"], "joined");
    let refused = ask(join("cake"));
    assert_eq!(
        (&refused["code"], &refused["ref"]),
        (&json!("not-allowed"), &json!("r"))
    );
    let send = |target: &str| json!({"action": "send-message", "target": target, "message": "hi"});
    assert_eq!(ask(send("tea"))["sender"]["id"], "ada-1");
    assert_eq!(ask(send("news"))["code"], "not-allowed");
}

#[test]
fn what_one_may_not_join_one_does_not_hear_of() {
    let issuer = Issuer::new();
    let server = issuer.serve(&[]);
    let mut board = connect(&server, "/ws?name=x", &issuer.mint(&["--sub", "bob"]));
    let guest = issuer.mint(&["--sub", "eve", "--channels", "tea", "--listen-only"]);
    let mut guest = connect(&server, "/ws?name=Mallory", &guest);
    object(&mut board);
    assert_eq!(object(&mut guest)["client"]["name"], "eve");
    for channel in ["secret", "tea"] {
        board.say(&json!({"action": "join-channel", "message": channel}).to_string());
        assert_eq!(object(&mut board)["action"], "joined");
    }
    let mut ask = |request: Value| {
        guest.say(&request.to_string());
        object(&mut guest)
    };
    let tea = json!([{"channel": "tea", "count": 1}]);
    let listed = ask(json!({"action": "list-channels"}));
    assert_eq!((&listed["channels"], &listed["count"]), (&tea, &json!(1)));
    for request in [
        json!({"action": "list-members", "target": "secret"}),
        json!({"action": "leave-channel", "message": "secret"}),
        json!({"action": "leave-channel", "message": "nothing"}),
        json!({"action": "send-private", "target": "bob", "message": "psst"}),
    ] {
        assert_eq!(ask(request.clone())["code"], "not-allowed", "{request}");
    }
    let members = ask(json!({"action": "list-members", "target": "tea"}));
    assert_eq!(members["count"], 1);
}

#[test]
fn a_private_message_reaches_all_sessions_of_a_person() {
    let issuer = Issuer::new();
    let server = issuer.serve(&[]);
    let ada = issuer.mint(&["--sub", "ada", "--name", "Ada"]);
    let mut desk = connect(&server, "/ws?name=x", &ada);
    let mut phone = connect(&server, "/ws?name=x", &ada);
    let mut bob = connect(
        &server,
        "/ws?name=x",
        &issuer.mint(&["--sub", "bob", "--name", "Bob"]),
    );
    for client in [&mut desk, &mut phone, &mut bob] {
        assert_eq!(object(client)["action"], "welcome");
    }
    for target in ["ada", "Ada"] {
        let request = json!({"action": "send-private", "target": target, "message": target});
        bob.say(&request.to_string());
        for client in [&mut desk, &mut phone, &mut bob] {
            let heard = object(client);
            assert_eq!(
                (&heard["message"], &heard["target"]["id"]),
                (&json!(target), &json!("ada"))
            );
        }
    }
    desk.leave();
    bob.say(&json!({"action": "send-private", "target": "ada", "message": "bye"}).to_string());
    assert_eq!(object(&mut phone)["message"], "bye");
}

#[test]
fn a_new_key_counts_after_sighup_for_those_who_come_then() {
    let issuer = Issuer::new();
    let pair = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    issuer.write("private", &pair.serialize_pem());
    let server = issuer.serve(&[]);
    let old = issuer.mint(&[]);
    let new = mint(&issuer.path("private"), &[]);
    let mut member = connect(&server, "/relay", &old);
    assert_eq!(code_of(&server, &new), "token-signature");
    issuer.write("secret", &pair.public_key_pem());
    server.signal(Signal::HUP);
    wait_until("the new key counts", || code_of(&server, &new).is_empty());
    assert_eq!(code_of(&server, &old), "token-signature");
    member.say("still here");
    assert_eq!(member.hear_text(), "still here");
}

#[test]
fn several_keys_count_side_by_side_so_that_one_follows_the_other() {
    let issuer = Issuer::new();
    let [old, new] = [&PKCS_ED25519, &PKCS_ECDSA_P256_SHA256].map(|kind| {
        let pair = KeyPair::generate_for(kind).unwrap();
        (pair.serialize_pem(), pair.public_key_pem())
    });
    issuer.write("old", &old.0);
    issuer.write("new", &new.0);
    issuer.write("old.pub", &old.1);
    let public = EncodingKey::from_ec_pem(new.0.as_bytes());
    let mut jwk = Jwk::from_encoding_key(&public.unwrap(), Algorithm::ES256).unwrap();
    jwk.common.key_id = Some("new".to_owned());
    issuer.write("set", &json!({ "keys": [&jwk] }).to_string());
    let keys = ["secret", "old.pub", "set"].map(|name| issuer.path(name));
    let environment = [("HUBBUB_TOKEN_KEY", &*keys.join(","))];
    let server = Process::start_in(&environment, &["--addr", "127.0.0.1:0"]);
    let server = Server::listening(server);
    let token = |name: &str, flags: &[&str]| mint(&issuer.path(name), flags);
    for good in [
        issuer.mint(&[]),
        token("old", &[]),
        token("new", &[]),
        token("new", &["--key-id", "new"]),
    ] {
        assert_eq!(code_of(&server, &good), "");
    }
    let unknown = token("new", &["--key-id", "newer"]);
    assert_eq!(code_of(&server, &unknown), "token-signature");

    // A set that is of no use changes nothing; then the old key goes.
    issuer.write("set", &json!({ "keys": [&jwk, &jwk] }).to_string());
    server.signal(Signal::HUP);
    wait_until("the server says so", || {
        let log = server.process().stderr();
        log.contains("stay in use")
            && log.contains(&format!("{} (--token-key) holds a second key", keys[2]))
    });
    assert_eq!(code_of(&server, &token("old", &[])), "");
    issuer.write("set", &json!({ "keys": [&jwk] }).to_string());
    issuer.write("old.pub", &new.1);
    server.signal(Signal::HUP);
    wait_until("the old key is gone", || {
        code_of(&server, &token("old", &[])) == "token-signature"
    });
    assert_eq!(code_of(&server, &token("new", &["--key-id", "new"])), "");
}

#[test]
fn a_page_that_was_refused_for_its_token_may_ask_why() {
    let issuer = Issuer::new();
    let server = issuer.serve(&[]);
    let why = |headers: &str| {
        let mut http = server.http();
        http.send(format!(
            "GET /ws?name=Ada&origin=http%3A%2F%2Fhubbub HTTP/1.1\r\nHost: hubbub\r\n{headers}\r\n"
        ));
        let answer = http.response();
        (answer.status, answer.error_code())
    };
    assert_eq!(why(""), (401, "token-missing".to_owned()));
    assert_eq!(
        why("Authorization: Bearer x\r\n"),
        (401, "token-invalid".to_owned())
    );
    let good = format!("Authorization: Bearer {}\r\n", issuer.mint(&[]));
    assert_eq!(why(&good), (426, "upgrade-required".to_owned()));
}

#[test]
fn a_token_reaches_no_log() {
    let issuer = Issuer::new();
    let server = issuer.serve(&["--log-level", "trace"]);
    let token = issuer.mint(&[]);
    connect(&server, "/relay", &token).leave();
    code_of(&server, &format!("{token}x"));
    server.signal(Signal::TERM);
    let ended = server.ended();
    assert!(
        ended.stderr.contains("connection accepted"),
        "{}",
        ended.stderr
    );
    let signature = token.rsplit_once('.').unwrap().1;
    assert!(!ended.stderr.contains(signature), "{}", ended.stderr);
}

#[test]
fn keys_of_no_use_are_named_at_the_start() {
    let issuer = Issuer::new();
    issuer.write("weak", "hunter2");
    let private = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    issuer.write("private", &private.serialize_pem());
    issuer.write("public", &private.public_key_pem());
    issuer.write("set", "{\"keys\":[]}");
    let complaint = |command: &[&str], key: &str| {
        let key = issuer.path(key);
        let ended = Process::start(&[command, &["--token-key", &key]].concat()).ended();
        assert_eq!((ended.status.code(), ended.stdout.as_str()), (Some(2), ""));
        ended.stderr
    };
    let serve = ["--addr", "127.0.0.1:0"];
    assert!(complaint(&serve, "nothing").contains("--token-key"));
    assert!(complaint(&serve, "weak").contains("openssl rand"));
    assert!(complaint(&serve, "private").contains("openssl pkey"));
    assert!(complaint(&serve, "set").contains("without keys"));
    let public = issuer.path("public");
    let beside_a_good_one = [&serve[..], &["--token-key", &public]].concat();
    let weak = complaint(&beside_a_good_one, "weak");
    assert!(weak.contains(&issuer.path("weak")), "{weak}");
    assert!(complaint(&["token"], "public").contains("private one"));
    assert!(complaint(&["token"], "weak").contains("openssl rand"));
}

#[test]
fn no_token_is_made_for_the_id_of_a_connection() {
    let issuer = Issuer::new();
    let flags = ["token", "--token-key", &issuer.path("secret")];
    let ended = Process::start(&[&flags[..], &["--sub", "connection:1.1"]].concat()).ended();
    assert_eq!((ended.status.code(), ended.stdout.as_str()), (Some(2), ""));
    assert!(
        ended.stderr.contains("--sub must not begin with"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_token_that_cannot_be_written_is_a_failure() {
    let issuer = Issuer::new();
    let flags = ["token", "--token-key", &issuer.path("secret")];
    let ended = Process::start_after("exec >/dev/full", &flags).ended();
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.stderr.contains("output"), "{}", ended.stderr);
}
