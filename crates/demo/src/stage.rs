//! The stages: what each has, on which ports, and what there is to try. Each is a topology of the
//! same programs, and none of them knows its stage.

/// A topology. A port is that of a service that the stage has.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) number: u8,
    /// What the one before did not have.
    pub(crate) new: &'static str,
    pub(crate) dice_roller: u16,
    pub(crate) frontend: Option<u16>,
    pub(crate) die_service: Option<u16>,
    /// Whether die-service's dice are in PostgreSQL.
    pub(crate) database: bool,
    pub(crate) usage_sink: Option<u16>,
    /// Whether the simulated users roll batches.
    pub(crate) batches: bool,
    /// In the order in which to try them.
    pub(crate) try_this: [Try; 3],
}

/// What to do and what is then to be seen. `{page}`, `{roller}`, `{dice}`, `{traces}`, `{dice_db}`
/// and `{usage_db}` stand for the URLs of this run, `{stop_database}` for how that is done.
#[derive(Debug)]
pub(crate) struct Try {
    pub(crate) what: &'static str,
    pub(crate) command: &'static str,
}

/// A trace's own page in the stand-in for Tempo needs an id; a search needs none.
const FAILED: Try = Try {
    what: "Traces of failed rolls: risky and extreme fail on purpose",
    command: "curl -sG {traces}/api/search --data-urlencode 'q={ status = error }'",
};

pub(crate) const STAGES: [Stage; 6] = [
    Stage {
        number: 1,
        new: "one service, dice-roller, and what it tells of itself: metrics, log lines, traces",
        dice_roller: 8100,
        frontend: None,
        die_service: None,
        database: false,
        usage_sink: None,
        batches: false,
        try_this: [
            Try {
                what: "A roll, and the counter that it moves",
                command: "curl '{roller}/roll?die=fair'; curl -s {roller}/metrics | grep ^dice_rolls",
            },
            Try {
                what: "Traces of slow rolls: of their spans, the innermost took the time",
                command: "curl -sG {traces}/api/search --data-urlencode 'q={ name = \"roll\" && duration > 900ms }'",
            },
            FAILED,
        ],
    },
    Stage {
        number: 2,
        new: "a second service, the frontend: one trace across two, and two views of one roll",
        dice_roller: 8101,
        frontend: Some(8102),
        die_service: None,
        database: false,
        usage_sink: None,
        batches: false,
        try_this: [
            Try {
                what: "Roll on the page: under the dice, the spans of that roll in both services",
                command: "xdg-open {page}",
            },
            Try {
                what: "The same roll counted by both: what the page asked for, what was rolled",
                command: "curl -s {page}/metrics {roller}/metrics | grep -E '^(streamlit_requests|dice_rolls)_total'",
            },
            Try {
                what: "Stop dice-roller: the page says so, rolls answer 503 until it is back in 3 s",
                command: "pkill -f 'stop-at-eof dice-roller'",
            },
        ],
    },
    Stage {
        number: 3,
        new: "a third service, die-service: what dice-roller needs can be slow, or away",
        dice_roller: 8104,
        frontend: Some(8105),
        die_service: Some(8103),
        database: false,
        usage_sink: None,
        batches: false,
        try_this: [
            Try {
                what: "What the dice are is now an answer, and each roll asks for it",
                command: "curl '{dice}/dice?identifier=risky'",
            },
            Try {
                what: "A die that nobody knows: 404 from die-service, passed on to the page",
                command: "curl -i '{page}/roll?die=golden'",
            },
            Try {
                what: "Stop die-service: 503 at the page, and a trace that shows who failed",
                command: "pkill -f 'stop-at-eof die-service'; curl '{page}/roll?die=fair'",
            },
        ],
    },
    Stage {
        number: 4,
        new: "batches: up to twenty rolls at once, each a task with a span of its own",
        dice_roller: 8107,
        frontend: Some(8108),
        die_service: Some(8106),
        database: false,
        usage_sink: None,
        batches: true,
        try_this: [
            Try {
                what: "Ten at once: ten spans that overlap, and no longer than the slowest",
                command: "curl '{page}/roll-async?die=fair&times=10'",
            },
            Try {
                what: "The sums: one after the other against at once",
                command: "cargo run --release -p traffic-gen -- compare --frontend-url={page}",
            },
            FAILED,
        ],
    },
    Stage {
        number: 5,
        new: "PostgreSQL behind die-service: a span for each query, a pool, and what they cost",
        dice_roller: 8110,
        frontend: Some(8111),
        die_service: Some(8109),
        database: true,
        usage_sink: None,
        batches: true,
        try_this: [
            Try {
                what: "The dice are rows: load one, and each of its rolls is a 6",
                command: "psql '{dice_db}' -c \"UPDATE dice SET faces = '{6}' WHERE identifier = 'fair'\" -c 'SELECT * FROM dice'",
            },
            Try {
                what: "Every roll ends in a query: its text and the database are on the span",
                command: "curl -sG {traces}/api/search --data-urlencode 'q={ name = \"SELECT dice\" }'",
            },
            Try {
                what: "Stop the database: 503 after a second's wait for it, and rolls again 3 s later",
                command: "{stop_database}; curl -i '{page}/roll?die=fair'",
            },
        ],
    },
    Stage {
        number: 6,
        new: "usage events: log lines that are routed by what they say, to usage-sink and a table",
        dice_roller: 8113,
        frontend: Some(8114),
        die_service: Some(8112),
        database: true,
        usage_sink: Some(8115),
        batches: true,
        try_this: [
            Try {
                what: "What people did, by type",
                command: "psql '{usage_db}' -c 'SELECT event_type, count(*) FROM usage_events GROUP BY 1 ORDER BY 1'",
            },
            Try {
                what: "Sign in on the page and roll: a moment later, rows with your name",
                command: "psql '{usage_db}' -c 'SELECT * FROM usage_events ORDER BY occurred_at DESC LIMIT 5'",
            },
            Try {
                what: "Stop usage-sink: rolls go on, events wait, and each arrives once it is back",
                command: "pkill -f 'stop-at-eof usage-sink'",
            },
        ],
    },
];

/// The one that runs when none is asked for.
pub(crate) const DEFAULT: u8 = 4;

impl Stage {
    /// The stage of that number, 1 to 6.
    pub(crate) fn numbered(number: u8) -> &'static Self {
        &STAGES[usize::from(number - 1)]
    }
}

/// For `--help`: what there is in each stage, and where.
pub(crate) fn table() -> String {
    let port = |port: Option<u16>| port.map_or("-".to_owned(), |port| port.to_string());
    let rows = STAGES.iter().map(|stage| {
        format!(
            "  {}      {:12} {:<12} {:9} {:11} {}",
            stage.number,
            port(stage.die_service),
            stage.dice_roller,
            port(stage.frontend),
            port(stage.usage_sink),
            if stage.database { "a free one" } else { "-" },
        )
    });
    let head = "Stages, and their ports where no flag says another:\n  \
                stage  die-service  dice-roller  frontend  usage-sink  PostgreSQL";
    [head.to_owned()]
        .into_iter()
        .chain(rows)
        .collect::<Vec<_>>()
        .join("\n")
}
