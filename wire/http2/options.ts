/** The options of HTTP/2 sessions: limits, windows, flood budgets and times, checked once and then frozen. */
import { totalmem } from 'node:os'
import type { FloodRate } from './flood-budget.ts'
import { DEFAULT_WINDOW, MAX_31_BIT } from './frame.ts'
import type { RouteMemo } from './hpack/route-memo.ts'
import { type ProcessMemory, processMemory } from './process-memory.ts'
import { systemTimers, type TimerWheel } from './timer-wheel.ts'

/** What can be set; all that is left out has its default. Where two defaults stand, the first is a server's. */
export interface Http2Options {
  /** Streams that the peer may have open, and handlers that run at once. Default 100, range 1 to 100,000. */
  readonly maxConcurrentStreams?: number
  /** Octets of a stream that may be on their way or unread, at the start. Default 128 KiB, 256 KiB; from 65,535. */
  readonly streamWindowBytes?: number
  /** What a stream's window may grow to. Default 4 MiB, 8 MiB. */
  readonly maxStreamWindowBytes?: number
  /** Octets of a connection that may be on their way, at the start. Default 1 MiB, 4 MiB; from 65,535. */
  readonly connectionWindowBytes?: number
  /** What a connection's window may grow to. Default 8 MiB, 16 MiB. */
  readonly maxConnectionWindowBytes?: number
  /** Unread octets that a session holds; the sum of its stream windows stays within. Default 16 MiB, 64 MiB. */
  readonly sessionBufferBytes?: number
  /** Octets that all connections of the process hold. Default 256 MiB or a quarter of the memory, whichever is less. */
  readonly processBufferBytes?: number
  /** Octets that a stream queues for sending before `write` says false. Default 64 KiB. */
  readonly streamHighWaterBytes?: number
  /** Octets that a session queues for sending before `write` says false. Default 1 MiB. */
  readonly sessionHighWaterBytes?: number
  /** Announced limit of a header list, octets of names and values plus 32 a field. Default 16 KiB, 64 KiB. */
  readonly maxHeaderListBytes?: number
  /** Fields of a header list. Default 100, 129: 128 of metadata and the status. */
  readonly maxHeaderFields?: number
  /** Octets of one encoded header block; more ends the connection. Default 64 KiB. */
  readonly maxHeaderBlockBytes?: number
  /** CONTINUATION frames of one header block; more end the connection. Default 8. */
  readonly maxContinuations?: number
  /** Largest header list that we send, sized likewise, where the peer allows as much. Default 64 KiB, at most 1 MiB. */
  readonly maxSendHeaderListBytes?: number
  /**
   * Streams that the peer may reset in the read that brought them, after which the connection ends (CVE-2023-44487). Default
   * 200. Those with a deadline of up to 100 ms are not counted.
   */
  readonly resetBurst?: number
  /** What comes back of `resetBurst` in a second. Default 50, and 10 for each millisecond in which the process is busy. */
  readonly resetRate?: number
  /**
   * Resets of young streams at once, after which the connection ends. Default 5,000: fifty rounds of 100 streams. A peer that
   * wastes handlers is slowed down long before.
   */
  readonly earlyResetBurst?: number
  /** What comes back of `earlyResetBurst` in a second. Default 10,000: as if each of 100 streams lived for 10 ms. */
  readonly earlyResetRate?: number
  /** Malformed messages at once, after which the connection ends (CVE-2025-8671). Default 200; 50 come back in a second. */
  readonly malformedBurst?: number
  /** Streams above the limit at once, after which the connection ends. Default 100, and as many a second. */
  readonly refusedBurst?: number
  /** SETTINGS frames at once (CVE-2019-9515). Default 100; 10 come back in a second. */
  readonly settingsBurst?: number
  /** PINGs at once, above what our own frames explain (CVE-2019-9512). Default 100; 10 come back in a second. */
  readonly pingBurst?: number
  /** WINDOW_UPDATEs at once, above what our own frames explain. Default 1,000, and as many a second. */
  readonly windowUpdateBurst?: number
  /** Harmless but senseless frames at once. Default 1,000. */
  readonly glitchBurst?: number
  /** What comes back of `glitchBurst` in a second. Default 100. */
  readonly glitchRate?: number
  /** Unsent answers to the peer's control frames, above which the socket is not read. Default 100. */
  readonly maxControlQueue?: number
  /** A server's: until the peer's first SETTINGS, and until it acknowledges ours. Default 10 s. */
  readonly handshakeTimeoutMs?: number
  /** From the first octet of a header block to its last. Default 10 s. */
  readonly headerTimeoutMs?: number
  /**
   * A server's: a finished reply that makes no progress, and a stream whose peer owes octets and sends none, are reset. For both
   * roles: the most that a session takes to close once its streams have ended. Default 60 s.
   */
  readonly stallTimeoutMs?: number
  /** A server's: a reply in the making that the peer does not take is reset. Default 5 min. */
  readonly liveStallTimeoutMs?: number
  /** How long the peer has to acknowledge that we are leaving. Default 5 s (as grpc-go). */
  readonly goawayTimeoutMs?: number
  /** How long a connection that ended with an error is still read, so that the peer sees why. Default 1 s. */
  readonly lingerMs?: number
  /** The paths that a server knows, so that they are recognised without decoding. Default: none. */
  readonly routes?: RouteMemo
  /** Timers and time. Default: those of the process. */
  readonly timers?: TimerWheel
  /** Where held memory is counted. Default: the gauge of the process. */
  readonly memory?: ProcessMemory
}

