//! Requests that are refused by closing the connection: which codes, and what a binding has to say besides.

use std::ops::{Range, RangeInclusive};

use toml::Spanned;

use super::{Identity, Plan};
use crate::{
    binding::{
        error::Fault,
        schema::{BindingFile, FenceBy},
    },
    dialect::{MembersRule, RoomsRule},
};

/// The codes with which a server may close a WebSocket (RFC 6455, section 7.4.2).
const CODES: RangeInclusive<u16> = 1000..=4999;

/// Where `refused-by-close` stands in `[create]` and in `[join]`.
pub(super) struct Places {
    create: Option<Range<usize>>,
    join: Option<Range<usize>>,
}

pub(super) fn places(file: &BindingFile) -> Places {
    Places {
        create: file.create.as_ref().and_then(|table| table.refused_by_close.as_ref()).map(Spanned::span),
        join: file.join.refused_by_close.as_ref().map(Spanned::span),
    }
}

/// The codes of a table; none if it has none.
pub(super) fn codes(list: Option<Spanned<Vec<Spanned<i64>>>>) -> Result<Vec<u16>, Fault> {
    let Some(list) = list else { return Ok(Vec::new()) };
    if list.get_ref().is_empty() {
        return Err(Fault::at(list.span(), "`refused-by-close` needs at least one close code"));
    }
    let code = |number: Spanned<i64>| {
        let code = u16::try_from(*number.get_ref()).ok().filter(|code| CODES.contains(code));
        let problem = || format!("a WebSocket is closed with a code from {} to {}", CODES.start(), CODES.end());
        code.ok_or_else(|| Fault::at(number.span(), problem()))
    };
    list.into_inner().into_iter().map(code).collect()
}

impl Plan {
    /// What else has to be so where a close refuses a request.
    pub(super) fn agrees_with_closing(&self, places: Places, is_socketio: bool) -> Result<(), Fault> {
        let by_connecting = self.joins_by_connecting();
        let has_first_words = self.identity == Identity::Message || self.waits_to_be_admitted();
        let accepts = |request: &super::Request| request.reply.as_ref().is_some_and(|it| !it.accepted.is_empty());
        let (place, create) = match (places.create, places.join) {
            (None, None) => return Ok(()),
            (Some(place), None) => {
                return Err(Fault::at(
                    place,
                    "[create] has refused-by-close and [join] has not; every refusal has to be one",
                ));
            }
            (None, Some(place)) if self.create.is_some() => {
                return Err(Fault::at(
                    place,
                    "[join] has refused-by-close and [create] has not; every refusal has to be one",
                ));
            }
            (create, Some(place)) => (place, create),
        };
        let problem = match () {
            () if is_socketio => "`refused-by-close` is for WebSocket; Socket.IO has acks and no close codes",
            () if self.fence == FenceBy::Request => {
                "[fence] by = \"request\" is a join that is refused, which ends the connection here; say by = \"ping\", \
                 \"echo\", \"relay\" or \"none\""
            }
            () if by_connecting && !has_first_words => {
                "whoever connects has to know that it was let in: say [identity] from = \"message\", or receive the first \
                 words as = \"ready\""
            }
            () if by_connecting && self.table.rooms == RoomsRule::Created => {
                "an address does not tell creating from joining; say in [dialect] rooms = \"implicit\""
            }
            () if by_connecting && self.table.members == MembersRule::Listed => {
                "whoever connects gets no list of members as an answer; say in [dialect] members = \"announced\" or \
                 \"untold\""
            }
            () if !by_connecting && !accepts(&self.join) => {
                "a request that is not refused has to be answered: [join.reply] needs `accepted`"
            }
            () => {
                let unanswered = create.filter(|_| self.create.as_ref().is_some_and(|create| !accepts(create)));
                let problem = "a request that is not refused has to be answered: [create.reply] needs `accepted`";
                return unanswered.map_or(Ok(()), |place| Err(Fault::at(place, problem)));
            }
        };
        Err(Fault::at(place, problem))
    }
}
