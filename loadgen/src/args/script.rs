//! The flags that say how a server of other people's is spoken to.

use std::{path::PathBuf, time::Duration};

use clap::{ArgMatches, Args as Flags, ValueEnum, builder::NonEmptyStringValueParser};
use hubbub::vocabulary::units::duration;

use crate::args::help::LANGUAGE;

/// How a server of other people's is spoken to. In place of a language's own, where one is chosen by --protocol.
#[derive(Clone, Debug, Flags)]
#[command(next_help_heading = LANGUAGE)]
pub struct ScriptFlags {
    /// Text that each client sends on entry; repeatable [default: none]
    ///
    /// With --await in the order of the command line: a client is in after the last.
    #[arg(long, value_name = "TEXT")]
    hello: Vec<String>,

    /// Text that must come before a client goes on with its entry; repeatable [default: none]
    ///
    /// In a frame or over several.
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    r#await: Vec<String>,

    /// Both of these, in their order.
    #[arg(skip)]
    pub entry: Vec<Line>,

    /// Message with %s where the payload goes, such as '{"text":"%s"}' [default: %s]
    ///
    /// In --hello, --template, --reply, --every, --header and behind the host of a URL these stand for something else:
    /// %t the topic of the client's channel, %c the number of the client, %v its line of --values, %% a percent sign;
    /// in a template also %s the payload, %l its bytes and %n the number of the message, and in --every %n how often it
    /// was said. In a URL and a header two hex digits behind a % are percent-encoding.
    #[arg(long, value_name = "TEXT")]
    pub template: Option<String>,

    /// Answer to a frame, such as 'ping *=>pong *', where one * stands for anything, which is carried over; repeatable [default: none]
    ///
    /// A frame is answered that is GOT, or that ends with GOT behind messages of the run, or has GOT among its lines, if GOT
    /// is a line.
    #[arg(long, hide_short_help = true, value_name = "GOT=>SAY")]
    pub reply: Vec<String>,

    /// Text that each client sends again and again, once in each --period [default: none]
    #[arg(long, hide_short_help = true, value_name = "TEXT")]
    pub every: Option<String>,

    /// How often each client says --every, and in idle sends its --ping [default: 25s, or what the --protocol has]
    #[arg(long, hide_short_help = true, value_name = "PERIOD", value_parser = duration)]
    pub period: Option<Duration>,

    /// Have \0 \n \r \t \\ and \xHH stand for those bytes in --hello, --await, --template, --reply and --every
    #[arg(long, hide_short_help = true)]
    pub escapes: bool,

    /// Send binary frames rather than text
    #[arg(long, hide_short_help = true)]
    pub binary: bool,

    /// What %t stands for, the topic of the client's channel (see --template for all of these) [default: loadgen]
    ///
    /// Numbered, as in loadgen-3, with --channels.
    #[arg(long, hide_short_help = true, value_name = "NAME")]
    pub topic: Option<String>,

    /// File with a line for each client, which %v stands for, such as a token; printed nowhere [default: none]
    #[arg(long, hide_short_help = true, value_name = "FILE")]
    pub values: Option<PathBuf>,

    /// What a publisher gets of its own messages [default: gets]
    #[arg(long, hide_short_help = true, value_enum, value_name = "WHAT")]
    pub sender: Option<Sender>,
}

/// One thing to do on entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// To say this.
    Hello(String),
    /// To wait until a frame holds this.
    Await(String),
}

/// What a client gets of what it said itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Sender {
    /// Its copy, as everyone does
    #[default]
    Gets,
    /// Nothing
    Skipped,
    /// An acknowledgement that holds it, with or without a copy beside; neither counts as delivered
    Acked,
}

impl ScriptFlags {
    /// Puts what is said and what is awaited in the order of the command line.
    pub(super) fn order(&mut self, matches: &ArgMatches) {
        let hello = self.hello.drain(..).map(Line::Hello);
        let awaited = self.r#await.drain(..).map(Line::Await);
        let places = |flag| matches.indices_of(flag).into_iter().flatten();
        let hello = places("hello").zip(hello);
        let mut lines: Vec<(usize, Line)> = hello.chain(places("await").zip(awaited)).collect();
        lines.sort_by_key(|(place, _)| *place);
        self.entry = lines.into_iter().map(|(_, line)| line).collect();
    }

    /// One of these flags that was given and that only a server of other people's understands.
    pub fn first_given(&self) -> Option<&'static str> {
        [
            (!self.entry.is_empty(), "--hello and --await"),
            (self.template.is_some(), "--template"),
            (!self.reply.is_empty(), "--reply"),
            (self.every.is_some(), "--every"),
            (self.escapes, "--escapes"),
            (self.binary, "--binary"),
            (self.sender.is_some(), "--sender"),
        ]
        .into_iter()
        .find_map(|(is_given, flag)| is_given.then_some(flag))
    }
}

impl Sender {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gets => "gets",
            Self::Skipped => "skipped",
            Self::Acked => "acked",
        }
    }
}
