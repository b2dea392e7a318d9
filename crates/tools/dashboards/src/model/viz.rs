//! Grafana's kinds of panels, each with suitable options.

use serde_json::{Value, json};
use stages::Stage;

use super::colour::{BLUE, GREY};

/// In a narrower panel, a pie has no room for a table of shares beside it.
const NARROW: u32 = 9;

/// How a panel shows its data.
#[derive(Debug, Clone)]
pub(crate) enum Viz {
    /// Large numbers, with a history behind them if the query has one.
    Stat,
    /// A dial from the field's minimum to its maximum.
    Gauge,
    /// Horizontal bars.
    BarGauge,
    /// Lines over time.
    Lines,
    /// Stacked bars over time, for counts of events.
    Columns,
    /// Stacked bars, one for each row of a table, named by this column.
    BarChart(&'static str),
    /// Counts of events over time, by bucket.
    Heatmap,
    /// Shares of a whole.
    Pie,
    Table,
    /// One bar for each series, coloured by its value over time.
    StateTimeline,
    /// The same without a legend, for states that the description explains.
    BareTimeline,
    /// The alerts that fire now, from Prometheus' rules. It has no query.
    AlertList,
    Logs,
    NodeGraph,
    /// The waterfall of one trace.
    Trace,
    /// Markdown, which can depend on the stage.
    Text(fn(Stage) -> String),
}

/// Properties of a panel that its options depend on.
pub(crate) struct Shape<'a> {
    /// Whether the data has no history.
    pub(crate) instant: bool,
    /// The unit of the values.
    pub(crate) unit: Option<&'a str>,
    /// The width in grid columns.
    pub(crate) width: u32,
    /// Whether the legend has room for the last value of each series.
    pub(crate) figures: bool,
    pub(crate) stage: Stage,
}

impl Viz {
    /// Grafana's id of the kind.
    pub(crate) fn id(&self) -> &'static str {
        match self {
            Self::Stat => "stat",
            Self::Gauge => "gauge",
            Self::BarGauge => "bargauge",
            Self::Lines | Self::Columns => "timeseries",
            Self::BarChart(_) => "barchart",
            Self::Heatmap => "heatmap",
            Self::Pie => "piechart",
            Self::Table => "table",
            Self::StateTimeline | Self::BareTimeline => "state-timeline",
            Self::AlertList => "alertlist",
            Self::Logs => "logs",
            Self::NodeGraph => "nodeGraph",
            Self::Trace => "traces",
            Self::Text(_) => "text",
        }
    }

    /// The default source of colours, unless an override applies.
    pub(crate) fn colour(&self) -> Value {
        let fixed = |colour: &str| json!({ "mode": "fixed", "fixedColor": colour });
        match self {
            Self::Lines | Self::Columns | Self::BarChart(_) | Self::Pie => fixed(BLUE),
            // Colours by threshold would show threshold numbers instead of the texts for values.
            Self::StateTimeline | Self::BareTimeline => fixed(GREY),
            _ => json!({ "mode": "thresholds" }),
        }
    }

    /// Whether it has a value axis.
    pub(crate) fn is_graph(&self) -> bool {
        matches!(self, Self::Lines | Self::Columns)
    }

    /// The field settings specific to this kind.
    pub(crate) fn custom(&self) -> Value {
        match self {
            Self::Lines => json!({
                "drawStyle": "line",
                "lineInterpolation": "linear",
                "lineWidth": 2,
                "fillOpacity": 10,
                "showPoints": "never",
                "spanNulls": false,
            }),
            Self::Columns => json!({
                "drawStyle": "bars",
                "barAlignment": 1,
                "lineWidth": 0,
                "fillOpacity": 80,
                "showPoints": "never",
                "stacking": { "mode": "normal", "group": "A" },
            }),
            Self::BarChart(_) => json!({ "lineWidth": 0, "fillOpacity": 80, "axisSoftMin": 0 }),
            Self::Table => json!({ "align": "left", "filterable": true }),
            Self::StateTimeline | Self::BareTimeline => {
                json!({ "fillOpacity": 80, "lineWidth": 0 })
            }
            _ => json!({}),
        }
    }

    /// The panel options.
    pub(crate) fn options(&self, shape: &Shape<'_>) -> Value {
        match self {
            Self::Stat => stat(shape.instant),
            Self::Gauge => json!({
                "reduceOptions": last(),
                "showThresholdMarkers": true,
                "showThresholdLabels": false,
            }),
            Self::BarGauge => json!({
                "reduceOptions": last(),
                "orientation": "horizontal",
                "displayMode": "gradient",
                "valueMode": "color",
                "namePlacement": "left",
                "showUnfilled": true,
                "sizing": "auto",
            }),
            Self::Lines | Self::Columns => lines(shape.figures),
            Self::BarChart(names) => json!({
                "xField": names,
                "orientation": "horizontal",
                "stacking": "normal",
                "showValue": "never",
                "groupWidth": 0.7,
                "barWidth": 0.9,
                "legend": { "showLegend": true, "displayMode": "list", "placement": "bottom", "calcs": [] },
                "tooltip": { "mode": "multi", "sort": "none" },
            }),
            Self::Heatmap => heatmap(shape.unit),
            Self::Pie => pie(shape.width < NARROW),
            Self::Table => json!({ "showHeader": true, "cellHeight": "sm" }),
            Self::StateTimeline => timeline(true),
            Self::BareTimeline => timeline(false),
            Self::AlertList => alert_list(),
            Self::Logs => logs(),
            Self::NodeGraph => json!({
                "layoutAlgorithm": "layered",
                "zoomMode": "cooperative",
                "nodes": { "mainStatUnit": "ms", "secondaryStatUnit": "r/sec" },
                "edges": { "mainStatUnit": "ms", "secondaryStatUnit": "r/sec" },
            }),
            Self::Trace => json!({}),
            Self::Text(content) => json!({ "mode": "markdown", "content": content(shape.stage) }),
        }
    }
}

