//! Tokens: a reference is written as the construct path of its target until the
//! whole tree is known, and then [lowered](crate::lowering).
//!
//! `Token[Stack/Queue]` may stand wherever a logical id may: in `Ref`,
//! `Fn::GetAtt`, inside `${…}` of `Fn::Sub`, and in `DependsOn`.

const OPEN: &str = "Token[";
const CLOSE: char = ']';

/// The token of the construct at `path`.
pub(crate) fn token(path: &str) -> String {
    format!("{OPEN}{path}{CLOSE}")
}

/// Whether a text may hold a token.
pub(crate) fn any(text: &str) -> bool {
    text.contains(OPEN)
}

/// The path, when the text is one token and nothing else.
pub(crate) fn whole(text: &str) -> Option<&str> {
    let path = text.strip_prefix(OPEN)?.strip_suffix(CLOSE)?;
    (!path.contains(CLOSE)).then_some(path)
}

/// What stands before the first token of a text, its path, and what stands behind it.
pub(crate) fn first(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once(OPEN)?;
    let (path, behind) = rest.split_once(CLOSE)?;
    Some((before, path, behind))
}

/// Replaces every token in a text by what `resolve` makes of its path.
pub(crate) fn replace(text: &str, mut resolve: impl FnMut(&str) -> String) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, path, behind)) = first(rest) {
        replaced.push_str(before);
        replaced.push_str(&resolve(path));
        rest = behind;
    }
    replaced + rest
}

#[cfg(test)]
mod tests {
    //! Goal: a token is found wherever it stands in a text, and nothing else is taken for one.
    //! Method: texts by hand.

    use super::*;

    #[test]
    fn tokens_are_found_in_texts() {
        let text = format!("x${{{}.Arn}}-{}y", token("S/Q"), token("S/P"));
        assert_eq!(replace(&text, |path| path.replace('/', "_")), "x${S_Q.Arn}-S_Py");
        assert_eq!(replace("Token[ is no token", |_| unreachable!()), "Token[ is no token");
        assert_eq!(whole(&token("S/Q")), Some("S/Q"));
        assert_eq!(whole(&format!("{}{}", token("S/Q"), token("S/P"))), None);
        assert_eq!(whole("S/Q"), None);
    }
}
