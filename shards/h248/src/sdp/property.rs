//! SDP lines as Annex C properties and back (RFC 3525 7.1.8 and C.11).

use super::{Line, SdpError, lines};

/// The tag of `v=`; those of `o s i u e p c b z k a t r m` follow in this order.
const FIRST_TAG: u16 = 0xb001;

/// The kinds of lines in the order of their tags (C.11).
const KINDS: [u8; 15] = *b"vosiuepcbzkatrm";

/// Tags by letter, 0 where C.11 has none.
static TAGS: [u16; 26] = {
    let mut tags = [0; 26];
    let mut i = 0;
    while i < KINDS.len() {
        tags[(KINDS[i] - b'a') as usize] = FIRST_TAG + i as u16;
        i += 1;
    }
    tags
};

/// The Annex C tag of an SDP line kind (a lower case letter).
pub fn tag_of_kind(kind: u8) -> Option<u16> {
    let tag = *TAGS.get(usize::from(kind.wrapping_sub(b'a')))?;
    (tag != 0).then_some(tag)
}

/// The SDP line kind of an Annex C tag.
pub fn kind_of_tag(tag: u16) -> Option<u8> {
    KINDS.get(usize::from(tag.wrapping_sub(FIRST_TAG))).copied()
}

/// One property of a Local or Remote descriptor: an Annex C tag and the text of its value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Property<'a> {
    /// The tag.
    pub tag: u16,
    /// The value as text: everything behind the `=`.
    pub value: &'a [u8],
}

impl<'a> Property<'a> {
    /// The property a line stands for; `None` when the line is not `letter=value` with a letter of C.11.
    #[inline]
    pub fn of_line(line: &Line<'a>) -> Option<Self> {
        match line.content() {
            [kind, b'=', value @ ..] => Some(Self {
                tag: tag_of_kind(kind.to_ascii_lowercase())?,
                value,
            }),
            _ => None,
        }
    }
}

/// A line's property and whether it begins a group; the offset of the line when it is no property.
type GroupedProperty<'a> = Result<(bool, Property<'a>), SdpError>;

/// The properties of a body in order, each with `true` when it begins a group: the first, and every `v=` line after it.
/// Empty lines are passed over.
pub fn groups(body: &[u8]) -> impl Iterator<Item = GroupedProperty<'_>> {
    let mut first = true;
    lines(body)
        .filter(|line| !line.content().is_empty())
        .map(move |line| {
            let property = Property::of_line(&line).ok_or(SdpError {
                offset: line.offset(),
            })?;
            let begins = std::mem::take(&mut first) || property.tag == FIRST_TAG;
            Ok((begins, property))
        })
}

/// Begins a group in a body: a group after the first needs a `v=` line to be told from the one before it.
pub fn write_group(body: &mut Vec<u8>, first_tag: Option<u16>, line_end: &[u8]) {
    if !body.is_empty() && first_tag != Some(FIRST_TAG) {
        body.extend_from_slice(b"v=0");
        body.extend_from_slice(line_end);
    }
}

/// Appends a property as a line, or gives `false` when its tag is not an SDP line's.
pub fn write_line(body: &mut Vec<u8>, property: Property<'_>, line_end: &[u8]) -> bool {
    let Some(kind) = kind_of_tag(property.tag) else {
        return false;
    };
    body.extend_from_slice(&[kind, b'=']);
    body.extend_from_slice(property.value);
    body.extend_from_slice(line_end);
    true
}