/// The last value of each series.
fn last() -> Value {
    json!({ "calcs": ["lastNotNull"], "fields": "", "values": false })
}

fn stat(instant: bool) -> Value {
    json!({
        "reduceOptions": last(),
        "orientation": "auto",
        "textMode": "auto",
        "colorMode": "value",
        "graphMode": if instant { "none" } else { "area" },
        "justifyMode": "auto",
        "wideLayout": true,
    })
}

fn timeline(legend: bool) -> Value {
    let mode = if legend { "list" } else { "hidden" };
    json!({
        "mergeValues": true,
        "showValue": "never",
        "rowHeight": 0.8,
        "legend": { "showLegend": legend, "displayMode": mode, "placement": "bottom" },
        "tooltip": { "mode": "single", "sort": "none" },
    })
}

/// The legend is a list: a table would show only three rows within a panel's height.
fn lines(figures: bool) -> Value {
    let figures = if figures { vec!["lastNotNull"] } else { vec![] };
    json!({
        "legend": {
            "showLegend": true,
            "displayMode": "list",
            "placement": "bottom",
            "calcs": figures,
        },
        "tooltip": { "mode": "multi", "sort": "desc" },
    })
}

fn heatmap(unit: Option<&str>) -> Value {
    json!({
        "calculate": false,
        "cellGap": 1,
        "cellValues": { "decimals": 0 },
        "color": {
            "mode": "scheme",
            "scheme": "Oranges",
            "fill": "dark-orange",
            "exponent": 0.5,
            "reverse": false,
            "steps": 64,
        },
        "exemplars": { "color": "rgba(255,0,255,0.7)" },
        "filterValues": { "le": 1e-9 },
        "legend": { "show": true },
        "rowsFrame": { "layout": "auto" },
        "showValue": "never",
        "tooltip": { "mode": "single", "yHistogram": true, "showColorScale": false },
        "yAxis": { "axisPlacement": "left", "reverse": false, "unit": unit },
    })
}

fn pie(narrow: bool) -> Value {
    let (mode, placement, values) = match narrow {
        true => ("list", "bottom", vec!["percent"]),
        false => ("table", "right", vec!["value", "percent"]),
    };
    json!({
        "reduceOptions": last(),
        "pieType": "donut",
        "displayLabels": [],
        "legend": {
            "showLegend": true,
            "displayMode": mode,
            "placement": placement,
            "values": values,
        },
        "tooltip": { "mode": "single", "sort": "none" },
    })
}

/// The datasource is a name here, and severity "none" is the watchdog's.
fn alert_list() -> Value {
    json!({
        "viewMode": "list",
        "datasource": "Prometheus",
        "alertName": "",
        "alertInstanceLabelFilter": r#"{severity=~"page|ticket"}"#,
        "stateFilter": {
            "firing": true,
            "pending": true,
            "recovering": true,
            "noData": false,
            "normal": false,
            "error": true,
        },
        "dashboardAlerts": false,
        "groupMode": "default",
        "groupBy": [],
        "maxItems": 20,
        "showInactiveAlerts": false,
        "sortOrder": 3,
    })
}

fn logs() -> Value {
    json!({
        "dedupStrategy": "none",
        "enableLogDetails": true,
        "prettifyLogMessage": false,
        "showCommonLabels": false,
        "showLabels": false,
        "showLogContextToggle": true,
        "showTime": true,
        "sortOrder": "Descending",
        "wrapLogMessage": true,
    })
}
