//! Ways through a PromQL expression.

use promql_parser::parser::{Expr, VectorSelector};

/// The expressions directly inside of `expr`, from left to right.
pub(crate) fn children(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Aggregate(aggregate) => vec![&aggregate.expr],
        Expr::Unary(unary) => vec![&unary.expr],
        Expr::Binary(binary) => vec![&binary.lhs, &binary.rhs],
        Expr::Paren(paren) => vec![&paren.expr],
        Expr::Subquery(subquery) => vec![&subquery.expr],
        Expr::Call(call) => call.args.args.iter().map(|argument| &**argument).collect(),
        Expr::VectorSelector(_)
        | Expr::MatrixSelector(_)
        | Expr::NumberLiteral(_)
        | Expr::StringLiteral(_)
        | Expr::Extension(_) => Vec::new(),
    }
}

/// Whether `holds` of `expr` or of anything inside of it.
pub(crate) fn any(expr: &Expr, holds: &impl Fn(&Expr) -> bool) -> bool {
    holds(expr) || children(expr).into_iter().any(|child| any(child, holds))
}

/// Every selector of series, from left to right.
pub(crate) fn selectors(expr: &Expr) -> Vec<&VectorSelector> {
    match expr {
        Expr::VectorSelector(selector) => vec![selector],
        Expr::MatrixSelector(matrix) => vec![&matrix.vs],
        other => children(other).into_iter().flat_map(selectors).collect(),
    }
}
