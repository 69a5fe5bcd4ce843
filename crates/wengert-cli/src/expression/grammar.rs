//! The grammar: one function per level of precedence, lowest first.
//!
//! ```text
//! program    = { "let" name "=" expression ";" } expression
//! expression = "if" expression "then" expression "else" expression | or
//! or         = and { "or" and }
//! and        = not { "and" not }
//! not        = "not" not | comparison
//! comparison = sum [ ("<" | "<=" | ">" | ">=" | "==" | "!=") sum ]
//! sum        = product { ("+" | "-") product }
//! product    = signed { ("*" | "/") signed }
//! signed     = "-" signed | power
//! power      = atom [ "^" exponent ]
//! exponent   = "-" exponent | power
//! atom       = number | name | name "(" expression { "," expression } ")" | "(" expression ")"
//! ```
//!
//! Conditions and numbers share one grammar, so that `(a > b)` and `(a + b) > c` need no second look; which is which
//! is checked when names are resolved.

use super::fault::{Fault, Problem, Span};
use super::names;
use super::syntax::{Arithmetic, Comparison, Id, Node, Term, Tree};
use super::token::{Symbol, Token, Word, tokens};
use std::collections::HashMap;
use winnow::Parser;
use winnow::combinator::{alt, opt};
use winnow::stream::{Stateful, Stream, TokenSlice};
use winnow::token::any;

/// How deep parentheses, powers, signs and conditions may nest: far beyond what one writes, and well within the stack.
const DEEPEST: usize = 256;

type Input<'t, 's> = Stateful<TokenSlice<'t, Token<'s>>, Builder<'s>>;
type Parsed<O> = Result<O, Fault>;

/// What the parser has built so far.
#[derive(Debug, Default)]
struct Builder<'s> {
    tree: Tree<'s>,
    bound: HashMap<&'s str, Id>,
    depth: usize,
}

impl<'s> Builder<'s> {
    fn push(&mut self, term: Term<'s>, span: Span) -> Id {
        self.tree.nodes.push(Node { term, span });
        self.tree.nodes.len() - 1
    }

    /// A node of two operands, from the start of the first to the end of the second.
    fn join(&mut self, a: Id, b: Id, term: impl FnOnce(Id, Id) -> Term<'s>) -> Id {
        let span = self.tree.span(a).to(self.tree.span(b));
        self.push(term(a, b), span)
    }

    /// A node of one operand behind its sign or keyword.
    fn prefix(&mut self, sign: Span, a: Id, term: impl FnOnce(Id) -> Term<'s>) -> Id {
        let span = sign.to(self.tree.span(a));
        self.push(term(a), span)
    }
}

/// Parses a whole expression.
pub(super) fn parse(source: &str) -> Result<Tree<'_>, Problem> {
    let tokens = tokens(source)?;
    let mut input = Stateful { input: TokenSlice::new(&tokens), state: Builder::default() };
    let result = program(&mut input).map_err(|fault| fault.into_problem(|| unexpected(&input)))?;
    Ok(Tree { result, ..input.state.tree })
}

/// Parses `name = expression` pairs between commas: the names, their places, and the nodes of their expressions.
pub(super) fn parse_assignments(source: &str) -> Result<(Tree<'_>, Vec<Assignment<'_>>), Problem> {
    let tokens = tokens(source)?;
    let mut input = Stateful { input: TokenSlice::new(&tokens), state: Builder::default() };
    let pairs = assignments(&mut input).map_err(|fault| fault.into_problem(|| unexpected(&input)))?;
    Ok((input.state.tree, pairs))
}

/// `name = expression`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Assignment<'s> {
    pub(super) name: &'s str,
    pub(super) span: Span,
    pub(super) value: Id,
}

fn assignments<'s>(input: &mut Input<'_, 's>) -> Parsed<Vec<Assignment<'s>>> {
    let mut pairs = Vec::new();
    loop {
        let (name, span) = name.parse_next(input).map_err(|_| wanted(input, "a name, as in x=1"))?;
        expect(input, Symbol::Assign, "a value for it, as in x=1")?;
        pairs.push(Assignment { name, span, value: expression(input)? });
        if symbol(Symbol::Comma).parse_next(input).is_err() {
            break;
        }
    }
    end(input)?;
    Ok(pairs)
}

