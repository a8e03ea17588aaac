//! What other people's servers speak, as the flags that it stands for: rows of data, each as it was seen on the wire of
//! the server that it names.

use clap::{ValueEnum, builder::PossibleValue};

/// What the server under test speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProtocolName {
    /// Whatever a client sends goes to everyone.
    Relay,
    /// Channels that are joined with JSON actions.
    Chat,
    /// What the flags say.
    Raw,
    /// One of [`LANGUAGES`].
    Language(&'static Language),
}

/// How one kind of server is spoken to, in place of flags.
#[derive(Debug, PartialEq, Eq)]
pub struct Language {
    /// What it is called.
    pub name: &'static str,
    /// Of which server, and what is to be known of it.
    pub about: &'static str,
    /// What is asked for where the URL names no path.
    pub path: &'static str,
    /// The subprotocol that is offered.
    pub subprotocol: Option<&'static str>,
    /// What is said and awaited on entry.
    pub entry: &'static [Row],
    /// What stands around a payload.
    pub template: &'static str,
    /// What is answered to what.
    pub reply: Option<&'static str>,
    /// What is said again and again, and how often, in seconds.
    pub every: Option<(&'static str, u64)>,
    /// Whether the texts of this row have escapes.
    pub escapes: bool,
    /// Whether its frames are binary.
    pub binary: bool,
}

/// One thing to do on entry.
#[derive(Debug, PartialEq, Eq)]
pub enum Row {
    /// To say this.
    Hello(&'static str),
    /// To wait until a frame holds this.
    Await(&'static str),
}

use Row::{Await, Hello};

/// None of all.
const PLAIN: Language = Language {
    name: "",
    about: "",
    path: "/",
    subprotocol: None,
    entry: &[],
    template: "%s",
    reply: None,
    every: None,
    escapes: false,
    binary: false,
};

/// All that are known. Names of events, channels and fields that are the application's own are examples, to be replaced
/// by flags.
pub static LANGUAGES: [Language; 11] = [
    Language {
        name: "socketio",
        about: "Socket.IO 3 and 4, whose event is msg",
        path: "/socket.io/?EIO=4&transport=websocket",
        entry: &[Await("0{"), Hello("40"), Await("40{")],
        template: r#"42["msg","%s"]"#,
        reply: Some("2=>3"),
        ..PLAIN
    },
    Language {
        name: "nats",
        about: "NATS",
        entry: &[
            Await("INFO {"),
            Hello(r#"CONNECT {"verbose":false}\r\nSUB %t 1\r\nPING\r\n"#),
            Await(r"PONG\r\n"),
        ],
        template: r"PUB %t %l\r\n%s\r\n",
        reply: Some(r"PING\r\n=>PONG\r\n"),
        escapes: true,
        ..PLAIN
    },
    Language {
        name: "mqtt",
        about: "MQTT 3.1.1; %r and %u, which only this has, are the length of what follows and the topic with its own",
        subprotocol: Some("mqtt"),
        entry: &[
            Hello(r"\x10%r\0\x04MQTT\x04\x02\0\0\0\0"),
            Await(r"\x20\x02\0\0"),
            Hello(r"\x82%r\0\x01%u\0"),
            Await(r"\x90\x03\0\x01\0"),
        ],
        template: r"0%r%u%s",
        escapes: true,
        binary: true,
        ..PLAIN
    },
    Language {
        name: "stomp",
        about: "STOMP 1.2, such as RabbitMQ's, which wants --order publisher with several publishers",
        path: "/ws",
        subprotocol: Some("v12.stomp"),
        entry: &[
            Hello(
                r"CONNECT\naccept-version:1.2\nhost:/\nlogin:guest\npasscode:guest\nheart-beat:0,0\n\n\0",
            ),
            Await("CONNECTED"),
            Hello(r"SUBSCRIBE\nid:0\ndestination:/topic/%t\nack:auto\nreceipt:in\n\n\0"),
            Await("RECEIPT"),
        ],
        template: r"SEND\ndestination:/topic/%t\n\n%s\0",
        escapes: true,
        ..PLAIN
    },
    Language {
        name: "graphql-ws",
        about: "graphql-transport-ws, with a mutation say(text) and a subscription said",
        path: "/graphql",
        subprotocol: Some("graphql-transport-ws"),
        entry: &[
            Hello(r#"{"type":"connection_init"}"#),
            Await(r#""connection_ack""#),
            Hello(r#"{"id":"s","type":"subscribe","payload":{"query":"subscription{said}"}}"#),
        ],
        template: r#"{"id":"%n","type":"subscribe","payload":{"query":"mutation{say(text:\"%s\")}"}}"#,
        reply: Some(r#"{"type":"ping"}=>{"type":"pong"}"#),
        ..PLAIN
    },
    Language {
        name: "phoenix",
        about: "Phoenix channels, version 2, whose event is say; never run against its real server",
        path: "/socket/websocket?vsn=2.0.0",
        entry: &[
            Hello(r#"["1","1","room:%t","phx_join",{}]"#),
            Await(r#""status":"ok""#),
        ],
        template: r#"["1","%n","room:%t","say",{"t":"%s"}]"#,
        every: Some((r#"[null,"%n","phoenix","heartbeat",{}]"#, 30)),
        ..PLAIN
    },
    Language {
        name: "wamp",
        about: "WAMP 2 in JSON, in the realm realm1",
        path: "/ws",
        subprotocol: Some("wamp.2.json"),
        entry: &[
            Hello(r#"[1,"realm1",{"roles":{"publisher":{},"subscriber":{}}}]"#),
            Await("[2,"),
            Hello(r#"[32,1,{},"%t"]"#),
            Await("[33,"),
        ],
        template: r#"[16,%n,{"exclude_me":false},"%t",["%s"]]"#,
        ..PLAIN
    },
    Language {
        name: "actioncable",
        about: "Action Cable of Rails, whose channel is ChatChannel with an action say; it may want --header 'Origin: …', and its adapter async --order publisher with several publishers",
        path: "/cable",
        subprotocol: Some("actioncable-v1-json"),
        entry: &[
            Await(r#""welcome""#),
            Hello(r#"{"command":"subscribe","identifier":"{\"channel\":\"ChatChannel\"}"}"#),
            Await(r#""confirm_subscription""#),
        ],
        template: r#"{"command":"message","identifier":"{\"channel\":\"ChatChannel\"}","data":"{\"action\":\"say\",\"t\":\"%s\"}"}"#,
        ..PLAIN
    },
    Language {
        name: "socketcluster",
        about: "SocketCluster",
        path: "/socketcluster/",
        entry: &[
            Hello(r##"{"event":"#handshake","data":{},"cid":1}"##),
            Await(r#""rid":1"#),
            Hello(r##"{"event":"#subscribe","data":{"channel":"%t"},"cid":2}"##),
            Await(r#""rid":2"#),
        ],
        template: r##"{"event":"#publish","data":{"channel":"%t","data":"%s"}}"##,
        reply: Some("=>"),
        ..PLAIN
    },
    Language {
        name: "sockjs",
        about: "SockJS, whose prefix is sockjs",
        path: "/sockjs/000/loadgen-%c/websocket",
        entry: &[Await("o")],
        template: r#"["%s"]"#,
        ..PLAIN
    },
    Language {
        name: "primus",
        about: "Primus",
        path: "/primus",
        template: r#""%s""#,
        reply: Some(r#""primus::ping::*"=>"primus::pong::*""#),
        ..PLAIN
    },
];

impl Language {
    /// The same as flags, as one writes them in a shell.
    fn flags(&self) -> String {
        let mut flags = Vec::new();
        if let Some(name) = self.subprotocol {
            flags.push(format!("--subprotocol {name}"));
        }
        for row in self.entry {
            flags.push(match row {
                Hello(text) => format!("--hello '{text}'"),
                Await(text) => format!("--await '{text}'"),
            });
        }
        flags.push(format!("--template '{}'", self.template));
        if let Some(reply) = self.reply {
            flags.push(format!("--reply '{reply}'"));
        }
        if let Some((text, seconds)) = self.every {
            flags.push(format!("--every '{text}' --period {seconds}s"));
        }
        if self.escapes {
            flags.push("--escapes".to_owned());
        }
        if self.binary {
            flags.push("--binary".to_owned());
        }
        flags.join(" ")
    }
}

impl ProtocolName {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Relay => "relay",
            Self::Chat => "chat",
            Self::Raw => "raw",
            Self::Language(language) => language.name,
        }
    }

    /// A URL without the name of a protocol before it, and that protocol, as in `nats+ws://127.0.0.1:8080/`, however it is
    /// written (RFC 3986, section 3.1).
    pub fn before(url: &str) -> (Option<Self>, &str) {
        let named = url.split_once('+').and_then(|(name, rest)| {
            let known = Self::value_variants().iter();
            let is_it = |known: &Self| known.name().eq_ignore_ascii_case(name);
            Some((Some(known.copied().find(is_it)?), rest))
        });
        named.unwrap_or((None, url))
    }
}

impl ValueEnum for ProtocolName {
    fn value_variants<'a>() -> &'a [Self] {
        static ALL: [ProtocolName; 3 + LANGUAGES.len()] = {
            let mut all = [ProtocolName::Relay; 3 + LANGUAGES.len()];
            all[1] = ProtocolName::Chat;
            all[2] = ProtocolName::Raw;
            let mut at = 0;
            while at < LANGUAGES.len() {
                all[3 + at] = ProtocolName::Language(&LANGUAGES[at]);
                at += 1;
            }
            all
        };
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Self::Relay => "Whatever a client sends goes to everyone".to_owned(),
            Self::Chat => "Channels that are joined with JSON actions".to_owned(),
            Self::Raw => {
                "Other people's: what --hello, --await, --template and --reply say".to_owned()
            }
            Self::Language(language) => {
                let path = match language.path {
                    "/" => String::new(),
                    path => format!(" at {path} unless the URL has a path"),
                };
                format!("{}: {}{path}", language.about, language.flags())
            }
        };
        Some(PossibleValue::new(self.name()).help(help))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_protocol_may_stand_before_a_url() {
        let before = |url| {
            let (protocol, url) = ProtocolName::before(url);
            (protocol.map(ProtocolName::name), url)
        };
        assert_eq!(before("nats+ws://x/"), (Some("nats"), "ws://x/"));
        assert_eq!(before("chat+unix:/x"), (Some("chat"), "unix:/x"));
        assert_eq!(before("NATS+WS://x/"), (Some("nats"), "WS://x/"));
        assert_eq!(before("Graphql-WS+wss://x/").0, Some("graphql-ws"));
        assert_eq!(before("ws://x/?a=b+c"), (None, "ws://x/?a=b+c"));
        assert_eq!(before("smoke+ws://x/"), (None, "smoke+ws://x/"));
    }

    #[test]
    fn a_language_is_told_as_the_flags_that_it_stands_for() {
        let [socketio, ..] = &LANGUAGES;
        assert_eq!(
            socketio.flags(),
            r#"--await '0{' --hello '40' --await '40{' --template '42["msg","%s"]' --reply '2=>3'"#
        );
    }

    #[test]
    fn no_two_languages_have_a_name() {
        let mut names: Vec<_> = LANGUAGES.iter().map(|language| language.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), LANGUAGES.len());
    }
}
