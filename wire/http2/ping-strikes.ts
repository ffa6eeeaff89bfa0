/** Enforces how often a client may ping (gRFC A8), so that keepalive of many idle clients does not keep a server busy. */

/** How often a client may ping. */
export interface PingPolicy {
  /** The least time between PINGs while streams are open, in milliseconds. */
  readonly minTimeMs: number
  /** Whether the same holds without streams. Otherwise a PING every two hours is allowed then, as TCP's own keepalive sends. */
  readonly permitWithoutStream: boolean
}

/** PINGs that may come too early before the connection ends. */
const MAX_STRIKES = 2

const MIN_TIME_WITHOUT_STREAM_MS = 7_200_000

const NEVER = Number.NEGATIVE_INFINITY

/**
 * The strikes of one client. HEADERS and DATA frames that we send forgive all strikes, as clients measure their bandwidth by a PING for
 * what they receive. That is found by comparing a total at the next PING, so sending costs nothing.
 */
export class PingStrikes {
  private readonly policy: PingPolicy
  private strikes = 0
  private lastValidAtMs = NEVER
  private framesSent = 0

  constructor(policy: PingPolicy) {
    this.policy = policy
  }

  /**
   * Judges a PING. False if it came too early once too often.
   *
   * @param framesSent total of HEADERS and DATA frames that we sent
   */
  admit(nowMs: number, hasStreams: boolean, framesSent: number): boolean {
    if (framesSent !== this.framesSent) {
      this.framesSent = framesSent
      this.strikes = 0
      this.lastValidAtMs = NEVER
    }
    const { minTimeMs, permitWithoutStream } = this.policy
    const leastMs = hasStreams || permitWithoutStream ? minTimeMs : MIN_TIME_WITHOUT_STREAM_MS
    // A PING that is not valid does not move the time (gRFC A8; grpc-go moves it).
    if (this.lastValidAtMs + leastMs <= nowMs) this.lastValidAtMs = nowMs
    else this.strikes++
    return this.strikes <= MAX_STRIKES
  }
}