fn program(input: &mut Input<'_, '_>) -> Parsed<Id> {
    while opt(symbol(Symbol::Let)).parse_next(input)?.is_some() {
        binding(input)?;
    }
    let result = expression(input)?;
    end(input)?;
    Ok(result)
}

fn binding(input: &mut Input<'_, '_>) -> Parsed<()> {
    let (name, span) = name.parse_next(input).map_err(|_| wanted(input, "a name after `let`"))?;
    names::check_free(name, span)?;
    expect(input, Symbol::Assign, "`=` and what the name stands for")?;
    let value = expression(input)?;
    let what = "an operator, or `;` to end the `let`";
    expect(input, Symbol::Semicolon, what)?;
    input.state.bound.insert(name, value);
    Ok(())
}

fn expression(input: &mut Input<'_, '_>) -> Parsed<Id> {
    nested(input, |input| match opt(symbol(Symbol::If)).parse_next(input)? {
        Some(keyword) => conditional(input, keyword),
        None => or(input),
    })
}

fn conditional(input: &mut Input<'_, '_>, keyword: Span) -> Parsed<Id> {
    let condition = expression(input)?;
    expect(input, Symbol::Then, "`then`, as in if a > b then a else b")?;
    let chosen = expression(input)?;
    expect(input, Symbol::Else, "`else`: both values of an `if` are needed")?;
    let other = expression(input)?;
    Ok(input.state.prefix(keyword, other, |other| Term::If(condition, chosen, other)))
}

fn or(input: &mut Input<'_, '_>) -> Parsed<Id> {
    let mut left = and(input)?;
    while opt(symbol(Symbol::Or)).parse_next(input)?.is_some() {
        let right = and(input)?;
        left = input.state.join(left, right, Term::Or);
    }
    Ok(left)
}

fn and(input: &mut Input<'_, '_>) -> Parsed<Id> {
    let mut left = not(input)?;
    while opt(symbol(Symbol::And)).parse_next(input)?.is_some() {
        let right = not(input)?;
        left = input.state.join(left, right, Term::And);
    }
    Ok(left)
}

fn not(input: &mut Input<'_, '_>) -> Parsed<Id> {
    let Some(keyword) = opt(symbol(Symbol::Not)).parse_next(input)? else {
        return comparison(input);
    };
    let operand = nested(input, not)?;
    Ok(input.state.prefix(keyword, operand, Term::Not))
}

fn comparison(input: &mut Input<'_, '_>) -> Parsed<Id> {
    let left = sum(input)?;
    let Some((operator, _)) = opt(comparison_sign).parse_next(input)? else {
        return Ok(left);
    };
    let right = sum(input)?;
    if let Some((_, span)) = opt(comparison_sign).parse_next(input)? {
        return Err(Problem::new(span, "comparisons cannot be chained")
            .label("a second comparison")
            .help("write a < b and b < c")
            .into());
    }
    Ok(input.state.join(left, right, |a, b| Term::Compare(operator, a, b)))
}

fn comparison_sign(input: &mut Input<'_, '_>) -> Parsed<(Comparison, Span)> {
    alt((
        symbol(Symbol::Less).map(|span| (Comparison::Less, span)),
        symbol(Symbol::LessEqual).map(|span| (Comparison::LessEqual, span)),
        symbol(Symbol::Greater).map(|span| (Comparison::Greater, span)),
        symbol(Symbol::GreaterEqual).map(|span| (Comparison::GreaterEqual, span)),
        symbol(Symbol::Equal).map(|span| (Comparison::Equal, span)),
        symbol(Symbol::NotEqual).map(|span| (Comparison::NotEqual, span)),
    ))
    .parse_next(input)
}

fn sum(input: &mut Input<'_, '_>) -> Parsed<Id> {
    let mut left = product(input)?;
    loop {
        let plus = symbol(Symbol::Plus).value(Arithmetic::Add);
        let minus = symbol(Symbol::Minus).value(Arithmetic::Sub);
        let Some(operator) = opt(alt((plus, minus))).parse_next(input)? else {
            return Ok(left);
        };
        let right = product(input)?;
        left = input.state.join(left, right, |a, b| Term::Arithmetic(operator, a, b));
    }
}

