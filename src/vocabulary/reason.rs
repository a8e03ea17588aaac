//! Why a connection ended. Every ending has one, and it reaches the log and `hubbub_disconnects_total{reason=…}`.

/// The named causes of an ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// The peer closed the WebSocket, and was answered.
    ClosedByPeer,
    /// The peer's stream ended without a close frame.
    EndOfStream,
    /// The peer or the network reset the stream.
    Reset,
    /// The peer broke TLS, or would not speak it.
    Tls,
    /// The peer broke the WebSocket protocol.
    Protocol,
    /// The peer sent text that is not UTF-8.
    NotUtf8,
    /// The peer sent a deflated message that does not inflate.
    NotDeflate,
    /// The peer sent a message that was deflated with what came before it, though that was agreed not to be.
    ContextKept,
    /// The peer sent a message beyond `--max-message`.
    MessageTooLarge,
    /// The peer published where its token does not let it.
    NotAllowed,
    /// What the peer said in the relay could not be brought into the order that several servers share, or its server has lost
    /// touch with the others.
    Unavailable,
    /// The peer's token has expired.
    TokenExpired,
    /// A program has all connections of the peer closed.
    Dismissed,
    /// The peer left more than `--max-unsent` bytes unsent.
    SlowUnsent,
    /// What the peer left unsent had waited for longer than `--max-lag`.
    SlowLag,
    /// All peers left more than `--max-unsent-total` bytes unsent, and this one had the most of them.
    SlowTotal,
    /// The peer sent more than one may for longer than `--flood-grace`.
    Flood,
    /// The peer took none of its unsent bytes for `--write-timeout`.
    SlowStalled,
    /// The peer did not answer a ping in time.
    NoPong,
    /// The server is going away, and told the peer.
    GoingAway,
    /// The server went away before the peer had taken its last bytes.
    DrainCut,
    /// The peer was neither upgraded nor had it asked for anything within `--handshake-timeout`.
    HandshakeTimeout,
    /// A plain HTTP exchange came to its end.
    HttpDone,
    /// An HTTP request was answered with an error that ends the connection.
    HttpError,
    /// A balancer did not say for whom it connects, or not in a way that makes sense.
    ProxyHeader,
    /// There was no room, or its address had too many: told so with a 503 or a 429.
    Refused,
}

impl Reason {
    /// All reasons, in the order of their counters.
    pub const ALL: [Self; 26] = [
        Self::ClosedByPeer,
        Self::EndOfStream,
        Self::Reset,
        Self::Tls,
        Self::Protocol,
        Self::NotUtf8,
        Self::NotDeflate,
        Self::ContextKept,
        Self::MessageTooLarge,
        Self::NotAllowed,
        Self::Unavailable,
        Self::TokenExpired,
        Self::Dismissed,
        Self::SlowUnsent,
        Self::SlowLag,
        Self::SlowTotal,
        Self::Flood,
        Self::SlowStalled,
        Self::NoPong,
        Self::GoingAway,
        Self::DrainCut,
        Self::HandshakeTimeout,
        Self::HttpDone,
        Self::HttpError,
        Self::ProxyHeader,
        Self::Refused,
    ];

    /// The reason's name in logs and metrics: lower case, hyphens, stable.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClosedByPeer => "closed-by-peer",
            Self::EndOfStream => "end-of-stream",
            Self::Reset => "reset",
            Self::Tls => "tls",
            Self::Protocol => "protocol",
            Self::NotUtf8 => "not-utf8",
            Self::NotDeflate => "not-deflate",
            Self::ContextKept => "context-kept",
            Self::MessageTooLarge => "message-too-large",
            Self::NotAllowed => "not-allowed",
            Self::Unavailable => "unavailable",
            Self::TokenExpired => "token-expired",
            Self::Dismissed => "dismissed",
            Self::SlowUnsent => "slow-unsent",
            Self::SlowLag => "slow-lag",
            Self::SlowTotal => "slow-total",
            Self::Flood => "flood",
            Self::SlowStalled => "slow-stalled",
            Self::NoPong => "no-pong",
            Self::GoingAway => "going-away",
            Self::DrainCut => "drain-cut",
            Self::HandshakeTimeout => "handshake-timeout",
            Self::HttpDone => "http-done",
            Self::HttpError => "http-error",
            Self::ProxyHeader => "proxy-header",
            Self::Refused => "refused",
        }
    }

    /// Whether the peer brought it about by breaking a rule, or is to go, so that it is waited for no longer than need be.
    pub fn is_fault(self) -> bool {
        matches!(
            self,
            Self::Protocol
                | Self::NotUtf8
                | Self::NotDeflate
                | Self::ContextKept
                | Self::MessageTooLarge
                | Self::NotAllowed
                | Self::TokenExpired
                | Self::Dismissed
                | Self::Flood
                | Self::HttpError
                | Self::Refused
        )
    }

    /// Whether the peer was cut off from what was its to get: no fault of its own, and for the operator to know.
    pub fn is_our_doing(self) -> bool {
        matches!(
            self,
            Self::SlowUnsent
                | Self::SlowLag
                | Self::SlowTotal
                | Self::SlowStalled
                | Self::NoPong
                | Self::DrainCut
        )
    }

    /// The code and words of the close frame that tells a WebSocket peer (RFC 6455, section 7.4; 4000 and up are ours),
    /// or `None` where there is nobody left to tell.
    pub fn close(self) -> Option<(u16, &'static str)> {
        match self {
            Self::Protocol => Some((1002, "protocol error")),
            Self::NotUtf8 => Some((1007, "text that is not UTF-8")),
            Self::NotDeflate => Some((1007, "a message that does not inflate")),
            Self::ContextKept => Some((
                1007,
                "a message refers to one before it, against client_no_context_takeover",
            )),
            Self::MessageTooLarge => Some((1009, "message too large")),
            Self::NotAllowed => Some((1008, "the token does not allow to publish here")),
            Self::Unavailable => Some((1013, "try again later")),
            Self::TokenExpired => Some((1008, "the token has expired")),
            // If the program says nothing else.
            Self::Dismissed => Some((1008, "closed by the operator")),
            Self::GoingAway => Some((1001, "server going away")),
            Self::SlowUnsent => Some((4001, "slow consumer: too many bytes unsent")),
            Self::SlowLag => Some((4001, "slow consumer: too far behind")),
            Self::SlowTotal => Some((4001, "slow consumer: too many bytes unsent in all")),
            Self::Flood => Some((1008, "too many messages, bytes or pings a second")),
            Self::SlowStalled => Some((4001, "slow consumer: no progress")),
            Self::NoPong => Some((4002, "no pong")),
            Self::ClosedByPeer
            | Self::EndOfStream
            | Self::Reset
            | Self::Tls
            | Self::DrainCut
            | Self::HandshakeTimeout
            | Self::HttpDone
            | Self::HttpError
            | Self::ProxyHeader
            | Self::Refused => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_counts_under_a_name_of_its_own() {
        let mut names: Vec<_> = Reason::ALL.iter().map(|reason| reason.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Reason::ALL.len());
        for (index, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, index);
        }
    }
}
