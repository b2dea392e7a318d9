//! Usage by user: the events in PostgreSQL, one row each.

use serde_json::json;
use stages::Stage;

use super::traces::open_trace;
use crate::model::colour::{BLUE, Palette};
use crate::model::layout::{Line, Row};
use crate::model::panel::Panel;
use crate::model::sql::{over_time, table};
use crate::model::unit;
use crate::model::viz::Viz;

pub(crate) fn row() -> Row {
    let figures = [
        in_range().wide(6),
        by_type().wide(9),
        active_sessions().wide(9),
    ];
    let details = [dice_by_user().wide(9), newest().wide(15)];
    Row::new(
        "Usage Events",
        [
            Line::new(8, figures.map(|panel| panel.since(Stage::Six))),
            Line::new(9, details.map(|panel| panel.since(Stage::Six))),
        ],
    )
}

fn in_range() -> Panel {
    Panel::new(
        Viz::Stat,
        "Usage in Range",
        "Events within the time range, the browsers they came from, and the names given at \
         sign-in. These figures are exact, unlike those of a scraped counter, because each event \
         is a row.",
    )
    .target(table(
        "SELECT count(*) AS events,\n\
         \x20 count(DISTINCT session_id) AS sessions,\n\
         \x20 count(DISTINCT username) FILTER (WHERE username <> 'guest') AS users\n\
         FROM usage_events\n\
         WHERE $__timeFilter(occurred_at)",
    ))
    .unit(unit::COUNT)
    .decimals(0)
    .thresholds(BLUE, &[])
}

fn by_type() -> Panel {
    Panel::new(
        Viz::Columns,
        "Usage Events by Type",
        "Users' actions in each finished step of the graph. A batch is one event, whatever its \
         size. Events are written when a request is accepted, so a failed roll counts too.",
    )
    .target(over_time(
        "SELECT $__timeGroupAlias(occurred_at,$__interval),\n\
         \x20 event_type AS metric,\n\
         \x20 count(*) AS value\n\
         FROM usage_events\n\
         WHERE $__timeFilter(occurred_at) AND extract(epoch FROM occurred_at) < $__timeGroup(current_timestamp,$__interval)\n\
         GROUP BY 1, 2\n\
         ORDER BY 1",
    ))
    .unit(unit::COUNT)
    .palette(Palette::Usage)
    .interval("1m")
}

fn active_sessions() -> Panel {
    Panel::new(
        Viz::Columns,
        "Active Sessions",
        "Browsers that sent requests in each finished step of the graph. A session that signs in \
         within a step counts as guest and as signed in, so the two do not add up.",
    )
    .target(over_time(
        "SELECT $__timeGroupAlias(occurred_at,$__interval),\n\
         \x20 count(DISTINCT session_id) FILTER (WHERE username = 'guest') AS guests,\n\
         \x20 count(DISTINCT session_id) FILTER (WHERE username <> 'guest') AS \"signed in\"\n\
         FROM usage_events\n\
         WHERE $__timeFilter(occurred_at) AND extract(epoch FROM occurred_at) < $__timeGroup(current_timestamp,$__interval)\n\
         GROUP BY 1\n\
         ORDER BY 1",
    ))
    .unit(unit::COUNT)
    .palette(Palette::Usage)
    .interval("1m")
}

fn dice_by_user() -> Panel {
    Panel::new(
        Viz::BarChart("username"),
        "Dice by User",
        "Dice requested by the ten most active users. User names are not metric labels, because \
         each name would create a series that never ends; as a table column they cost nothing.",
    )
    .target(table(
        "SELECT username,\n\
         \x20 coalesce(sum(rolls) FILTER (WHERE die_type = 'fair'), 0) AS fair,\n\
         \x20 coalesce(sum(rolls) FILTER (WHERE die_type = 'risky'), 0) AS risky,\n\
         \x20 coalesce(sum(rolls) FILTER (WHERE die_type = 'extreme'), 0) AS extreme,\n\
         \x20 coalesce(sum(rolls) FILTER (WHERE die_type = 'unknown'), 0) AS unknown\n\
         FROM usage_events\n\
         WHERE $__timeFilter(occurred_at) AND rolls > 0\n\
         GROUP BY username\n\
         ORDER BY sum(rolls) DESC\n\
         LIMIT 10",
    ))
    .unit(unit::COUNT)
    .decimals(0)
    .field("username", &json!([{ "id": "unit", "value": unit::TEXT }]))
    .palette(Palette::Dice)
}

fn newest() -> Panel {
    Panel::new(
        Viz::Table,
        "Newest Usage Events",
        "The last fifty events, as stored. Each row has the trace id of its request; click it to \
         see what the request did.",
    )
    .target(table(
        "SELECT occurred_at AS \"Time\",\n\
         \x20 event_type AS \"Event\",\n\
         \x20 username AS \"User\",\n\
         \x20 die_type AS \"Die\",\n\
         \x20 rolls AS \"Dice\",\n\
         \x20 trace_id AS \"Trace\"\n\
         FROM usage_events\n\
         WHERE $__timeFilter(occurred_at)\n\
         ORDER BY occurred_at DESC\n\
         LIMIT 50",
    ))
    .unit(unit::TEXT)
    .field(
        "Trace",
        &json!([{ "id": "links", "value": open_trace("${__value.raw}") }]),
    )
    .field(
        "Time",
        &json!([{ "id": "unit", "value": unit::CLOCK }, { "id": "custom.width", "value": 140 }]),
    )
    .field("Event", &json!([{ "id": "custom.width", "value": 100 }]))
    .field("Die", &json!([{ "id": "custom.width", "value": 80 }]))
    .field(
        "Dice",
        &json!([{ "id": "unit", "value": unit::COUNT }, { "id": "custom.width", "value": 70 }]),
    )
}
