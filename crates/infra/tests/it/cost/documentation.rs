//! What `docs/cost.md` shows is what is computed.

use std::fs;

use super::{reports, root};

#[test]
fn the_page_shows_what_is_computed() {
    let path = root().join("docs/cost.md");
    let page = fs::read_to_string(&path).expect("the page is in docs");
    let computed = infra::cost::page::tables(reports());
    let (before, rest) = page.split_once("<!-- computed -->\n").expect("the page has the start");
    let (shown, after) = rest.split_once("<!-- /computed -->").expect("the page has the end");
    if shown != computed && std::env::var_os("STANDFAST_WRITE_DOCS").is_some() {
        let page = format!("{before}<!-- computed -->\n{computed}<!-- /computed -->{after}");
        fs::write(&path, page).expect("the page is ours");
    } else {
        assert_eq!(shown, computed, "run this test with STANDFAST_WRITE_DOCS=1 to write the page");
    }
}
