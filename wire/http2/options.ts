/** The options of HTTP/2 sessions: limits, windows, flood budgets and timeouts, validated once and then frozen. */
import { totalmem } from 'node:os'
import type { FloodRates } from './flood-guard.ts'
import { DEFAULT_WINDOW, MAX_31_BIT } from './frame.ts'
import type { RouteMemo } from './hpack/route-memo.ts'
import type { PingPolicy } from './ping-strikes.ts'
import { type ProcessMemory, processMemory } from './process-memory.ts'
import { systemTimers, type TimerWheel } from './timer-wheel.ts'

/** Options of a session. Where two defaults are given, the first is for servers. */
export interface Http2Options {
  /** Maximum of open streams of the peer, and of running handlers. Default 100, range 1 to 100,000. */
  readonly maxConcurrentStreams?: number
  /** Initial receive window of a stream. Default 128 KiB, 256 KiB; from 65,535. */
  readonly streamWindowBytes?: number
  /** Maximum receive window of a stream. Default 4 MiB, 8 MiB. */
  readonly maxStreamWindowBytes?: number
  /** Initial receive window of the connection. Default 1 MiB, 4 MiB; from 65,535. */
  readonly connectionWindowBytes?: number
  /** Maximum receive window of the connection. Default 8 MiB, 16 MiB. */
  readonly maxConnectionWindowBytes?: number
  /** Maximum of unread octets per session, which also bounds the sum of its stream windows. Default 16 MiB, 64 MiB. */
  readonly sessionBufferBytes?: number
  /** Maximum of octets that all connections of the process hold. Default 256 MiB or a quarter of the memory, whichever is less. */
  readonly processBufferBytes?: number
  /** Queued octets of a stream from which `write` returns false. Default 64 KiB. */
  readonly streamHighWaterBytes?: number
  /** Queued octets of a session from which `write` returns false. Default 1 MiB. */
  readonly sessionHighWaterBytes?: number
  /** Maximum size of a received header list, in octets of names and values plus 32 per field. Default 16 KiB, 64 KiB. */
  readonly maxHeaderListBytes?: number
  /** Maximum of fields in a received header list. Default 100, 129: 128 of metadata and the status. */
  readonly maxHeaderFields?: number
  /** Maximum octets of one encoded header block; more end the connection. Default 64 KiB. */
  readonly maxHeaderBlockBytes?: number
  /** Maximum of CONTINUATION frames per header block; more end the connection. Default 8. */
  readonly maxContinuations?: number
  /** Maximum size of a header list that we send, counted the same way; the peer may allow less. Default 64 KiB, at most 1 MiB. */
  readonly maxSendHeaderListBytes?: number
  /**
   * Streams that the peer may reset in the read that brought them before the connection ends (CVE-2023-44487). Streams with a deadline of
   * up to 100 ms do not count. Default 200.
   */
  readonly resetBurst?: number
  /** Refill of `resetBurst` per second. Default 50, plus 10 for each millisecond of CPU time of the process. */
  readonly resetRate?: number
  /**
   * Burst of resets of young streams before the connection ends. Default 5,000: fifty rounds of 100 streams. A peer that wastes handlers
   * is slowed down long before.
   */
  readonly earlyResetBurst?: number
  /** Refill of `earlyResetBurst` per second. Default 10,000: as if each of 100 streams lived for 10 ms. */
  readonly earlyResetRate?: number
  /** Burst of malformed messages before the connection ends (CVE-2025-8671); 50 are refilled per second. Default 200. */
  readonly malformedBurst?: number
  /** Burst of streams above the limit before the connection ends; as many are refilled per second. Default 100. */
  readonly refusedBurst?: number
  /** Burst of SETTINGS frames (CVE-2019-9515); 10 are refilled per second. Default 100. */
  readonly settingsBurst?: number
  /** Burst of PINGs beyond those that our own frames explain (CVE-2019-9512); 10 are refilled per second. Default 100. */
  readonly pingBurst?: number
  /** Burst of WINDOW_UPDATEs beyond those that our own frames explain; as many are refilled per second. Default 1,000. */
  readonly windowUpdateBurst?: number
  /** Burst of harmless but pointless frames. Default 1,000. */
  readonly glitchBurst?: number
  /** Refill of `glitchBurst` per second. Default 100. */
  readonly glitchRate?: number
  /** Maximum of unsent replies to the peer's control frames. Above it, the socket is not read. Default 100. */
  readonly maxControlQueue?: number
  /** Server: time limit for the peer's first SETTINGS, and for its acknowledgement of ours. Default 10 s. */
  readonly handshakeTimeoutMs?: number
  /** Time limit from the first octet of a header block to its last. Default 10 s. */
  readonly headerTimeoutMs?: number
  /**
   * Server: time after which a finished reply without progress is reset, and a stream whose peer owes octets and sends none. Both roles:
   * time limit for closing a session whose streams have ended. Default 60 s.
   */
  readonly stallTimeoutMs?: number
  /** Server: time after which an unfinished reply that the peer does not read is reset. Default 5 min. */
  readonly liveStallTimeoutMs?: number
  /** Time limit for the peer to acknowledge a GOAWAY. Default 5 s (as in grpc-go). */
  readonly goawayTimeoutMs?: number
  /** How long a connection that failed is still read, so that the peer receives the reason. Default 1 s. */
  readonly lingerMs?: number
  /** Server: how often the client may ping. Default: as often as `pingBurst` allows. */
  readonly pingPolicy?: PingPolicy | undefined
  /** Server: whether to announce and accept extended CONNECT, for tunnels such as WebSockets (RFC 8441). Default: false. */
  readonly allowsConnectProtocol?: boolean
  /** The registered paths of a server, which are recognised without decoding. Default: none. */
  readonly routes?: RouteMemo
  /** Timers and clock. Default: those of the process. */
  readonly timers?: TimerWheel
  /** Where memory is counted. Default: with the whole process. */
  readonly memory?: ProcessMemory
}

