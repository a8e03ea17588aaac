//! One who asks for pages, several at a time.

/// A request, and how it is to be answered.
#[derive(Clone, Copy, Debug)]
struct Page {
    request: &'static str,
    status: u16,
    is_head: bool,
    /// Nothing can follow it.
    is_last: bool,
    /// It makes no sense, which comes before whether its sender is served.
    is_malformed: bool,
}

const fn page(request: &'static str, status: u16) -> Page {
    Page {
        request,
        status,
        is_head: false,
        is_last: false,
        is_malformed: false,
    }
}

const PAGES: [Page; 11] = [
    page("GET /healthz HTTP/1.1\r\nHost: sim\r\n\r\n", 200),
    page("GET / HTTP/1.1\r\nHost: sim\r\n\r\n", 200),
    page("GET /metrics HTTP/1.1\r\nHost: sim\r\n\r\n", 200),
    page("GET /nothing HTTP/1.1\r\nHost: sim\r\n\r\n", 404),
    page("POST /healthz HTTP/1.1\r\nHost: sim\r\n\r\n", 405),
    page("OPTIONS * HTTP/1.1\r\nHost: sim\r\n\r\n", 204),
    page("GET /relay HTTP/1.1\r\nHost: sim\r\n\r\n", 426),
    page("GET /relay?channel= HTTP/1.1\r\nHost: sim\r\n\r\n", 400),
    page(
        "GET / HTTP/1.1\r\nHost: sim\r\nIf-None-Match: *\r\nCookie: none\r\n\r\n",
        304,
    ),
    Page {
        is_head: true,
        ..page("HEAD / HTTP/1.1\r\nHost: sim\r\n\r\n", 200)
    },
    Page {
        is_head: true,
        ..page("HEAD /metrics HTTP/1.1\r\nHost: sim\r\n\r\n", 200)
    },
];

/// Those after which the connection ends.
const LAST_PAGES: [Page; 4] = [
    last(
        "GET /healthz HTTP/1.1\r\nHost: sim\r\nConnection: close\r\n\r\n",
        200,
        false,
    ),
    last(
        "GET / HTTP/1.1\r\nHost: sim\r\nContent-Length: 2\r\n\r\nhi",
        413,
        true,
    ),
    last("\u{1}\r\n\r\n", 400, true),
    last("GET / HTTP/1.1\r\n\r\n", 400, true),
];

const fn last(request: &'static str, status: u16, is_malformed: bool) -> Page {
    Page {
        is_last: true,
        is_malformed,
        ..page(request, status)
    }
}

/// The status that answers a request which did not arrive in time.
pub const TIMEOUT: u16 = 408;

/// What one asks, and is answered.
#[derive(Debug, Default)]
pub struct Http {
    asked: Vec<Page>,
    pub answers: Vec<Answered>,
}

/// A response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    pub status: u16,
    pub goes_on: bool,
}

impl Http {
    /// Asks for something by chance, unless it has asked for its last page.
    pub fn ask(&mut self, chance: &mut fastrand::Rng, outgoing: &mut Vec<u8>) {
        if self.asked.last().is_some_and(|page| page.is_last) {
            return;
        }
        let page = match chance.u8(0..40) {
            0 => LAST_PAGES[chance.usize(0..LAST_PAGES.len())],
            _ => PAGES[chance.usize(0..PAGES.len())],
        };
        self.ask_for(page, outgoing);
    }

    /// Asks for the next two pages of the list at once.
    pub fn ask_next(&mut self, outgoing: &mut Vec<u8>) {
        for _ in 0..2 {
            self.ask_for(PAGES[self.asked.len() % PAGES.len()], outgoing);
        }
    }

    fn ask_for(&mut self, page: Page, outgoing: &mut Vec<u8>) {
        outgoing.extend(page.request.bytes());
        self.asked.push(page);
    }

    /// Takes one response off the front of what came, if it is all there; says how many bytes it had.
    pub fn hear(&mut self, incoming: &[u8]) -> Result<Option<usize>, String> {
        let Some(response) = Response::read(incoming)? else {
            return Ok(None);
        };
        let page = self.asked.get(self.answers.len());
        // A request that has not fully arrived is not known to be a HEAD.
        let is_head = page.is_some_and(|page| page.is_head) && response.status != TIMEOUT;
        let bytes = response.head_bytes + if is_head { 0 } else { response.body_bytes };
        if incoming.len() < bytes {
            return Ok(None);
        }
        if self.answers.last().is_some_and(|answer| !answer.goes_on) {
            return Err("was answered after the last answer".to_owned());
        }
        self.answers.push(Answered {
            status: response.status,
            goes_on: response.goes_on,
        });
        Ok(Some(bytes))
    }

    /// How many requests it sent.
    pub fn asked(&self) -> usize {
        self.asked.len()
    }

    /// How the request of this number, of 0 and up, is to be answered on a connection that serves so many requests, or
    /// is refused.
    pub fn expected(&self, number: usize, most: usize, refusal: Option<u16>) -> Option<Answered> {
        let page = self.asked.get(number)?;
        let refusal = refusal.filter(|_| !page.is_malformed);
        Some(Answered {
            status: refusal.unwrap_or(page.status),
            goes_on: !page.is_last && refusal.is_none() && number + 1 < most,
        })
    }
}

/// The head of a response.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub goes_on: bool,
    pub head_bytes: usize,
    pub body_bytes: usize,
    /// Whether messages may be deflated.
    pub deflates: bool,
}

impl Response {
    /// Reads a head from the front of what came, if it is all there.
    pub fn read(incoming: &[u8]) -> Result<Option<Self>, String> {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut head = httparse::Response::new(&mut headers);
        let parsed = head.parse(incoming).map_err(|error| error.to_string())?;
        let httparse::Status::Complete(head_bytes) = parsed else {
            return Ok(None);
        };
        let value = |name: &str| {
            let header = head.headers.iter().find(|header| header.name == name)?;
            str::from_utf8(header.value).ok()
        };
        let length = value("content-length").map_or(Ok(0), str::parse);
        Ok(Some(Self {
            status: head.code.unwrap_or_default(),
            goes_on: !value("connection").unwrap_or_default().contains("close"),
            head_bytes,
            deflates: value("sec-websocket-extensions").is_some(),
            body_bytes: length.map_err(|_| "a content-length that is no number")?,
        }))
    }
}
