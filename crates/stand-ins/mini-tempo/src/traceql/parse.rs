//! A recursive descent parser: filter > or > and > group or comparison > field, operator, literal.

use super::{Comparison, Error, Field, Filter, Literal, Operator};
use super::{duration, quoted};
use crate::{Kind, Status};

/// Maximum nesting of parentheses: far more than queries use, far less than the stack allows.
const MAX_DEPTH: usize = 32;

/// Parses a query.
///
/// # Errors
/// [`Error`] with the invalid or unsupported part and its position.
pub(crate) fn parse(query: &str) -> Result<Filter, Error> {
    let mut parser = Parser {
        query,
        rest: query,
        depth: 0,
    };
    if parser.sees("(") {
        return Err(parser.unsupported("groups of spansets"));
    }
    parser.expect("{")?;
    let filter = if parser.sees("}") {
        Filter::And(Vec::new())
    } else {
        parser.or()?
    };
    parser.expect("}")?;
    parser.end()?;
    Ok(filter)
}

struct Parser<'a> {
    query: &'a str,
    rest: &'a str,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn or(&mut self) -> Result<Filter, Error> {
        let mut parts = vec![self.and()?];
        while self.takes("||") {
            parts.push(self.and()?);
        }
        Ok(Filter::Or(parts))
    }

    fn and(&mut self) -> Result<Filter, Error> {
        let mut parts = vec![self.operand()?];
        while self.takes("&&") {
            parts.push(self.operand()?);
        }
        Ok(Filter::And(parts))
    }

    fn operand(&mut self) -> Result<Filter, Error> {
        if self.sees("!") {
            return Err(self.unsupported("negation"));
        }
        if !self.takes("(") {
            return self.comparison().map(Filter::Compare);
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.unsupported("parentheses nested so deep"));
        }
        let inner = self.or()?;
        self.expect(")")?;
        self.depth -= 1;
        Ok(inner)
    }

    fn comparison(&mut self) -> Result<Comparison, Error> {
        let position = self.position();
        let text = self.rest;
        let field = self.field()?;
        let operator = self.operator()?;
        let literal = self.literal()?;
        if field.can_compare(operator, &literal) {
            Ok(Comparison {
                field,
                operator,
                literal,
            })
        } else {
            let text = &text[..text.len() - self.rest.len()];
            let problem = format!("a comparison that can never hold, `{}`,", text.trim());
            Err(Error::Invalid { problem, position })
        }
    }

    fn field(&mut self) -> Result<Field, Error> {
        let word = self.word();
        if word.is_empty() {
            return Err(self
                .invalid("expected an attribute or intrinsic such as span.die.type or duration"));
        }
        match Field::parse(word) {
            Some(_) if word.contains('"') => Err(self.unsupported("quoted attribute names")),
            Some(field) => {
                self.skip(word.len());
                Ok(field)
            }
            None if word.starts_with(['"', '`', '-'])
                || word.starts_with(|c: char| c.is_ascii_digit()) =>
            {
                Err(self.unsupported("a literal on the left side of a comparison"))
            }
            None => Err(self.unsupported(&format!("`{word}`"))),
        }
    }

    fn operator(&mut self) -> Result<Operator, Error> {
        const OPERATORS: [(&str, Operator); 6] = [
            ("!=", Operator::NotEqual),
            (">=", Operator::GreaterOrEqual),
            ("<=", Operator::LessOrEqual),
            ("=", Operator::Equal),
            (">", Operator::Greater),
            ("<", Operator::Less),
        ];
        if self.sees("=~") || self.sees("!~") {
            return Err(self.unsupported("regular expressions (=~ and !~)"));
        }
        match OPERATORS.into_iter().find(|(text, _)| self.takes(text)) {
            Some((_, operator)) => Ok(operator),
            None if self.sees("&&") || self.sees("||") || self.sees(")") || self.sees("}") => {
                Err(self.unsupported("an attribute without a comparison"))
            }
            None if self
                .rest
                .trim_start()
                .starts_with(['+', '-', '*', '/', '%', '^']) =>
            {
                Err(self.unsupported("arithmetic"))
            }
            None => Err(self.invalid("expected a comparison operator")),
        }
    }

    fn literal(&mut self) -> Result<Literal, Error> {
        let word = self.word();
        if self.rest.starts_with('"') {
            let text = quoted::take(self.rest);
            let (text, length) =
                text.ok_or_else(|| self.invalid("unterminated or invalid string"))?;
            self.skip(length);
            return Ok(Literal::Text(text));
        }
        if let Some(raw) = self.rest.strip_prefix('`') {
            let (text, _) = raw
                .split_once('`')
                .ok_or_else(|| self.invalid("unterminated string"))?;
            self.skip(text.len() + 2);
            return Ok(Literal::Text(text.to_owned()));
        }
        let literal = match word {
            "" => return Err(self.invalid("expected a value")),
            word if word.starts_with('-') || word.starts_with(|c: char| c.is_ascii_digit()) => {
                number(word)
            }
            word => keyword(word),
        };
        let literal = literal.ok_or_else(|| match Field::parse(word) {
            Some(_) => self.unsupported("comparing two attributes"),
            None => self.invalid(&format!("`{word}` is not a value (text needs quotes)")),
        })?;
        self.skip(word.len());
        Ok(literal)
    }

    /// Checks that nothing follows the filter.
    fn end(&mut self) -> Result<(), Error> {
        let what = match self.rest.trim_start() {
            "" => return Ok(()),
            rest if rest.starts_with("||") || rest.starts_with("&&") => {
                "operators between spansets (&& and ||)"
            }
            rest if rest.starts_with('|') => "pipelines (|)",
            rest if rest.starts_with("with") => "hints (with)",
            rest if rest.starts_with(['>', '<', '~', '!', '&']) => "structural operators",
            _ => return Err(self.invalid("expected the end of the query")),
        };
        Err(self.unsupported(what))
    }

    /// The next run of characters that TraceQL allows in an attribute, without consuming it.
    fn word(&mut self) -> &'a str {
        self.rest = self.rest.trim_start();
        let ends = |c: char| c.is_whitespace() || "{}()=~!<>&|^,".contains(c);
        let end = self.rest.find(ends).unwrap_or(self.rest.len());
        &self.rest[..end]
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
    }

    fn sees(&self, symbol: &str) -> bool {
        self.rest.trim_start().starts_with(symbol)
    }

    fn takes(&mut self, symbol: &str) -> bool {
        let rest = self.rest.trim_start().strip_prefix(symbol);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, symbol: &str) -> Result<(), Error> {
        if self.takes(symbol) {
            return Ok(());
        }
        Err(self.invalid(&format!("expected `{symbol}`")))
    }

    fn position(&self) -> usize {
        let taken = self.query.len() - self.rest.trim_start().len();
        self.query[..taken].chars().count() + 1
    }

    fn invalid(&self, problem: &str) -> Error {
        Error::Invalid {
            problem: problem.to_owned(),
            position: self.position(),
        }
    }

    fn unsupported(&self, what: &str) -> Error {
        Error::Unsupported {
            what: what.to_owned(),
            position: self.position(),
        }
    }
}

/// An integer, a float or a duration, with or without a minus.
fn number(word: &str) -> Option<Literal> {
    if let Ok(int) = word.parse() {
        return Some(Literal::Int(int));
    }
    if let Ok(float) = word.parse() {
        return Some(Literal::Float(float));
    }
    let (length, sign) = match word.strip_prefix('-') {
        Some(length) => (length, -1),
        None => (word, 1),
    };
    let nanos = i64::try_from(duration::parse(length)?).ok()?;
    Some(Literal::Int(sign * nanos))
}

fn keyword(word: &str) -> Option<Literal> {
    match word {
        "true" => Some(Literal::Bool(true)),
        "false" => Some(Literal::Bool(false)),
        "nil" => Some(Literal::Nil),
        _ => Status::from_keyword(word)
            .map(Literal::Status)
            .or_else(|| Kind::from_keyword(word).map(Literal::Kind)),
    }
}
