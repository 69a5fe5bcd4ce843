//! The words of the language.

use super::fault::{Fault, Problem, Span};
use winnow::Parser;
use winnow::ascii::{digit1, multispace0};
use winnow::combinator::{alt, opt, preceded};
use winnow::stream::{LocatingSlice, Location, Stream};
use winnow::token::{literal, one_of, take_while};

/// A word with its place in the source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Token<'s> {
    pub(super) word: Word<'s>,
    pub(super) span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Word<'s> {
    Number(f64),
    Name(&'s str),
    Symbol(Symbol),
    End,
}

macro_rules! symbols {
    (marks { $($Mark:ident $mark:literal)* } keywords { $($Key:ident $key:literal)* }) => {
        /// A mark or a keyword.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Symbol { $($Mark,)* $($Key,)* }

        impl Symbol {
            /// As it is written.
            pub(super) fn text(self) -> &'static str {
                match self { $(Symbol::$Mark => $mark,)* $(Symbol::$Key => $key,)* }
            }
            fn keyword(name: &str) -> Option<Symbol> {
                match name { $($key => Some(Symbol::$Key),)* _ => None }
            }
        }

        /// The marks, longer ones before their beginnings.
        const MARKS: &[Symbol] = &[$(Symbol::$Mark),*];
    };
}

symbols! {
    marks {
        LessEqual "<=" GreaterEqual ">=" Equal "==" NotEqual "!=" Less "<" Greater ">" Assign "="
        Plus "+" Minus "-" Times "*" Over "/" Power "^" Open "(" Close ")" Comma "," Semicolon ";"
    }
    keywords { If "if" Then "then" Else "else" And "and" Or "or" Not "not" Let "let" }
}

impl Token<'_> {
    /// The word as an error message names it.
    pub(super) fn describe(&self) -> String {
        match self.word {
            Word::Number(x) => format!("number {x}"),
            Word::Name(name) => format!("name `{name}`"),
            Word::Symbol(symbol) => format!("`{}`", symbol.text()),
            Word::End => "end".to_owned(),
        }
    }
}

type Source<'s> = LocatingSlice<&'s str>;
type Parsed<O> = Result<O, Fault>;

/// Splits the source into words; the last one is [`Word::End`].
pub(super) fn tokens(source: &str) -> Result<Vec<Token<'_>>, Problem> {
    let mut input = LocatingSlice::new(source);
    let mut tokens = Vec::new();
    loop {
        let token = token(&mut input).map_err(|fault| fault.into_problem(|| unknown(&input)))?;
        tokens.push(token);
        if token.word == Word::End {
            return Ok(tokens);
        }
    }
}

fn token<'s>(input: &mut Source<'s>) -> Parsed<Token<'s>> {
    let word = alt((number, name, symbol, end));
    let (word, span) = preceded(multispace0, word.with_span()).parse_next(input)?;
    Ok(Token { word, span: span.into() })
}

fn number<'s>(input: &mut Source<'s>) -> Parsed<Word<'s>> {
    let whole = (digit1::<_, Fault>, opt(('.', opt(digit1)))).take();
    let mantissa = alt((whole, ('.', digit1).take()));
    let exponent = opt((one_of(['e', 'E']), opt(one_of(['+', '-'])), digit1));
    let (text, span) = (mantissa, exponent).take().with_span().parse_next(input)?;
    match text.parse::<f64>() {
        Ok(x) if x.is_finite() => Ok(Word::Number(x)),
        _ => Err(Problem::new(span, format!("the number {text} is too large"))
            .label("the greatest number is about 1.8e308")
            .into()),
    }
}

fn name<'s>(input: &mut Source<'s>) -> Parsed<Word<'s>> {
    let first = take_while(1, |c: char| c.is_alphabetic() || c == '_');
    let rest = take_while(0.., |c: char| c.is_alphanumeric() || c == '_');
    let word = |text| Symbol::keyword(text).map_or(Word::Name(text), Word::Symbol);
    (first, rest).take().map(word).parse_next(input)
}

fn symbol<'s>(input: &mut Source<'s>) -> Parsed<Word<'s>> {
    for &mark in MARKS {
        let found: Parsed<Option<&str>> = opt(literal(mark.text())).parse_next(input);
        if found?.is_some() {
            return Ok(Word::Symbol(mark));
        }
    }
    Err(Fault::Mismatch)
}

fn end<'s>(input: &mut Source<'s>) -> Parsed<Word<'s>> {
    winnow::combinator::eof.value(Word::End).parse_next(input)
}

/// The problem of a character that no word begins with.
fn unknown(input: &Source<'_>) -> Problem {
    let mut rest = *input;
    let _: Parsed<&str> = multispace0.parse_next(&mut rest);
    let at = rest.current_token_start();
    let c = rest.peek_token().unwrap_or(' ');
    let problem = Problem::new(at..at + c.len_utf8(), format!("unexpected character `{c}`"));
    match c {
        '%' => problem.help("the remainder of a/b is rem(a, b)"),
        '&' => problem.help("write `and` between conditions"),
        '|' => problem.help("write `or` between conditions; the absolute value is abs(x)"),
        '!' => problem.help("write `not` before a condition"),
        '[' | ']' | '{' | '}' => problem.help("group with ( and )"),
        '.' => problem.help("a number has a digit beside the point, as in 0.5"),
        _ => problem,
    }
}
