//! One line, read token by token, with errors that point into it.

use std::ops::Range;

use super::error::{NotationError, Problem};
use super::lexer::{Lexeme, Token, tokens};

/// Where in the document a line stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a> {
    pub name: &'a str,
    pub number: usize,
    pub text: &'a str,
}

impl Source<'_> {
    /// A problem with the given bytes of the line.
    pub fn error(&self, span: Range<usize>, problem: impl Into<Problem>) -> NotationError {
        let characters = |range: Range<usize>| self.text.get(range).map_or(0, |text| text.chars().count());
        NotationError {
            name: self.name.to_owned(),
            line: self.number,
            column: characters(0..span.start) + 1,
            width: characters(span).max(1),
            source_line: self.text.to_owned(),
            problem: Box::new(problem.into()),
        }
    }
}

/// A line that is being read.
#[derive(Debug)]
pub(super) struct Line<'a> {
    pub source: Source<'a>,
    tokens: Vec<Token<'a>>,
    at: usize,
}

impl<'a> Line<'a> {
    pub fn new(source: Source<'a>) -> Result<Self, NotationError> {
        let tokens = tokens(source.text).map_err(|(span, problem)| source.error(span, problem))?;
        Ok(Self { source, tokens, at: 0 })
    }

    pub fn peek(&self) -> Option<&Lexeme<'a>> {
        self.tokens.get(self.at).map(|token| &token.what)
    }

    /// The token after the next.
    pub fn peek_second(&self) -> Option<&Lexeme<'a>> {
        self.tokens.get(self.at + 1).map(|token| &token.what)
    }

    /// The next token's place, or the end of the line.
    pub fn here(&self) -> Range<usize> {
        match self.tokens.get(self.at) {
            Some(token) => token.span.clone(),
            None => self.end()..self.end(),
        }
    }

    /// Behind the last token.
    fn end(&self) -> usize {
        self.tokens.last().map_or(0, |token| token.span.end)
    }

    /// Where the token before the next one ends.
    pub fn behind(&self) -> usize {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(0, |token| token.span.end)
    }

    pub fn next(&mut self) -> Option<Token<'a>> {
        let token = self.tokens.get(self.at).cloned();
        self.at += usize::from(token.is_some());
        token
    }

    /// Takes the next token if it is this one.
    pub fn take(&mut self, what: &Lexeme<'_>) -> bool {
        let is = self.peek() == Some(what);
        self.at += usize::from(is);
        is
    }

    /// Takes the next token if it is this word.
    pub fn take_word(&mut self, word: &str) -> bool {
        self.take(&Lexeme::Word(word))
    }

    /// Takes a word.
    pub fn word(&mut self, expected: &str) -> Result<(&'a str, Range<usize>), NotationError> {
        match self.tokens.get(self.at) {
            Some(Token { what: Lexeme::Word(word), span }) => {
                self.at += 1;
                Ok((word, span.clone()))
            }
            _ => Err(self.unexpected(expected)),
        }
    }

    /// Takes what is left of the line, as it stands there.
    pub fn rest(&mut self) -> (&'a str, Range<usize>) {
        let span = self.here().start..self.end();
        self.at = self.tokens.len();
        (self.source.text.get(span.clone()).unwrap_or_default(), span)
    }

    pub fn error(&self, span: Range<usize>, problem: impl Into<Problem>) -> NotationError {
        self.source.error(span, problem)
    }

    /// The next token is not what belongs there.
    pub fn unexpected(&self, expected: &str) -> NotationError {
        let found = self.peek().map_or_else(|| "the end of the line".to_owned(), Lexeme::describe);
        self.error(self.here(), Problem::Unexpected { found, expected: expected.to_owned() })
    }

    /// Nothing may be left.
    pub fn finish(&self, expected: &str) -> Result<(), NotationError> {
        if self.at == self.tokens.len() { Ok(()) } else { Err(self.unexpected(expected)) }
    }
}
