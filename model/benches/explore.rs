//! Our explorer beside stateright, in one run on the same worlds.
//!
//! `cargo bench -p glare-model --features check` prints three tables; name some to print only those (`-- speed agreement
//! largest`). The machine should be idle: each figure is the median of three runs, those of the largest worlds of one. One thread is timed by the
//! processor time it got, so that a busy machine blurs the comparison less.
//!
//! - *speed*: transitions a second of ours with one and two threads, and of stateright by breadth and by depth. It gets the
//!   same packed states and the same remembered moves, so that the searches alone are compared; and whole states, stepped
//!   one by one, as a model for stateright is usually written. It judges no property; ours judges all. Each figure that
//!   has a goal is then printed beside it.
//! - *agreement*: the unique states of all pinned configurations, counted three times, with the bound on the probability
//!   that stateright's 64-bit hashes lost one. Exits with 1 if a count differs.
//! - *largest*: four peers in one room that create, join, leave, come back and lose connections, with the reference's
//!   rules and with those by which offers cross. Exits with 1 if a property is broken, or lacks its occasion.
#![allow(clippy::print_stdout)]

use std::{process::ExitCode, time::Instant};

use glare_model::{
    explore::{
        Limits, Measured, measure,
        stateright::{Count, Order, States, count},
    },
    world::{Budget, Budgets, Configuration, Fact, PROPERTIES, Property, Variant},
};

/// Four peers, of which three can meet.
const FOUR: Configuration = Configuration {
    name: "four",
    description: "three of four peers in one room; some leave, and a connection may be lost",
    peers: 4,
    epochs: 1,
    rooms: 1,
    budgets: Budgets::NONE.with(Budget::Create, 1).with(Budget::Join, 2).with(Budget::Leave, 2).with(Budget::Drop, 1),
};

/// The largest, in which all four can meet.
const LARGEST: Configuration = Configuration {
    name: "largest",
    description: "four peers meet in one room; one leaves and may come back, and a connection is lost",
    budgets: Budgets::NONE.with(Budget::Create, 1).with(Budget::Join, 3).with(Budget::Leave, 1).with(Budget::Drop, 1),
    ..FOUR
};

/// The largest in which offers cross: where the lower id offers, that takes two changes of media, and many more states.
const LARGEST_GLARE: Configuration = Configuration {
    name: "largest-glare",
    description: "four peers in one room; whoever meet both offer, some leave and come back, and connections are lost",
    budgets: Budgets::NONE.with(Budget::Create, 1).with(Budget::Join, 2).with(Budget::Leave, 2).with(Budget::Drop, 2),
    ..FOUR
};

/// What has to happen in them: a departure that is told, one without a word, a signal of an earlier stay, and, in the
/// second, glare.
const EXPECTED: [Fact; 4] = [Fact::DepartureHeard, Fact::MemberEnded, Fact::StaleHeard, Fact::Glare];

/// Three peers that come and go.
const THREE: Configuration = Configuration {
    name: "three",
    description: "three peers in one room; some leave, one may come back, and connections are lost",
    peers: 3,
    budgets: Budgets::NONE.with(Budget::Create, 1).with(Budget::Join, 3).with(Budget::Leave, 2).with(Budget::Drop, 2),
    ..FOUR
};

fn limits(threads: usize) -> Limits {
    Limits { states_max: 1 << 30, memory_bytes_max: 16 << 30, threads }
}

/// How long something took, in seconds.
#[derive(Clone, Copy)]
struct Took {
    wall: f64,
    /// Of the processors, by all threads together, to a hundredth.
    processor: f64,
}

fn timed<T>(run: impl FnOnce() -> T) -> (T, Took) {
    let (began, processor) = (Instant::now(), processor_seconds());
    let outcome = run();
    (outcome, Took { wall: began.elapsed().as_secs_f64(), processor: processor_seconds() - processor })
}

/// User and system time of this process. Linux counts it in hundredths of a second.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("the bench runs on Linux");
    // The name of the program, in parentheses, may hold spaces; utime and stime are the 12th and 13th field after it.
    let fields = stat.rsplit(')').next().into_iter().flat_map(str::split_whitespace).skip(11).take(2);
    fields.map(|ticks| ticks.parse::<f64>().expect("ticks are a number") / 100.0).sum()
}

/// The median of three.
fn median<T>(run: impl Fn() -> T) -> (T, Took) {
    let mut runs = [timed(&run), timed(&run), timed(&run)];
    runs.sort_by(|one, other| one.1.wall.total_cmp(&other.1.wall));
    let [_, median, _] = runs;
    median
}

fn ours(variant: &Variant, configuration: &Configuration, threads: usize) -> Measured {
    let measured = measure(variant, configuration, &limits(threads)).expect("the configuration fits");
    assert!(measured.is_complete);
    measured
}

fn theirs(variant: &Variant, configuration: &Configuration, states: States, order: Order) -> Count {
    count(variant, configuration, states, order).expect("the configuration fits")
}

fn named(variant: &Variant, name: &str) -> Configuration {
    *variant.configurations.iter().find(|it| it.name == name).expect("the configuration is pinned")
}

fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

/// A figure beside what it should be.
struct Goal {
    what: &'static str,
    figure: f64,
    goal: f64,
    is_most: bool,
}

impl Goal {
    fn at_least(what: &'static str, figure: f64, goal: f64) -> Self {
        Self { what, figure, goal, is_most: false }
    }

    fn at_most(what: &'static str, figure: f64, goal: f64) -> Self {
        Self { what, figure, goal, is_most: true }
    }

