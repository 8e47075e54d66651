//! The forms of a report: each is read back by what reads it, and nothing that a target sent becomes part of its form.

use std::{sync::Arc, time::Duration};

use command::{error, page};
use glare_conformance::{
    baseline::Assessment,
    capability::Profile,
    driver::Settings,
    report::{Format, Run, summarise},
    run::execute,
    scenario::parse,
    transport::{CoreEffect, CoreInput, Incoming, Memory, ModelCore, RoomCore, Transport, virtual_time},
};
use glare_model::requirement::Level;
use junit_parser::{TestStatus, TestSuites};
use pulldown_cmark::Event;

mod command;

/// What `glare test` writes in each of these forms, in a run that has to end with this code.
fn written(args: &[&str], forms: &[&str], code: i32) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |form: &str| folder.path().join(form);
    let reports: Vec<String> = forms.iter().map(|form| format!("{form}={}", path(form).display())).collect();
    let reports = reports.iter().flat_map(|report| ["--report", report.as_str()]);
    page(&["test"].into_iter().chain(args.iter().copied()).chain(reports).collect::<Vec<_>>(), code);
    let read = |form: &&str| std::fs::read_to_string(path(form)).expect("the report was written");
    forms.iter().map(read).collect()
}

fn junit(text: &str) -> TestSuites {
    junit_parser::from_reader(text.as_bytes()).expect("a JUnit reader reads it")
}

/// Cases of a JUnit file that are successes, failures, errors and skipped.
fn counts(suites: &TestSuites) -> [u64; 4] {
    let mut counts = [0; 4];
    for case in suites.suites.iter().flat_map(|suite| &suite.cases) {
        counts[match case.status {
            TestStatus::Success => 0,
            TestStatus::Failure(_) => 1,
            TestStatus::Error(_) => 2,
            TestStatus::Skipped(_) => 3,
        }] += 1;
    }
    counts
}

fn summary(json: &str, verdict: &str) -> u64 {
    let report: serde_json::Value = serde_json::from_str(json).expect("JSON");
    report["summary"][verdict].as_u64().expect("a count")
}

#[test]
fn a_junit_reader_finds_failures_errors_and_what_is_of_no_concern_apart() {
    let written =
        written(&["memory:tutorial", "--suite", "requirements,hostile", "--level", "should"], &["junit", "json"], 1);
    let (suites, json) = (junit(&written[0]), &written[1]);
    let expected = [
        summary(json, "pass"),
        summary(json, "fail"),
        summary(json, "inconclusive") + summary(json, "not_exercised"),
        summary(json, "not_applicable"),
    ];
    assert_eq!(counts(&suites), expected);
    assert!(expected.iter().all(|count| *count > 0), "the run has all of them: {expected:?}");
    assert_eq!([suites.failures, suites.errors], expected[1..3], "its own sums");
    let room_04 = suites.suites.iter().find(|suite| suite.name == "ROOM-04").expect("a suite for each clause");
    let case = room_04.cases.iter().find(|case| case.original_name == "room-04-second-create").expect("the case");
    let TestStatus::Failure(failure) = &case.status else { panic!("{:?}", case.status) };
    // This reader leaves out what is escaped; the next test reads that.
    for part in ["s request is refused", "it was accepted", "create-room s", "--only room-04-second-create"] {
        assert!(failure.text.contains(part), "{part:?} is not in {}", failure.text);
    }
}

#[test]
fn an_xml_reader_gets_every_character_of_a_failure() {
    let written = written(&["memory:tutorial", "--only", "room-04-second-create"], &["junit"], 1);
    let document = roxmltree::Document::parse(&written[0]).expect("it is XML");
    let failure = document.descendants().find(|node| node.has_tag_name("failure")).expect("the case failed");
    let text = failure.text().expect("it says why");
    for part in ["A's request is refused", "it was accepted", "> create-room s", "--only room-04-second-create"] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
}