/** Options as sessions use them: complete, checked, frozen; one object for all sessions of a listener or channel. */
export interface NormalizedHttp2Options extends Required<Omit<Http2Options, 'routes'>> {
  readonly role: Http2Role
  readonly routes: RouteMemo | undefined
  /** The budgets of the flood table, in the form in which sessions need them. */
  readonly floods: FloodRates
}

/** Which end of a connection we are. */
export type Http2Role = 'server' | 'client'

/** A rate for each kind of flood. */
export interface FloodRates {
  readonly reset: FloodRate
  readonly earlyReset: FloodRate
  readonly malformed: FloodRate
  readonly refused: FloodRate
  readonly settings: FloodRate
  readonly ping: FloodRate
  readonly windowUpdate: FloodRate
  readonly glitch: FloodRate
}

const KIB = 1_024
const MIB = 1_024 * KIB
const HOUR_MS = 3_600_000
const HEADER_BLOCK_BYTES = 64 * KIB
const CONTINUATIONS = 8
const BLOCKS_PER_LIST = 4
/** What a peer puts into one: frames have up to 16 KiB, but not all peers fill them. */
const CONTINUATION_BYTES = 8 * KIB

/** Name, defaults of a server and of a client, least and largest value. */
type Row = readonly [name: NumericOption, server: number, client: number, least: number, largest: number]
type NumericOption = Exclude<keyof Http2Options, 'routes' | 'timers' | 'memory'>

/** What all sessions of the process hold, unless told otherwise: a quarter of the memory that it may use, 256 MiB at most. */
export const DEFAULT_PROCESS_BUFFER_BYTES = Math.min(256 * MIB, Math.floor(memoryBytes() / 4))

const ROWS: readonly Row[] = [
  ['maxConcurrentStreams', 100, 100, 1, 100_000],
  ['streamWindowBytes', 128 * KIB, 256 * KIB, DEFAULT_WINDOW, MAX_31_BIT],
  ['maxStreamWindowBytes', 4 * MIB, 8 * MIB, DEFAULT_WINDOW, MAX_31_BIT],
  ['connectionWindowBytes', MIB, 4 * MIB, DEFAULT_WINDOW, MAX_31_BIT],
  ['maxConnectionWindowBytes', 8 * MIB, 16 * MIB, DEFAULT_WINDOW, MAX_31_BIT],
  ['sessionBufferBytes', 16 * MIB, 64 * MIB, DEFAULT_WINDOW, Number.MAX_SAFE_INTEGER],
  [
    'processBufferBytes',
    DEFAULT_PROCESS_BUFFER_BYTES,
    DEFAULT_PROCESS_BUFFER_BYTES,
    DEFAULT_WINDOW,
    Number.MAX_SAFE_INTEGER,
  ],
  ['streamHighWaterBytes', 64 * KIB, 64 * KIB, 1, MAX_31_BIT],
  ['sessionHighWaterBytes', MIB, MIB, 1, MAX_31_BIT],
  ['maxHeaderListBytes', 16 * KIB, 64 * KIB, 256, 16 * MIB],
  ['maxHeaderFields', 100, 129, 8, 10_000],
  ['maxHeaderBlockBytes', HEADER_BLOCK_BYTES, HEADER_BLOCK_BYTES, 256, 16 * MIB],
  ['maxContinuations', CONTINUATIONS, CONTINUATIONS, 0, 1_024],
  ['maxSendHeaderListBytes', 64 * KIB, 64 * KIB, 256, MIB],
  ['resetBurst', 200, 200, 1, MAX_31_BIT],
  ['resetRate', 50, 50, 0, MAX_31_BIT],
  ['earlyResetBurst', 5_000, 5_000, 1, MAX_31_BIT],
  ['earlyResetRate', 10_000, 10_000, 0, MAX_31_BIT],
  ['malformedBurst', 200, 200, 1, MAX_31_BIT],
  ['refusedBurst', 100, 100, 1, MAX_31_BIT],
  ['settingsBurst', 100, 100, 1, MAX_31_BIT],
  ['pingBurst', 100, 100, 1, MAX_31_BIT],
  ['windowUpdateBurst', 1_000, 1_000, 1, MAX_31_BIT],
  ['glitchBurst', 1_000, 1_000, 1, MAX_31_BIT],
  ['glitchRate', 100, 100, 0, MAX_31_BIT],
  ['maxControlQueue', 100, 100, 1, MAX_31_BIT],
  ['handshakeTimeoutMs', 10_000, 10_000, 1, HOUR_MS],
  ['headerTimeoutMs', 10_000, 10_000, 1, HOUR_MS],
  ['stallTimeoutMs', 60_000, 60_000, 1, 24 * HOUR_MS],
  ['liveStallTimeoutMs', 300_000, 300_000, 1, 24 * HOUR_MS],
  ['goawayTimeoutMs', 5_000, 5_000, 1, HOUR_MS],
  ['lingerMs', 1_000, 1_000, 1, HOUR_MS],
]

