/** The options of `watchStream`, checked once into one frozen object. */
import { type CallOptions, Code, type ConnectError } from '@connectrpc/connect'
import { checkOptions, kindFault, type OptionKinds, type OptionShape } from '../../wire/options/check-options.ts'
import { BACKOFF_SHAPE, type Backoff, normalizeBackoff } from './backoff.ts'
import { sleep } from './sleep.ts'

/** The state of a watch. */
export type WatchState =
  /** A call has started and the server has not responded yet. Some servers send headers only with the first message. */
  | { readonly name: 'connecting' }
  /** The server has responded, and messages arrive as it sends them. */
  | { readonly name: 'live' }
  /** The call ended with this error. The next one starts after `delayMs`. `failures` counts failed calls in a row, from 1. */
  | { readonly name: 'waiting'; readonly error: ConnectError; readonly delayMs: number; readonly failures: number }

/** What to read, how to resume, and when to give up. */
export interface WatchStreamOptions<Request, Message> {
  /** The request of the first call. */
  readonly request: Request
  /**
   * Returns the fields that make the next request resume after this message, such as a cursor or `{ epoch, sequence }`. They
   * replace the fields of the same name in `request`. Return undefined for a message without a position, such as a heartbeat:
   * the watch keeps the position it has. Called once per message, when the loop asks for the next one. An error that it
   * throws ends the watch.
   */
  readonly resumeAfter: (message: Message) => Partial<Request> | undefined
  /**
   * Codes that end the watch, because the same call would fail the same way. Every other code starts a new call.
   * Default: `DEFAULT_FINAL_CODES`.
   */
  readonly finalCodes?: readonly Code[] | undefined
  /**
   * Codes that mean that the server no longer has the position, such as OUT_OF_RANGE: the next call sends `request` as it was
   * given. They take precedence over `finalCodes`, except for a call that sent no position. Default: none.
   */
  readonly resetCodes?: readonly Code[] | undefined
  /** Whether to start a new call when the server ends the stream with OK. Otherwise the watch ends there. Default: true. */
  readonly resumesAfterEnd?: boolean | undefined
  /** Ends the watch: the iteration then completes without an error. */
  readonly signal?: AbortSignal | undefined
  /** Headers, deadline, context values and callbacks of each call. Default: none. */
  readonly callOptions?: Omit<CallOptions, 'signal'> | undefined
  /** Called synchronously on each change of state, in order. An error that it throws ends the watch. */
  readonly onState?: ((state: WatchState) => void) | undefined
  /** How the delay between calls grows. Default: 500 ms, multiplied by 1.6 up to 15 s, with 20 % jitter. */
  readonly backoff?: Partial<Backoff> | undefined
  /** Waits between calls. It should return early when the signal aborts; it may return early to retry sooner. Default: a timer. */
  readonly sleep?: ((delayMs: number, signal: AbortSignal) => Promise<void>) | undefined
  /** Returns a number from 0 to below 1, for jitter. Default: Math.random. */
  readonly random?: (() => number) | undefined
  /** Returns milliseconds of a monotonic clock. Default: performance.now. */
  readonly now?: (() => number) | undefined
}

/** Codes that say that the call itself is wrong: a retry would fail in the same way. */
export const DEFAULT_FINAL_CODES: readonly Code[] = Object.freeze([
  Code.InvalidArgument,
  Code.NotFound,
  Code.AlreadyExists,
  Code.PermissionDenied,
  Code.Unauthenticated,
  Code.FailedPrecondition,
  Code.OutOfRange,
  Code.Unimplemented,
])

type OptionalInResult = 'signal' | 'callOptions'

/** The options with their defaults. */
export type CompleteWatchOptions<Request, Message> = {
  readonly [Name in keyof WatchStreamOptions<Request, Message>]-?: Name extends OptionalInResult
    ? WatchStreamOptions<Request, Message>[Name]
    : Name extends 'backoff'
      ? Backoff
      : NonNullable<WatchStreamOptions<Request, Message>[Name]>
}

const SHAPE: OptionShape = {
  kinds: {
    request: ['object'],
    resumeAfter: ['function'],
    finalCodes: ['array'],
    resetCodes: ['array'],
    resumesAfterEnd: ['boolean'],
    signal: ['object'],
    callOptions: ['object'],
    onState: ['function'],
    backoff: ['object'],
    sleep: ['function'],
    random: ['function'],
    now: ['function'],
  } satisfies OptionKinds<WatchStreamOptions<object, object>>,
  nested: {
    backoff: BACKOFF_SHAPE,
    callOptions: {
      kinds: {
        timeoutMs: ['number'],
        headers: ['any'],
        onHeader: ['function'],
        onTrailer: ['function'],
        contextValues: ['object'],
      } satisfies OptionKinds<Omit<CallOptions, 'signal'>>,
    },
  },
}

/**
 * Checks the options and fills in the defaults.
 *
 * @throws RangeError for an unknown name, a missing option, or a value of the wrong kind or out of range
 */
export function normalizeWatchStreamOptions<Request extends object, Message>(
  init: WatchStreamOptions<Request, Message>,
): CompleteWatchOptions<Request, Message> {
  checkOptions('watchStream', init, SHAPE)
  const { request, resumeAfter } = init
  const fault =
    kindFault('request', request, ['object']) ??
    kindFault('resumeAfter', resumeAfter, ['function']) ??
    codesFault('finalCodes', init.finalCodes) ??
    codesFault('resetCodes', init.resetCodes)
  if (fault !== undefined) throw new RangeError(`watchStream: ${fault}`)
  return Object.freeze({
    request,
    resumeAfter,
    finalCodes: init.finalCodes ?? DEFAULT_FINAL_CODES,
    resetCodes: init.resetCodes ?? [],
    resumesAfterEnd: init.resumesAfterEnd ?? true,
    signal: init.signal,
    callOptions: init.callOptions,
    onState: init.onState ?? (() => {}),
    backoff: normalizeBackoff(init.backoff),
    sleep: init.sleep ?? sleep,
    random: init.random ?? Math.random,
    now: init.now ?? (() => performance.now()),
  })
}

/** A name such as `unavailable` in place of `Code.Unavailable` would never match. */
function codesFault(name: string, codes: readonly Code[] = []): string | undefined {
  const stranger = codes.find((code) => Code[code] === undefined || typeof code !== 'number')
  return stranger === undefined ? undefined : `${name} contains ${stranger}: use values of Code, such as Code.Aborted`
}