#[test]
fn what_only_a_should_asks_for_is_no_failure_in_junit_unless_it_counts() {
    let case = ["memory:tutorial", "--only", "relay-07-nobody"];
    assert_eq!(counts(&junit(&written(&case, &["junit"], 0)[0])), [0, 0, 0, 1]);
    let strict = [&case[..], &["--level", "should"]].concat();
    assert_eq!(counts(&junit(&written(&strict, &["junit"], 1)[0])), [0, 1, 0, 0]);
}

#[test]
fn a_baseline_that_is_out_of_date_is_a_failure_in_junit_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("baseline.toml");
    std::fs::write(&path, "[[expected]]\ncase = \"room-01-create\"\nreason = \"r\"\n").expect("it can be written");
    let path = path.to_string_lossy().into_owned();
    let report = written(&["memory:reference", "--only", "room-01-create", "--baseline", &path], &["junit"], 1);
    assert_eq!(counts(&junit(&report[0])), [1, 1, 0, 0]);
}

#[test]
fn markdown_says_what_is_wrong_before_it_shows_instances() {
    let markdown = written(&["memory:tutorial", "--suite", "requirements"], &["markdown"], 1).remove(0);
    let place = |text: &str| markdown.find(text).unwrap_or_else(|| panic!("{text:?} is not in\n{markdown}"));
    let order = [
        place("## This server does not conform"),
        place("- **ROOM-04 (MUST)** Somebody who is in a room can enter another one."),
        place("<details><summary>ROOM-04 in room-04-second-create</summary>"),
        place("glare test memory:tutorial --only room-04-second-create"),
        place("| ROOM-01 | MUST | pass |"),
    ];
    assert!(order.is_sorted(), "{order:?}");
    assert!(markdown.len() < 1 << 20, "a step summary has at most 1 MiB");
}

#[test]
fn annotations_go_to_standard_output_one_for_each_broken_clause() {
    let stdout = page(&["test", "memory:tutorial", "--only", "room-04-*", "--report", "github"], 1);
    let lines: Vec<_> = stdout.lines().filter(|line| line.starts_with("::")).collect();
    assert_eq!(lines.len(), 2, "{stdout}");
    assert!(lines[0].starts_with("::error title=ROOM-04 (MUST)%3A Somebody"), "{}", lines[0]);
    assert!(lines[0].contains("%0Areplay: glare test memory:tutorial --only room-04-"), "{}", lines[0]);
    assert!(lines[1].starts_with("::notice title=This server does not conform::"), "{}", lines[1]);
}

#[test]
fn the_page_tells_cause_case_diagram_and_command_and_loads_nothing() {
    let html = written(&["memory:tutorial", "--suite", "requirements"], &["html"], 1).remove(0);
    for part in [
        "<h1>This server does not conform</h1>",
        "id=\"cause-ROOM-04\"",
        "Somebody who is in a room can enter another one",
        "A&#39;s request is refused",
        "<svg class=\"seq\"",
        "ack: accepted s",
        "glare test memory:tutorial --only room-04-second-create",
    ] {
        assert!(html.contains(part), "{part:?} is not in the page");
    }
    for loads in ["src=", "@import", "url(http", "<link rel=\"stylesheet", "<iframe"] {
        assert!(!html.contains(loads), "the page has {loads:?}");
    }
    let links = html.match_indices("href=\"").map(|(at, _)| &html[at + 6..at + 12]);
    for link in links {
        assert!(link.starts_with('#') || link.starts_with("data:,"), "a link leads to {link:?}");
    }
}

#[test]
fn a_page_of_a_thousand_cases_that_nearly_all_fail_is_smaller_than_a_megabyte() {
    let args = ["memory:tutorial", "--suite", "random", "--cases", "1000", "--seed", "1", "--shrink", "none"];
    let written = written(&args, &["html", "json"], 1);
    assert!(summary(&written[1], "fail") > 700, "most of them fail");
    assert!(written[0].len() < 1_000_000, "{} bytes", written[0].len());
    assert!(written[0].contains("only the first failures have a diagram"), "the page says what it left out");
}