fn product(input: &mut Input<'_, '_>) -> Parsed<Id> {
    let mut left = signed(input)?;
    loop {
        let times = symbol(Symbol::Times).value(Arithmetic::Mul);
        let over = symbol(Symbol::Over).value(Arithmetic::Div);
        let Some(operator) = opt(alt((times, over))).parse_next(input)? else {
            return Ok(left);
        };
        let right = signed(input)?;
        left = input.state.join(left, right, |a, b| Term::Arithmetic(operator, a, b));
    }
}

fn signed(input: &mut Input<'_, '_>) -> Parsed<Id> {
    let Some(sign) = opt(symbol(Symbol::Minus)).parse_next(input)? else {
        return power(input);
    };
    let operand = nested(input, signed)?;
    Ok(input.state.prefix(sign, operand, Term::Negate))
}

fn power(input: &mut Input<'_, '_>) -> Parsed<Id> {
    let base = atom(input)?;
    if opt(symbol(Symbol::Power)).parse_next(input)?.is_none() {
        return Ok(base);
    }
    let exponent = nested(input, exponent)?;
    Ok(input.state.join(base, exponent, |a, b| Term::Arithmetic(Arithmetic::Pow, a, b)))
}

fn exponent(input: &mut Input<'_, '_>) -> Parsed<Id> {
    let Some(sign) = opt(symbol(Symbol::Minus)).parse_next(input)? else {
        return power(input);
    };
    let operand = nested(input, exponent)?;
    Ok(input.state.prefix(sign, operand, Term::Negate))
}

fn atom(input: &mut Input<'_, '_>) -> Parsed<Id> {
    alt((number, call_or_name, parenthesised))
        .parse_next(input)
        .map_err(|fault| fault.into_problem(|| missing_operand(input)).into())
}

fn number(input: &mut Input<'_, '_>) -> Parsed<Id> {
    let (x, span) = word(|word| match word {
        Word::Number(x) => Some(x),
        Word::Name(_) | Word::Symbol(_) | Word::End => None,
    })
    .parse_next(input)?;
    Ok(input.state.push(Term::Number(x), span))
}

fn call_or_name(input: &mut Input<'_, '_>) -> Parsed<Id> {
    let (name, span) = name.parse_next(input)?;
    match opt(symbol(Symbol::Open)).parse_next(input)? {
        Some(_) => call(input, name, span),
        None => Ok(match input.state.bound.get(name) {
            Some(&value) => input.state.push(Term::Bound(value), span),
            None => input.state.push(Term::Name(name), span),
        }),
    }
}

fn call<'s>(input: &mut Input<'_, 's>, name: &'s str, span: Span) -> Parsed<Id> {
    let mut arguments = Vec::new();
    let close = loop {
        // An empty list is no error here: whoever resolves the name knows what the function takes.
        if arguments.is_empty()
            && let Some(close) = opt(symbol(Symbol::Close)).parse_next(input)?
        {
            break close;
        }
        arguments.push(expression(input)?);
        if opt(symbol(Symbol::Comma)).parse_next(input)?.is_none() {
            break expect(input, Symbol::Close, "an operator, `,` or `)`")?;
        }
    };
    let tree = &mut input.state.tree;
    let range = tree.arguments.len()..tree.arguments.len() + arguments.len();
    tree.arguments.extend(arguments);
    Ok(input.state.push(Term::Call(name, span, range), span.to(close)))
}

fn parenthesised(input: &mut Input<'_, '_>) -> Parsed<Id> {
    let open = symbol(Symbol::Open).parse_next(input)?;
    let inner = expression(input)?;
    let close = expect(input, Symbol::Close, "an operator or `)`")?;
    input.state.tree.nodes[inner].span = open.to(close);
    Ok(inner)
}

/// A name with its place.
fn name<'s>(input: &mut Input<'_, 's>) -> Parsed<(&'s str, Span)> {
    word(|word| match word {
        Word::Name(name) => Some(name),
        Word::Number(_) | Word::Symbol(_) | Word::End => None,
    })
    .parse_next(input)
}

