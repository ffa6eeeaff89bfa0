/** The options of a port for the pings and the age of its connections, validated once into one frozen object. */
import type { PingPolicy } from '../../wire/http2/http2.ts'
import type { OptionKinds, OptionShape } from '../../wire/options/check-options.ts'

/**
 * Keepalive of a server (gRFC A8 and A9), with the defaults of grpc-go. Times are in milliseconds. PINGs are those of HTTP/2 on
 * the native lane; how long a connection may be idle is `idleTimeoutMs` of the port.
 */
export interface ServerKeepaliveOptions {
  /** Silence of a client after which to ping it, with or without calls. Default 7,200,000 (2 h), range 0 (never) or 1,000 to 2,147,483,647. */
  readonly timeMs?: number
  /** Time limit for the response to a PING, after which the connection is closed. Default 20,000, range 1 to 2,147,483,647. */
  readonly timeoutMs?: number
  /**
   * Age at which a connection takes no new calls, give or take 10 %, so that connections do not all end together: GOAWAY in HTTP/2,
   * `connection: close` in HTTP/1.1. Default 0 (no limit), range 0 to 2,147,483,647.
   */
  readonly maxConnectionAgeMs?: number
  /** How long calls may go on after that, before the connection is closed. Default 0 (no limit), range 0 to 2,147,483,647. */
  readonly maxConnectionAgeGraceMs?: number
  /**
   * Least time between PINGs of a client. The third that comes too early since the server last sent HEADERS or DATA ends the connection
   * with `too_many_pings`. Clients whose first request is no gRPC call are exempt: browsers ping at intervals of their own. Default
   * 300,000 (5 min), range 0 (any time) to 2,147,483,647.
   */
  readonly minTimeMs?: number
  /** Whether clients without open calls may ping as often. Otherwise they may every two hours. Default: false. */
  readonly permitWithoutStream?: boolean
}

/** All options, with their values. */
export type ResolvedKeepaliveOptions = Readonly<Required<ServerKeepaliveOptions>>

type NumberOption = Exclude<keyof ServerKeepaliveOptions, 'permitWithoutStream'>

const MAX_MS = 2_147_483_647
const MIN_TIME_MS = 1_000

/** Default, minimum. */
const NUMBERS: Readonly<Record<NumberOption, readonly [number, number]>> = {
  timeMs: [7_200_000, 0],
  timeoutMs: [20_000, 1],
  maxConnectionAgeMs: [0, 0],
  maxConnectionAgeGraceMs: [0, 0],
  minTimeMs: [300_000, 0],
}

/** The names and types of the options. */
export const KEEPALIVE_SHAPE: OptionShape = {
  kinds: {
    timeMs: ['number'],
    timeoutMs: ['number'],
    maxConnectionAgeMs: ['number'],
    maxConnectionAgeGraceMs: ['number'],
    minTimeMs: ['number'],
    permitWithoutStream: ['boolean'],
  } satisfies OptionKinds<ServerKeepaliveOptions>,
  advice: {
    maxConnectionIdleMs: 'use idleTimeoutMs, beside keepalive',
    permitWithoutCalls: 'use keepalive.permitWithoutStream',
  },
}

/** Completes the options, and returns a phrase for each value out of its range. */
export function normalizeKeepaliveOptions(options: ServerKeepaliveOptions = {}): {
  readonly resolved: ResolvedKeepaliveOptions
  readonly faults: readonly string[]
} {
  const numbers = {} as Record<NumberOption, number>
  const faults: string[] = []
  for (const [name, [fallback, least]] of Object.entries(NUMBERS) as [NumberOption, [number, number]][]) {
    const value = options[name] ?? fallback
    numbers[name] = value
    if (typeof value !== 'number') continue
    if (!Number.isInteger(value) || value < least || value > MAX_MS) {
      faults.push(`keepalive.${name} is ${value}: it must be an integer from ${least} to ${MAX_MS}`)
    }
  }
  if (numbers.timeMs > 0 && numbers.timeMs < MIN_TIME_MS) {
    faults.push(`keepalive.timeMs is ${numbers.timeMs}: it must be 0 (never) or from ${MIN_TIME_MS}`)
  }
  const { permitWithoutStream = false } = options
  return { resolved: Object.freeze({ ...numbers, permitWithoutStream }), faults }
}

/** Returns the policy for the PINGs of clients; undefined if they may ping at any time. */
export function pingPolicyOf({ minTimeMs, permitWithoutStream }: ResolvedKeepaliveOptions): PingPolicy | undefined {
  return minTimeMs === 0 ? undefined : Object.freeze({ minTimeMs, permitWithoutStream })
}