const HOSTILE: &str = "</script><img src=x onerror=alert(1)>`'\"|\n::error::x]]>";

/// Accepts everything twice, and says so with hostile texts in every place that is its own.
struct Hostile(ModelCore);

impl RoomCore for Hostile {
    fn handle(&mut self, input: CoreInput) -> Vec<CoreEffect> {
        self.0.handle(input)
    }

    fn user_id(&mut self, key: u64) -> String {
        format!("{HOSTILE}{key}")
    }

    fn outgoing(&mut self, _to: u64, incoming: Incoming) -> Vec<Incoming> {
        let event = Incoming::Event { event: HOSTILE.to_owned(), data: Some(HOSTILE.into()) };
        vec![incoming.clone(), event, incoming]
    }
}

/// A run of one case on [`Hostile`], in this form.
fn hostile_report(format: Format) -> String {
    let text = "case: hostile\ntitle: it answers with markup\ncovers: ROOM-07\nA create r\nB join r\n";
    let case = Arc::new(parse(text).expect("a scenario").remove(0));
    let transport = Transport::Memory(Memory::new(Hostile(ModelCore::default())));
    let settings = Settings { timeout: Duration::from_secs(2), nonce: 7 };
    let result = virtual_time().expect("a runtime").block_on(execute(transport, case, settings, true));
    let results = [result];
    let baseline = Assessment::default();
    let summary = summarise(&results, &baseline, &Profile::CORE);
    assert!(summary.fails(Level::Must), "it is a failure");
    let run = Run {
        target: HOSTILE.to_owned(),
        profile: Profile::CORE,
        seed: None,
        interrupted: false,
        shard: None,
        level: Level::Must,
        results: &results,
        summary: &summary,
        baseline: &baseline,
        suites: &[],
        across: None,
        replay: &|_| HOSTILE.to_owned(),
    };
    format.write(&run)
}

#[test]
fn nothing_that_a_target_sends_is_markup_in_the_page() {
    let html = hostile_report(Format::Html);
    assert!(!html.contains("<img") && html.matches("</script>").count() == 1, "the markup came through");
    assert!(html.contains("&lt;/script&gt;") || html.contains("&#60;/script&#62;"), "and it is shown as text");
}

#[test]
fn nothing_that_a_target_sends_is_markup_elsewhere() {
    let suites = junit(&hostile_report(Format::Junit));
    assert_eq!(counts(&suites), [0, 1, 0, 0]);
    let markdown = hostile_report(Format::Markdown);
    let markup = pulldown_cmark::Parser::new(&markdown).filter_map(|event| match event {
        Event::Html(markup) | Event::InlineHtml(markup) => Some(markup.to_string()),
        _ => None,
    });
    let markup: String = markup.collect();
    assert!(markup.contains("<details>") && !markup.contains("<img") && !markup.contains("script"), "{markup}");
    let github = hostile_report(Format::Github);
    assert!(github.lines().all(|line| line.starts_with("::") && !line.starts_with("::error::")), "{github}");
}

#[test]
fn saved_traces_are_reported_in_every_form_as_well() {
    let folder = tempfile::tempdir().expect("a folder");
    let traces = folder.path().join("traces").to_string_lossy().into_owned();
    page(&["test", "memory:tutorial", "--only", "room-04-*", "--trace-dir", &traces], 1);
    let html = folder.path().join("judged.html");
    page(&["judge", &traces, "--report", &format!("html={}", html.display())], 1);
    let html = std::fs::read_to_string(html).expect("it was written");
    assert!(html.contains("glare judge ") && html.contains("<svg class=\"seq\""));
}

#[test]
fn a_report_that_cannot_be_written_is_named() {
    let stderr = error(&["test", "memory:reference", "--only", "room-01-create", "--report", "html=/no/such/x"], 2);
    assert!(stderr.contains("/no/such/x"), "{stderr}");
}
