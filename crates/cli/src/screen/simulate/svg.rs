//! The distributions as a picture: one panel per time, its bars, its quantiles and its objective.

use std::fmt::Write;

use sim::{Histogram, Report, Summary, Timed};

const WIDTH: f64 = 860.0;
const PANEL: f64 = 190.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 30.0;
const TOP: f64 = 64.0;
/// Height of the tallest bar.
const TALLEST: f64 = 96.0;
const BARS: usize = 120;
const TICKS: usize = 6;

/// A picture of the three recovery times.
pub fn draw(report: &Report, summary: &Summary) -> String {
    let panels = [&summary.accepted_again, &summary.accepted_again_two_endpoints, &summary.settled_again];
    let height = TOP + PANEL * panels.len() as f64 + 24.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n"
    );
    let title = format!(
        "{} on {}: {} trials from seed {}",
        report.scenario, report.deployment, report.trials, report.seed
    );
    text(&mut svg, LEFT, 26.0, "font-size=\"17\" font-weight=\"bold\"", &title);
    text(&mut svg, LEFT, 46.0, "fill=\"#666\"", report.label);
    for (number, (timed, histogram)) in report.times.iter().zip(panels).enumerate() {
        panel(&mut svg, TOP + PANEL * number as f64, timed, histogram);
    }
    svg.push_str("</svg>\n");
    svg
}

fn panel(svg: &mut String, top: f64, timed: &Timed, histogram: &Histogram) {
    let base = top + 30.0 + TALLEST;
    text(svg, LEFT, top + 16.0, "font-weight=\"bold\"", timed.question);
    let Some(worst_s) = timed.worst_s else {
        text(svg, LEFT, base - 30.0, "fill=\"#666\"", "no trial came to it");
        return;
    };
    // The objective is on the picture unless it lies far beyond.
    let near =
        timed.objective_s.map(|objective| objective as f64).filter(|objective| *objective < 4.0 * worst_s);
    let end_s = worst_s.max(near.unwrap_or(0.0)).max(1.0) * 1.02;
    let at = |seconds: f64| LEFT + (WIDTH - LEFT - RIGHT) * seconds / end_s;
    let bars = histogram.bars(BARS);
    let most = bars.iter().map(|(_, count)| *count).max().unwrap_or(1).max(1) as f64;
    let next = bars.get(1).map_or(end_s, |(begin, _)| *begin);
    for (begin_s, count) in bars.iter().filter(|(_, count)| *count > 0) {
        let high = (*count as f64 / most * TALLEST).max(0.6);
        let wide = (at(next) - at(0.0)).max(0.8);
        let _ = writeln!(
            svg,
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{wide:.1}\" height=\"{high:.1}\" fill=\"#4878a8\"/>",
            at(*begin_s),
            base - high
        );
    }
    axis(svg, base, end_s, at);
    let marks =
        [("p50", timed.p50_s, "#333"), ("p99", timed.p99_s, "#b04030"), ("objective", near, "#2a7a3a")];
    for (row, (name, seconds, colour)) in marks.into_iter().enumerate() {
        if let Some(seconds) = seconds {
            mark(svg, at(seconds), base, row, colour, &format!("{name} {seconds:.1} s"));
        }
    }
}

fn axis(svg: &mut String, base: f64, end_s: f64, at: impl Fn(f64) -> f64) {
    let (left, right) = (LEFT, WIDTH - RIGHT);
    let _ = writeln!(svg, "<line x1=\"{left}\" y1=\"{base}\" x2=\"{right}\" y2=\"{base}\" stroke=\"#333\"/>");
    for tick in 0..=TICKS {
        let seconds = end_s * tick as f64 / TICKS as f64;
        let label = if end_s < 20.0 { format!("{seconds:.1} s") } else { format!("{seconds:.0} s") };
        text(svg, at(seconds), base + 16.0, "text-anchor=\"middle\" fill=\"#333\"", &label);
    }
}

/// A line with its name, each in a row of its own so that names do not lie over each other.
fn mark(svg: &mut String, x: f64, base: f64, row: usize, colour: &str, name: &str) {
    let y = base - TALLEST - 6.0 + 13.0 * row as f64;
    let _ = writeln!(
        svg,
        "<line x1=\"{x:.1}\" y1=\"{:.1}\" x2=\"{x:.1}\" y2=\"{base:.1}\" stroke=\"{colour}\" stroke-dasharray=\"4 3\"/>",
        y - 8.0
    );
    let (anchor, beside) = if x > WIDTH - 140.0 { ("end", -4.0) } else { ("start", 4.0) };
    text(svg, x + beside, y, &format!("text-anchor=\"{anchor}\" fill=\"{colour}\""), name);
}

fn text(svg: &mut String, x: f64, y: f64, attributes: &str, words: &str) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" {attributes}>{words}</text>");
}
