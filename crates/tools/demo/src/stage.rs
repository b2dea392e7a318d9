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

/// What to do and what there is to see; docs/stages.md says the same, with more words. `{page}`, `{roller}`, `{dice}`, `{traces}`, `{dice_db}`
/// and `{usage_db}` stand for the URLs of this run, `{stop_database}` for how that is done.
#[derive(Debug)]
pub(crate) struct Try {
    pub(crate) what: &'static str,
    pub(crate) command: &'static str,
}

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
                what: "A roll moves a counter",
                command: "curl '{roller}/roll?die=fair'; curl -s {roller}/metrics | grep ^dice_rolls",
            },
            Try {
                what: "Half of the rolls of extreme fail, on purpose",
                command: "for i in 1 2 3 4 5 6 7 8 9 10; do curl -s '{roller}/roll?die=extreme'; echo; done",
            },
            Try {
                what: "The traces of those failures have two spans each",
                command: "curl -sG {traces}/api/search --data-urlencode 'q={ span.die.error = true }'",
            },
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
                what: "Roll on the page: one trace, with two spans of each of the two services",
                command: "xdg-open {page}",
            },
            Try {
                what: "Bring your own trace id: the answer has it",
                command: "curl -H 'traceparent: 00-0123456789abcdef0123456789abcdef-0123456789abcdef-01' '{page}/roll?die=fair'",
            },
            Try {
                what: "Stop dice-roller and roll: 503 until it is back",
                command: "pkill -f 'stop-at-eof dice-roller'; curl -i '{page}/roll?die=fair'",
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
                what: "Roll: seven spans across three services, and most of the time is in one of them",
                command: "curl '{page}/roll?die=fair'",
            },
            Try {
                what: "Stop die-service: 503 at once, until it is back",
                command: "pkill -f 'stop-at-eof die-service'; curl -i '{page}/roll?die=fair'",
            },
            Try {
                what: "A die that does not exist: 404 at every hop, and no red span",
                command: "curl -i '{page}/roll?die=golden'",
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
                what: "Follow one roll: its trace has seven spans across three services",
                command: "curl '{page}/roll?die=fair'; echo; echo 'then: curl {traces}/api/traces/TRACE_ID'",
            },
            Try {
                what: "See concurrency: ten rolls at once take as long as the slowest",
                command: "curl '{page}/roll-async?die=fair&times=10'; cargo run --release -p traffic-gen -- compare --frontend-url={page}",
            },
            Try {
                what: "Break something: stop die-service, and rolls answer 503 until it is back",
                command: "pkill -f 'stop-at-eof die-service'; curl -i '{page}/roll?die=fair'",
            },
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
                what: "Every roll ends in a query: SELECT dice, with its statement and its rows",
                command: "curl -sG {traces}/api/search --data-urlencode 'q={ name = \"SELECT dice\" }'",
            },
            Try {
                what: "Stop PostgreSQL: 503, and rolls again once it is back",
                command: "{stop_database}; curl -i '{page}/roll?die=fair'",
            },
            Try {
                what: "Add a die: reload the page, and it can be rolled",
                command: "psql '{dice_db}' -c \"INSERT INTO dice VALUES ('golden', '{8}', 0)\" -c 'SELECT * FROM dice'",
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
                what: "Sign in on the page and roll: a moment later, rows with your name",
                command: "psql '{usage_db}' -c 'SELECT * FROM usage_events ORDER BY occurred_at DESC LIMIT 5'",
            },
            Try {
                what: "What people did, by type: usage lines are rows",
                command: "psql '{usage_db}' -c 'SELECT event_type, count(*) FROM usage_events GROUP BY 1 ORDER BY 1'",
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

#[cfg(test)]
mod tests {
    use super::*;

    const README: &str = include_str!("../../../../README.md");
    const STAGES_PAGE: &str = include_str!("../../../../docs/stages.md");

    /// The numbered items of the list below `head`, without code marks.
    fn items(page: &str, head: &str) -> Vec<String> {
        let (_, list) = page.split_once(&format!("\n{head}\n")).expect("a list");
        let items = list.trim_start().lines();
        let items = items.take_while(|line| !line.is_empty());
        let items = items.filter(|line| line.starts_with(|c: char| c.is_ascii_digit()));
        items.map(|line| line.replace('`', "")).collect()
    }

    fn same_three_things(items: &[String], stage: &Stage) {
        assert_eq!(items.len(), 3, "stage {}: {items:#?}", stage.number);
        for (number, (item, it)) in items.iter().zip(&stage.try_this).enumerate() {
            let start = format!("{}. **{}.**", number + 1, it.what);
            assert!(item.starts_with(&start), "{start:?}, not {item:?}");
        }
    }

    #[test]
    fn the_readme_has_the_same_three_things_to_try() {
        let stage = STAGES.iter().find(|stage| stage.number == DEFAULT);
        let items = items(README, "Three things to try, with what they show:");
        same_three_things(&items, stage.expect("the default stage"));
    }

    #[test]
    fn the_page_of_stages_has_the_same_three_things_to_try() {
        for stage in &STAGES {
            let items = items(STAGES_PAGE, &format!("**Stage {}**", stage.number));
            same_three_things(&items, stage);
        }
    }
}