/// The place of the given mark or keyword.
fn symbol<'t, 's: 't>(wanted: Symbol) -> impl Parser<Input<'t, 's>, Span, Fault> {
    word(move |word| (word == Word::Symbol(wanted)).then_some(())).map(|((), span)| span)
}

/// What is wanted of the next word, with its place.
fn word<'t, 's: 't, O>(wanted: impl Fn(Word<'s>) -> Option<O>) -> impl Parser<Input<'t, 's>, (O, Span), Fault> {
    any.verify_map(move |token: &Token<'s>| Some((wanted(token.word)?, token.span)))
}

/// The given mark or keyword, and nothing else.
fn expect(input: &mut Input<'_, '_>, wanted_symbol: Symbol, what: &str) -> Parsed<Span> {
    opt(symbol(wanted_symbol)).parse_next(input)?.ok_or_else(|| wanted(input, what))
}

/// The end of the source.
fn end(input: &mut Input<'_, '_>) -> Parsed<()> {
    match next(input).word {
        Word::End => Ok(()),
        Word::Number(_) | Word::Name(_) | Word::Symbol(_) => Err(unexpected(input).into()),
    }
}

/// One level deeper.
fn nested<'t, 's, O>(input: &mut Input<'t, 's>, parser: impl FnOnce(&mut Input<'t, 's>) -> Parsed<O>) -> Parsed<O> {
    if input.state.depth == DEEPEST {
        return Err(Problem::new(next(input).span, "the expression nests too deeply")
            .label(format!("more than {DEEPEST} levels"))
            .help("name the inner parts: let v = ..;")
            .into());
    }
    input.state.depth += 1;
    let output = parser(input);
    input.state.depth -= 1;
    output
}

/// The word that comes next; the last one is the end.
fn next<'s>(input: &Input<'_, 's>) -> Token<'s> {
    let token = input.input.peek_token();
    token.copied().unwrap_or(Token { word: Word::End, span: (0..0).into() })
}

/// The fault of something else where `what` should stand.
fn wanted(input: &Input<'_, '_>, what: &str) -> Fault {
    let token = next(input);
    let problem = Problem::new(token.span, format!("unexpected {}", token.describe()));
    with_cure(problem.label(format!("expected {what}")), token, input).into()
}

/// The problem of a missing number.
fn missing_operand(input: &Input<'_, '_>) -> Problem {
    let token = next(input);
    let problem = Problem::new(token.span, format!("unexpected {}", token.describe()));
    match token.word {
        Word::Symbol(Symbol::If) => problem.label("put this `if` into parentheses"),
        Word::Symbol(Symbol::Let) => problem.label("every `let` stands before the result"),
        Word::Symbol(Symbol::Not) => problem.label("put this `not` into parentheses"),
        Word::Symbol(Symbol::Plus) => problem.label("expected a number, a name or `(`: a plus sign joins two terms"),
        Word::Symbol(Symbol::Times) => problem.label("expected a number, a name or `(`; a power is written x^2"),
        Word::Symbol(_) | Word::Number(_) | Word::Name(_) | Word::End => {
            problem.label("expected a number, a name or `(`")
        }
    }
}

/// The problem of something after the end of the expression.
fn unexpected(input: &Input<'_, '_>) -> Problem {
    let token = next(input);
    let problem = Problem::new(token.span, format!("unexpected {}", token.describe()));
    with_cure(problem.label("expected an operator or the end"), token, input)
}

/// What to do about a word that cannot stand here.
fn with_cure(problem: Problem, token: Token<'_>, input: &Input<'_, '_>) -> Problem {
    match token.word {
        Word::Number(_) | Word::Name(_) | Word::Symbol(Symbol::Open) if follows_operand(input) => {
            problem.help("a product needs its `*`, as in 2 * x")
        }
        Word::Symbol(Symbol::Assign) => problem.help("equality is `==`; a name is bound by `let v = ..;`"),
        Word::Symbol(_) | Word::Number(_) | Word::Name(_) | Word::End => problem,
    }
}

/// Whether the word before the next one ends an operand.
fn follows_operand(input: &Input<'_, '_>) -> bool {
    input.input.previous_tokens().next().is_some_and(|token| match token.word {
        Word::Number(_) | Word::Name(_) | Word::Symbol(Symbol::Close) => true,
        Word::Symbol(_) | Word::End => false,
    })
}
