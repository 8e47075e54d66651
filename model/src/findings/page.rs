//! docs/findings.md.

use std::fmt::Write as _;

use super::{NotShown, Shown, findings, mermaid, show};
use crate::{explore::lanes, world::property};

const INTRODUCTION: &str = "\
# Findings

What `glare check` finds in the protocol that this project started from: a tutorial's design for video chat over
Socket.IO. Each finding has a claim, a shortest run that contradicts it, and the rule that mends it. Nothing here is
written by hand but the sentences: the runs and the counts come of exploring the model, completely, each time the tests
run. `model/src/findings` has the data; `GLARE_UPDATE=1 cargo test -p glare-model --test findings` rewrites this page.

In the drawings a number begins each step, `▶` is the arrival of a message, which is when it takes effect, and `○` is
its sending, told only where other things happen in between. Offers and answers are named after their maker: `A1` is the
first description that A made for the other.

";

/// Writes the page, with fresh evidence.
///
/// # Errors
/// A finding that has none.
pub fn page() -> Result<String, NotShown> {
    let shown = findings().iter().map(show).collect::<Result<Vec<_>, _>>()?;
    let infallible = "writing to a string cannot fail";
    let mut page = String::from(INTRODUCTION);
    page += "| finding | breaks | steps |\n|---|---|---|\n";
    for Shown { finding, counterexample, .. } in &shown {
        let (id, breaks, steps) = (finding.id, finding.breaks, counterexample.length);
        writeln!(page, "| [{id}](#{id}): {} | [{breaks}](protocol.md#{breaks}) | {steps} |", finding.title)
            .expect(infallible);
    }
    for one in &shown {
        section(&mut page, one).expect(infallible);
    }
    Ok(page)
}

fn section(page: &mut String, shown: &Shown) -> std::fmt::Result {
    let Shown { finding, counterexample, states, transitions } = shown;
    let breaks = finding.breaks;
    let statement = property(breaks).map_or("", |it| it.statement);
    writeln!(page, "\n## <a id=\"{0}\"></a>{0}: {1}\n", finding.id, finding.title)?;
    writeln!(page, "**Claim.** {}\n", finding.claim)?;
    writeln!(page, "**What is wrong.** {}\n", finding.wrong)?;
    writeln!(
        page,
        "**It breaks** [{breaks}](protocol.md#{breaks}): {statement} A shortest run (world `{}`, {} steps):\n",
        finding.configuration, counterexample.length
    )?;
    writeln!(page, "```mermaid\n{}```\n", mermaid(counterexample))?;
    writeln!(
        page,
        "<details><summary>The same as text</summary>\n\n```text\n{}```\n\n</details>\n",
        lanes::draw(counterexample)
    )?;
    writeln!(
        page,
        "**What mends it.** {} Then the clause holds in all {states} states and {transitions} transitions of the \
         same world.",
        finding.mend
    )
}
