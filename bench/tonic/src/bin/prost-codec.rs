//! Measures the codec of tonic, prost, without a transport: `prost-codec MESSAGE SECONDS` prints the nanoseconds that one
//! message takes, as JSON. prost has no JSON of its own.
use std::hint::black_box;
use std::time::{Duration, Instant};

use greeter::{GetStreamResponse, SayHelloRequest};
use prost::Message;

#[allow(dead_code)]
mod greeter {
    tonic::include_proto!("greeter.v1");
}

/// The messages that are handled between two looks at the clock.
const BATCH: u32 = 64;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let seconds: f64 = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(1.0);
    let each = Duration::from_secs_f64(seconds / 2.0);
    match name.as_str() {
        "short" => report(&SayHelloRequest { name: "x".repeat(16) }, each),
        "topic" => report(&topic_message(), each),
        "long" => report(&SayHelloRequest { name: "x".repeat(16_384) }, each),
        _ => panic!("no message is called {name:?}"),
    }
}

fn topic_message() -> GetStreamResponse {
    GetStreamResponse {
        topic: "stocks/ACME".into(),
        sequence: 123_456,
        time: Some(prost_types::Timestamp { seconds: 1_790_000_000, nanos: 123_000_000 }),
        data: "price 101.25 USD".into(),
        ..Default::default()
    }
}

fn report<M: Message + Default>(message: &M, each: Duration) {
    let octets = message.encode_to_vec();
    let encode = measure(each, || {
        black_box(black_box(message).encode_to_vec());
    });
    let decode = measure(each, || {
        black_box(M::decode(black_box(octets.as_slice())).expect("a valid message"));
    });
    println!("{{\"encode\":{encode},\"decode\":{decode}}}");
}

/// Warms up for a third of the time, and measures for the rest. The process is bound to a core that it has for itself.
fn measure(duration: Duration, mut run: impl FnMut()) -> f64 {
    repeat(duration / 3, &mut run);
    let (count, spent) = repeat(duration * 2 / 3, &mut run);
    spent.as_nanos() as f64 / f64::from(count)
}

fn repeat(duration: Duration, run: &mut impl FnMut()) -> (u32, Duration) {
    let start = Instant::now();
    let mut count = 0;
    while start.elapsed() < duration {
        for _ in 0..BATCH {
            run();
        }
        count += BATCH;
    }
    (count, start.elapsed())
}
