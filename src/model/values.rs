//! Numbers, dates and flags of a column, packed: "not given" is a reserved pattern and costs no room.

use std::borrow::Cow;

use crate::kernel::{Date, Fen, Month};

/// Gives back the room that growing left.
pub(super) fn shrink_to_fit<T: Clone>(list: &mut Cow<'static, [T]>) {
    if let Cow::Owned(own) = list {
        own.shrink_to_fit();
    }
}

/// A value with a stored form, one pattern of which is reserved for "not given". No reader yields the value that pattern
/// would be: the lowest whole number, a day or month before there were calendars, not-a-number.
pub trait Pack: Copy + PartialEq {
    type Raw: Copy + std::fmt::Debug + 'static;

    fn pack(value: Option<Self>) -> Self::Raw;

    fn unpack(raw: Self::Raw) -> Option<Self>;
}

impl Pack for i64 {
    type Raw = i64;

    fn pack(value: Option<Self>) -> i64 {
        value.unwrap_or(i64::MIN)
    }

    fn unpack(raw: i64) -> Option<Self> {
        (raw != i64::MIN).then_some(raw)
    }
}

impl Pack for Fen {
    type Raw = i64;

    fn pack(value: Option<Self>) -> i64 {
        i64::pack(value.map(|fen| fen.0))
    }

    fn unpack(raw: i64) -> Option<Self> {
        i64::unpack(raw).map(Fen)
    }
}

impl Pack for Date {
    type Raw = i32;

    fn pack(value: Option<Self>) -> i32 {
        value.map_or(i32::MIN, Date::days)
    }

    fn unpack(raw: i32) -> Option<Self> {
        (raw != i32::MIN).then(|| Date::from_days(raw))
    }
}

impl Pack for Month {
    type Raw = i32;

    fn pack(value: Option<Self>) -> i32 {
        value.map_or(i32::MIN, Month::index)
    }

    fn unpack(raw: i32) -> Option<Self> {
        (raw != i32::MIN).then(|| Month::from_index(raw))
    }
}

impl Pack for f64 {
    type Raw = f64;

    fn pack(value: Option<Self>) -> f64 {
        value.unwrap_or(f64::NAN)
    }

    fn unpack(raw: f64) -> Option<Self> {
        (!raw.is_nan()).then_some(raw)
    }
}

impl Pack for bool {
    type Raw = u8;

    fn pack(value: Option<Self>) -> u8 {
        value.map_or(u8::MAX, u8::from)
    }

    fn unpack(raw: u8) -> Option<Self> {
        (raw != u8::MAX).then_some(raw != 0)
    }
}

/// Values of one type, each given or not: read here, or as they lie in a file that stays mapped.
#[derive(Debug, Clone)]
pub struct Values<T: Pack>(Cow<'static, [T::Raw]>);

impl<T: Pack> Values<T> {
    pub fn from_raw(raw: Cow<'static, [T::Raw]>) -> Self {
        Self(raw)
    }

    /// Adds the last value once more. There must be one.
    #[inline]
    pub(super) fn push_again(&mut self) {
        let values = self.0.to_mut();
        values.push(values[values.len() - 1]);
    }

    /// The stored patterns; [`Pack::unpack`] says which are given.
    pub fn as_raw(&self) -> &[T::Raw] {
        &self.0
    }

    #[inline]
    pub fn push(&mut self, value: Option<T>) {
        self.0.to_mut().push(T::pack(value));
    }

    #[inline]
    pub fn get(&self, row: usize) -> Option<T> {
        T::unpack(self.0[row])
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = Option<T>> {
        self.0.iter().map(|raw| T::unpack(*raw))
    }

    pub(super) fn push_none(&mut self) {
        self.push(None);
    }

    pub(super) fn append(&mut self, other: &Self) {
        self.0.to_mut().extend_from_slice(&other.0);
    }

    pub(super) fn select(&self, rows: &[usize]) -> Self {
        Self(rows.iter().map(|row| self.0[*row]).collect())
    }

    pub(super) fn shrink_to_fit(&mut self) {
        shrink_to_fit(&mut self.0);
    }
}

impl<T: Pack> Default for Values<T> {
    fn default() -> Self {
        Self(Cow::default())
    }
}

/// By the values: the pattern for "not given" need not equal itself.
impl<T: Pack> PartialEq for Values<T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<T: Pack> FromIterator<Option<T>> for Values<T> {
    fn from_iter<I: IntoIterator<Item = Option<T>>>(iter: I) -> Self {
        Self(iter.into_iter().map(T::pack).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn come_back<T: Pack + std::fmt::Debug>(values: &[Option<T>]) {
        let packed: Values<T> = values.iter().copied().collect();
        assert_eq!(packed.iter().collect::<Vec<_>>(), values);
        assert_eq!(packed, Values::from_raw(packed.as_raw().to_vec().into()));
        let last = packed.select(&[values.len() - 1]);
        assert_eq!(last.get(0), values[values.len() - 1]);
    }

    #[test]
    fn what_is_given_and_what_is_not_come_back() {
        come_back(&[Some(0), None, Some(-1), Some(i64::MAX), Some(i64::MIN + 1)]);
        come_back(&[Some(Fen(0)), None, Some(Fen(-5))]);
        come_back(&[Date::from_ymd(1970, 1, 1), None, Date::from_ymd(1800, 1, 1), Date::from_ymd(2200, 12, 31)]);
        come_back(&[Month::from_ym(1970, 1), None, Month::from_ym(2026, 11)]);
        come_back(&[Some(0.0), None, Some(-1.5), Some(f64::INFINITY)]);
        come_back(&[Some(false), None, Some(true)]);
    }
}