    fn print(&self, world: &str) {
        let Self { what, figure, goal, is_most } = *self;
        let is_met = if is_most { figure <= goal } else { figure >= goal };
        let (bound, verdict) = (if is_most { "at most" } else { "at least" }, if is_met { "met" } else { "MISSED" });
        println!("{world:13} {what:44} {figure:7.2}  goal: {bound} {goal:6.2}  {verdict}");
    }
}

fn speed() {
    let reference = Variant::reference();
    println!("\nSPEED  million transitions a second; load {}", load());
    println!("(one thread by processor time, in brackets and with two threads by the clock; x: ours / theirs)");
    println!("                                         ours                 stateright, packed      stateright, whole");
    println!(
        "world           states transitions    1  (1)      (2)  B/st  breadth  x    depth  x   breadth  x    depth  x"
    );
    let mut goals = Vec::new();
    for configuration in [named(&reference, "encounter-4"), named(&reference, "second-room-3"), THREE, FOUR] {
        let (measured, one) = median(|| ours(&reference, &configuration, 1));
        let (_, two) = median(|| ours(&reference, &configuration, 2));
        let rate = |seconds: f64| measured.transitions as f64 / seconds / 1e6;
        let each = measured.cost.bytes as f64 / measured.states as f64;
        print!("{:13} {:8} {:11} ", configuration.name, measured.states, measured.transitions);
        print!("{:5.1} ({:4.1}) ({:4.1}) {each:5.1} ", rate(one.processor), rate(one.wall), rate(two.wall));
        let mut times = Vec::new();
        for states in [States::Packed(measured.cost.key_bits), States::Whole] {
            for order in [Order::Breadth, Order::Depth] {
                let (_, took) = timed(|| theirs(&reference, &configuration, states, order));
                print!(" {:6.2} {:4.1}x", rate(took.processor), took.processor / one.processor);
                times.push(took.processor / one.processor);
            }
        }
        println!();
        goals.push((
            configuration.name,
            [
                Goal::at_least("million transitions a second on one core", rate(one.processor), 10.0),
                Goal::at_least("times stateright by breadth, packed states", times[0], 3.0),
                Goal::at_least("times one thread with two, by the clock", one.wall / two.wall, 1.0),
                Goal::at_most("bytes a state with its edges", each, 48.0),
            ],
        ));
    }
    for (world, goals) in goals {
        goals.iter().for_each(|goal| goal.print(world));
    }
}

fn agreement() -> bool {
    println!("\nAGREEMENT  unique states, counted three times; whole states in stateright");
    println!("variant            configuration         ours   breadth     depth  collision bound");
    let (mut sum, mut agree) = (0, true);
    for variant in Variant::all() {
        let more: &[Configuration] = if variant.name == "reference" { &[THREE, FOUR] } else { &[] };
        for configuration in variant.configurations.iter().chain(more) {
            let ours = ours(&variant, configuration, 1).states;
            let [breadth, depth] =
                [Order::Breadth, Order::Depth].map(|order| theirs(&variant, configuration, States::Whole, order));
            let is_same = [breadth.states, depth.states] == [ours; 2];
            let bound = breadth.collision_bound();
            print!("{:18} {:15} {ours:10} ", variant.name, configuration.name);
            println!("{:9} {:9}  {bound:.1e}{}", breadth.states, depth.states, if is_same { "" } else { "  DIFFERS" });
            sum += ours;
            agree &= is_same;
        }
    }
    println!("{sum} states together: {}", if agree { "all agree" } else { "they DIFFER" });
    agree
}

fn largest() -> bool {
    let worlds = [
        (Variant::reference(), LARGEST, &EXPECTED[..3]),
        (Variant::perfect_negotiation(), LARGEST_GLARE, &EXPECTED[..]),
    ];
    worlds.map(|(variant, world, expected)| largest_of(&variant, &world, expected)) == [true; 2]
}

/// Whether everything that is expected happens in a world, and nothing that is forbidden.
fn largest_of(variant: &Variant, world: &Configuration, expected: &[Fact]) -> bool {
    println!("\nLARGEST  {}: {}; load {}", variant.name, world.description, load());
    let (measured, Took { wall: seconds, .. }) = timed(|| ours(variant, world, 2));
    let Measured { states, transitions, depth, cost, facts, .. } = measured;
    let (rate, each) = (transitions as f64 / seconds / 1e6, cost.bytes as f64 / states as f64);
    let gigabytes = cost.bytes as f64 / f64::from(1 << 30);
    println!("{states} states, {transitions} transitions, depth {depth}: {seconds:.0} s with two threads");
    println!("{rate:.1} million transitions a second, {gigabytes:.1} GiB, {each:.1} bytes a state with its edges");
    let setting = variant.setting(world);
    let broken = |property: &&Property| setting.owes(property) && property.never.iter().any(|it| facts.contains(*it));
    let broken: Vec<_> = PROPERTIES.iter().filter(broken).map(|it| it.clause.as_str()).collect();
    let missed: Vec<_> = expected.iter().filter(|it| !facts.contains(**it)).collect();
    println!("properties broken: {broken:?}; expected, and not seen: {missed:?}");
    Goal::at_most("seconds with two threads", seconds, 300.0).print(world.name);
    Goal::at_most("GiB", gigabytes, 16.0).print(world.name);
    broken.is_empty() && missed.is_empty()
}

fn main() -> ExitCode {
    // Cargo itself adds --bench.
    let wanted: Vec<_> = std::env::args().skip(1).filter(|it| !it.starts_with('-')).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|it| it == name);
    if is_wanted("speed") {
        speed();
    }
    let agree = !is_wanted("agreement") || agreement();
    let is_sound = !is_wanted("largest") || largest();
    if agree && is_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
