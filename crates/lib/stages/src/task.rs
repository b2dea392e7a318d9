//! The exercises of each stage. docs/stages.md describes them in more detail.

use crate::stage::Stage;

/// An exercise: a command, and what it shows.
#[derive(Debug)]
pub struct Task {
    /// What happens, without a full stop at the end.
    pub what: &'static str,
    /// A command for a shell. `{page}`, `{roller}`, `{traces}`, `{dice_db}` and `{usage_db}` stand
    /// for the URLs of a run, `{stop NAME}` for the command that stops a component of this run, and
    /// `{otlp}` for the flag with the URL that receives spans, if it is not the default.
    pub command: &'static str,
}

struct Lesson {
    title: &'static str,
    to_look_at: &'static str,
    /// In the recommended order.
    tasks: [Task; 3],
}

impl Stage {
    /// What is new in it, as in the first line of its file.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.lesson().title
    }

    /// What to look at in it.
    #[must_use]
    pub fn to_look_at(self) -> &'static str {
        self.lesson().to_look_at
    }

    /// Three things to try, in that order.
    #[must_use]
    pub fn tasks(self) -> &'static [Task; 3] {
        &self.lesson().tasks
    }

    fn lesson(self) -> &'static Lesson {
        &LESSONS[usize::from(self.number() - 1)]
    }
}

static LESSONS: [Lesson; 6] = [
    Lesson {
        title: "dice-roller alone, with its own dice",
        to_look_at: "the three signals of one process, joined by the trace id",
        tasks: [
            Task {
                what: "A roll moves a counter",
                command: "curl '{roller}/roll?die=fair'; curl -s {roller}/metrics | grep ^dice_rolls",
            },
            Task {
                what: "Half of the rolls of extreme fail, on purpose",
                command: "for i in 1 2 3 4 5 6 7 8 9 10; do curl -s '{roller}/roll?die=extreme'; echo; done",
            },
            Task {
                what: "The traces of those failures have two spans each",
                command: "curl -sG {traces}/api/search --data-urlencode 'q={ span.die.error = true }'",
            },
        ],
    },
    Lesson {
        title: "a frontend",
        to_look_at: "one trace across two processes: `traceparent`",
        tasks: [
            Task {
                what: "Roll on the page: one trace, with two spans of each of the two services",
                command: "xdg-open {page}",
            },
            Task {
                what: "Bring your own trace id: the answer has it",
                command: "curl -H 'traceparent: 00-0123456789abcdef0123456789abcdef-0123456789abcdef-01' '{page}/roll?die=fair'",
            },
            Task {
                what: "Stop dice-roller and roll: 503 until it is back",
                command: "{stop dice-roller}; curl -i '{page}/roll?die=fair'",
            },
        ],
    },
    Lesson {
        title: "die-service",
        to_look_at: "three hops: which one is slow, and which one caused the error",
        tasks: [
            Task {
                what: "Roll: seven spans across three services, and most of the time is in one of them",
                command: "curl '{page}/roll?die=fair'",
            },
            Task {
                what: "Stop die-service: 503 at once, until it is back",
                command: "{stop die-service}; curl -i '{page}/roll?die=fair'",
            },
            Task {
                what: "A die that does not exist: 404 at every hop, and no red span",
                command: "curl -i '{page}/roll?die=golden'",
            },
        ],
    },
    Lesson {
        title: "batches of concurrent rolls",
        to_look_at: "spans that overlap, and the time that concurrency saves",
        tasks: [
            Task {
                what: "Follow one roll: its trace has seven spans across three services",
                command: "curl '{page}/roll?die=fair'; echo; echo 'then: curl {traces}/api/traces/TRACE_ID'",
            },
            Task {
                what: "See concurrency: ten rolls at once take as long as the slowest",
                command: "curl '{page}/roll-async?die=fair&times=10'; cargo run --release -p traffic-gen -- compare --frontend-url={page}{otlp}",
            },
            Task {
                what: "Break something: stop die-service, and rolls answer 503 until it is back",
                command: "{stop die-service}; curl -i '{page}/roll?die=fair'",
            },
        ],
    },
    Lesson {
        title: "PostgreSQL holds the dice",
        to_look_at: "a query as a span, a pool that fills, a dependency that recovers",
        tasks: [
            Task {
                what: "Every roll ends in a query: SELECT dice, with its statement and its rows",
                command: "curl -sG {traces}/api/search --data-urlencode 'q={ name = \"SELECT dice\" }'",
            },
            Task {
                what: "Stop PostgreSQL: 503, and rolls again once it is back",
                command: "{stop postgres}; curl -i '{page}/roll?die=fair'",
            },
            Task {
                what: "Add a die: reload the page, and it can be rolled",
                command: "psql '{dice_db}' -c \"INSERT INTO dice VALUES ('golden', '{8}', 0)\" -c 'SELECT * FROM dice'",
            },
        ],
    },
    Lesson {
        title: "usage events, stored in PostgreSQL by usage-sink",
        to_look_at: "log lines that are data: routed by content, each stored once",
        tasks: [
            Task {
                what: "Sign in on the page and roll: a moment later, rows with your name",
                command: "psql '{usage_db}' -c 'SELECT * FROM usage_events ORDER BY occurred_at DESC LIMIT 5'",
            },
            Task {
                what: "What people did, by type: usage lines are rows",
                command: "psql '{usage_db}' -c 'SELECT event_type, count(*) FROM usage_events GROUP BY 1 ORDER BY 1'",
            },
            Task {
                what: "Stop usage-sink: rolls go on, events wait, and each arrives once it is back",
                command: "{stop usage-sink}",
            },
        ],
    },
];