/** Complete, validated and frozen options; one object for all sessions of a listener or channel. */
export interface NormalizedHttp2Options extends Required<Omit<Http2Options, 'routes' | 'pingPolicy'>> {
  readonly role: Http2Role
  readonly routes: RouteMemo | undefined
  readonly pingPolicy: PingPolicy | undefined
  /** The flood budgets. */
  readonly floods: FloodRates
}

/** Our side of a connection. */
export type Http2Role = 'server' | 'client'

const KIB = 1_024
const MIB = 1_024 * KIB
const HOUR_MS = 3_600_000
const HEADER_BLOCK_BYTES = 64 * KIB
const CONTINUATIONS = 8
const BLOCKS_PER_LIST = 4
/** Assumed size of a CONTINUATION: up to 16 KiB, but not all peers fill them. */
const CONTINUATION_BYTES = 8 * KIB

/** Name, default of a server, default of a client, minimum, maximum. */
type Row = readonly [name: NumericOption, server: number, client: number, least: number, largest: number]
type NumericOption = Exclude<
  keyof Http2Options,
  'allowsConnectProtocol' | 'routes' | 'pingPolicy' | 'timers' | 'memory'
>

/** The default limit of all sessions of the process: a quarter of the memory, at most 256 MiB. */
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

/** Refill of the budget for malformed messages. */
const MALFORMED_MESSAGES_PER_SECOND = 50

/** Refill of the budgets for SETTINGS and PING. */
const CONTROL_FRAMES_PER_SECOND = 10

/** Validates options and adds defaults. Throws a RangeError that names every option out of range, with its value. */
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
    allowsConnectProtocol: options.allowsConnectProtocol ?? false,
    routes: options.routes,
    pingPolicy: options.pingPolicy,
    timers: options.timers ?? systemTimers,
    memory: options.memory ?? processMemory,
    floods: floodRates(numbers),
  })
}

/**
 * Returns the limits of encoded blocks for a limit of header lists: large enough that a list that is not far above its limit is refused
 * without ending the connection.
 */
export function headerBlockLimits(
  maxHeaderListBytes: number,
): Required<Pick<Http2Options, 'maxHeaderBlockBytes' | 'maxContinuations'>> {
  const maxHeaderBlockBytes = Math.max(HEADER_BLOCK_BYTES, BLOCKS_PER_LIST * maxHeaderListBytes)
  return { maxHeaderBlockBytes, maxContinuations: Math.ceil(maxHeaderBlockBytes / CONTINUATION_BYTES) }
}

/** Returns the memory of the machine, or of its container. Node returns 0 if it does not know the latter. */
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
