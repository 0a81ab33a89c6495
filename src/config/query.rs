//! The `?key=value&key=value` behind an address; not a URL's: nothing is decoded.

use super::ConfigError;

/// The keys and values behind an address, each taken once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query<'t> {
    pairs: Vec<(&'t str, &'t str)>,
    known: Vec<&'static str>,
}

impl<'t> Query<'t> {
    /// Splits a text at its first `?` into what stands before it and the query behind it.
    ///
    /// # Errors
    ///
    /// A part without `=`, or a key that is there twice.
    pub fn split(text: &'t str) -> Result<(&'t str, Query<'t>), ConfigError> {
        let (head, tail) = text.split_once('?').unwrap_or((text, ""));
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        for part in tail.split('&').filter(|_| !tail.is_empty()) {
            let (key, value) = part
                .split_once('=')
                .ok_or_else(|| ConfigError::malformed(part, "a key with a value", "route=echo"))?;
            if pairs.iter().any(|pair| pair.0 == key) {
                return Err(ConfigError::RepeatedKey { key: key.into() });
            }
            pairs.push((key, value));
        }
        Ok((
            head,
            Query {
                pairs,
                known: Vec::new(),
            },
        ))
    }

    /// Takes a key's value out, if the key is there.
    pub fn take(&mut self, key: &'static str) -> Option<&'t str> {
        self.known.push(key);
        let at = self.pairs.iter().position(|pair| pair.0 == key)?;
        Some(self.pairs.remove(at).1)
    }

    /// Takes a key's value out.
    ///
    /// # Errors
    ///
    /// [`ConfigError::MissingKey`], which tells to add `example`.
    pub fn require(
        &mut self,
        key: &'static str,
        example: &'static str,
    ) -> Result<&'t str, ConfigError> {
        self.take(key)
            .ok_or(ConfigError::MissingKey { key, example })
    }

    /// Ends the reading: what was not taken is unknown.
    ///
    /// # Errors
    ///
    /// [`ConfigError::UnknownKey`] with the keys that were asked for.
    pub fn finish(self) -> Result<(), ConfigError> {
        match self.pairs.first() {
            None => Ok(()),
            Some((key, _)) => Err(ConfigError::UnknownKey {
                key: (*key).into(),
                known: self.known.join(", "),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_taken_once_and_the_rest_is_unknown() {
        let (head, mut query) =
            Query::split("tcp://[::1]:7000?route=link:a=b&framing=raw").expect("well formed");
        assert_eq!(head, "tcp://[::1]:7000");
        assert_eq!(query.take("framing"), Some("raw"));
        assert_eq!(query.take("backlog"), None);
        let error = query.clone().finish().expect_err("route was not taken");
        assert_eq!(
            error.to_string(),
            "`route` is not known here; there are: framing, backlog"
        );
        assert_eq!(query.require("route", "route=echo"), Ok("link:a=b"));
        let missing = query.require("name", "name=chat").expect_err("no name");
        assert_eq!(missing.to_string(), "`name=` is missing; add name=chat");
        assert_eq!(query.finish(), Ok(()));
    }

    #[test]
    fn parts_without_value_and_repeated_keys_are_refused() {
        assert!(Query::split("a?b").is_err());
        assert!(Query::split("a?b=1&").is_err());
        assert_eq!(
            Query::split("a?b=1&b=2").unwrap_err().to_string(),
            "`b=` is given twice"
        );
        assert!(
            Query::split("a?")
                .expect("an empty query")
                .1
                .finish()
                .is_ok()
        );
    }
}
