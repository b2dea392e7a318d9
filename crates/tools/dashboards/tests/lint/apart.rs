//! What two programs count of the same thing, compared: they are scraped at different moments, and
//! `increase()` extrapolates, so that the difference is never 0 while anything happens.

use std::collections::BTreeSet;

use promql_parser::parser::token::{T_MUL, T_SUB};
use promql_parser::parser::{BinaryExpr, Expr, parse};

use crate::report::Report;
use crate::support::board::Board;
use crate::support::interpolate::Values;
use crate::tree::{any, children, selectors};

pub(crate) fn check(board: &Board, report: &mut Report) {
    let values = Values::an_hour(board.variables());
    let queries = board.promql().into_iter();
    for query in queries.filter(|query| query.expr.contains(" - ")) {
        let place = format!("{}: {}", board.file, query.place);
        // Another rule says what does not parse.
        let exact = parse(&values.fill(&query.expr)).is_ok_and(|expr| is_exact(&expr));
        let problem = "shows the difference of two programs' counters without a tolerance";
        report.require(!exact, "apart-tolerance", place, problem);
    }
}

/// Whether a difference of two programs' counters is shown as it is. `x * (x > bool y)` tolerates `y`.
fn is_exact(expr: &Expr) -> bool {
    match expr {
        Expr::Binary(binary) if tolerates(binary) => false,
        Expr::Binary(binary) if is_between_programs(binary) => true,
        other => children(other).into_iter().any(is_exact),
    }
}

fn tolerates(binary: &BinaryExpr) -> bool {
    let is_bool = |expr: &Expr| matches!(expr, Expr::Binary(b) if b.return_bool());
    binary.op.id() == T_MUL && (any(&binary.lhs, &is_bool) || any(&binary.rhs, &is_bool))
}

fn is_between_programs(binary: &BinaryExpr) -> bool {
    let (left, right) = (jobs(&binary.lhs), jobs(&binary.rhs));
    let counted = |expr: &Expr| matches!(expr, Expr::Call(call) if call.func.name == "increase");
    let both = any(&binary.lhs, &counted) && any(&binary.rhs, &counted);
    binary.op.id() == T_SUB && both && left != right
}

/// The jobs that an expression asks for.
fn jobs(expr: &Expr) -> BTreeSet<String> {
    let selectors = selectors(expr).into_iter();
    let matchers = selectors.flat_map(|selector| &selector.matchers.matchers);
    let jobs = matchers.filter(|matcher| matcher.name == "job");
    jobs.map(ToString::to_string).collect()
}
