/** The bounds of histogram buckets, as the conventions fix them, so that series of different servers add up. */

/** Latencies of calls and attempts under gRPC's own names, in seconds (gRFC A66). */
export const LATENCY_BUCKETS = [
  0, 0.00001, 0.00005, 0.0001, 0.0003, 0.0006, 0.0008, 0.001, 0.002, 0.003, 0.004, 0.005, 0.006, 0.008, 0.01, 0.013,
  0.016, 0.02, 0.025, 0.03, 0.04, 0.05, 0.065, 0.08, 0.1, 0.13, 0.16, 0.2, 0.25, 0.3, 0.4, 0.5, 0.65, 0.8, 1, 2, 5, 10,
  20, 50, 100,
]

/** Sizes of messages, in bytes (gRFC A66). */
export const SIZE_BUCKETS = [
  0, 1024, 2048, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864, 268_435_456,
  1_073_741_824, 4_294_967_296,
]

/** `rpc.server.call.duration` and `rpc.client.call.duration`, in seconds (OpenTelemetry, RPC metrics). */
export const CALL_DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