/** Malformed messages come back at this rate. */
const MALFORMED_MESSAGES_PER_SECOND = 50

/** SETTINGS and PING come back at this rate. */
const CONTROL_FRAMES_PER_SECOND = 10

/** Checks and completes options. Throws a RangeError that names every option out of range, with its value. */
export function normalizeHttp2Options(role: Http2Role, options: Http2Options = {}): NormalizedHttp2Options {
  const numbers = {} as Record<NumericOption, number>
  const faults: string[] = []
  for (const [name, server, client, least, largest] of ROWS) {
    const value = options[name] ?? (role === 'server' ? server : client)
    numbers[name] = value
    if (!Number.isInteger(value) || value < least || value > largest) {
      faults.push(`http2.${name} is ${value}, must be an integer from ${least} to ${largest}`)
    }
  }
  faults.push(...contradictions(role, numbers))
  if (faults.length > 0) throw new RangeError(faults.join('; '))
  return Object.freeze({
    ...numbers,
    role,
    routes: options.routes,
    timers: options.timers ?? systemTimers,
    memory: options.memory ?? processMemory,
    floods: floodRates(numbers),
  })
}

/**
 * The limits of encoded blocks, for header lists of up to so many bytes: what is not much larger is refused, and does not yet end
 * the connection.
 */
export function headerBlockLimits(
  maxHeaderListBytes: number,
): Required<Pick<Http2Options, 'maxHeaderBlockBytes' | 'maxContinuations'>> {
  const maxHeaderBlockBytes = Math.max(HEADER_BLOCK_BYTES, BLOCKS_PER_LIST * maxHeaderListBytes)
  return { maxHeaderBlockBytes, maxContinuations: Math.ceil(maxHeaderBlockBytes / CONTINUATION_BYTES) }
}

/** Of the machine, or what a container is given of it; Node says 0 where it does not know. */
function memoryBytes(): number {
  return Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY)
}

function contradictions(role: Http2Role, numbers: Record<NumericOption, number>): string[] {
  const faults: string[] = []
  const mustNotExceed = (low: NumericOption, high: NumericOption) => {
    if (numbers[low] > numbers[high]) faults.push(`http2.${low} is ${numbers[low]}, above ${high} ${numbers[high]}`)
  }
  mustNotExceed('streamWindowBytes', 'maxStreamWindowBytes')
  mustNotExceed('connectionWindowBytes', 'maxConnectionWindowBytes')
  const windows = numbers.maxConcurrentStreams * numbers.streamWindowBytes
  if (role === 'server' && windows > numbers.sessionBufferBytes) {
    faults.push(
      `http2.sessionBufferBytes is ${numbers.sessionBufferBytes}, below maxConcurrentStreams windows: ${windows}`,
    )
  }
  return faults
}

function floodRates(numbers: Record<NumericOption, number>): FloodRates {
  return Object.freeze({
    reset: { burst: numbers.resetBurst, perSecond: numbers.resetRate },
    earlyReset: { burst: numbers.earlyResetBurst, perSecond: numbers.earlyResetRate },
    malformed: { burst: numbers.malformedBurst, perSecond: MALFORMED_MESSAGES_PER_SECOND },
    refused: { burst: numbers.refusedBurst, perSecond: numbers.refusedBurst },
    settings: { burst: numbers.settingsBurst, perSecond: CONTROL_FRAMES_PER_SECOND },
    ping: { burst: numbers.pingBurst, perSecond: CONTROL_FRAMES_PER_SECOND },
    windowUpdate: { burst: numbers.windowUpdateBurst, perSecond: numbers.windowUpdateBurst },
    glitch: { burst: numbers.glitchBurst, perSecond: numbers.glitchRate },
  })
}
