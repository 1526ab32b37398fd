//! SQL whose length depends on data, with bound values.

use std::borrow::Cow;
use std::marker::PhantomData;

use chrono::NaiveDate;
use diesel::backend::Backend;
use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, TypedExpressionType, ValidGrouping, is_aggregate,
};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{Date, HasSqlType, Text, Timestamp as SqlTimestamp};

use crate::store::Timestamp;

/// SQL and bound values in the order in which they are written. It is an expression or a whole statement
/// whose result is of the SQL type `T`.
pub(in crate::staff) struct Sql<T> {
    parts: Vec<Part>,
    /// Whether connections keep the prepared statement.
    is_kept: bool,
    result: PhantomData<T>,
}

enum Part {
    Text(Cow<'static, str>),
    Value(Value),
}

pub(in crate::staff) enum Value {
    Text(String),
    Day(NaiveDate),
    Time(Timestamp),
}

impl<T> Sql<T> {
    pub fn new(text: &'static str) -> Sql<T> {
        Sql { parts: vec![Part::Text(text.into())], is_kept: true, result: PhantomData }
    }

    pub fn push(&mut self, text: &'static str) {
        self.parts.push(Part::Text(text.into()));
    }

    /// The number is written out: PostgreSQL must know it to plan a statement for good.
    pub fn push_limit(&mut self, most: i64) {
        self.parts.push(Part::Text(format!(" LIMIT {most}").into()));
    }

    pub fn push_number(&mut self, number: usize) {
        self.parts.push(Part::Text(number.to_string().into()));
    }

    pub fn bind(&mut self, value: Value) {
        self.parts.push(Part::Value(value));
    }

    /// [`Sql::push`] and [`Sql::bind`].
    pub fn push_with(&mut self, text: &'static str, value: Value) {
        self.push(text);
        self.bind(value);
    }

    /// For a statement that is hardly repeated: a connection keeps every other one until it is closed.
    pub fn prepare_each_time(&mut self) {
        self.is_kept = false;
    }
}

impl<T, DB> QueryFragment<DB> for Sql<T>
where
    DB: Backend + HasSqlType<Text> + HasSqlType<Date> + HasSqlType<SqlTimestamp>,
    String: ToSql<Text, DB>,
    NaiveDate: ToSql<Date, DB>,
    Timestamp: ToSql<SqlTimestamp, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        if !self.is_kept {
            out.unsafe_to_cache_prepared();
        }
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_sql(text),
                Part::Value(Value::Text(text)) => out.push_bind_param::<Text, _>(text)?,
                Part::Value(Value::Day(day)) => out.push_bind_param::<Date, _>(day)?,
                Part::Value(Value::Time(time)) => out.push_bind_param::<SqlTimestamp, _>(time)?,
            }
        }
        Ok(())
    }
}

/// Its text differs from use to use, so connections find the statement by its text.
impl<T> QueryId for Sql<T> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<T: TypedExpressionType> Expression for Sql<T> {
    type SqlType = T;
}

impl<T: TypedExpressionType, Table> AppearsOnTable<Table> for Sql<T> {}

impl<T: TypedExpressionType, Table> SelectableExpression<Table> for Sql<T> {}

impl<T, Group> ValidGrouping<Group> for Sql<T> {
    type IsAggregate = is_aggregate::Never;
}

impl<T> Query for Sql<T> {
    type SqlType = T;
}

impl<T, C> RunQueryDsl<C> for Sql<T> {}
