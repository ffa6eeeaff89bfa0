/** Reads a topic for as long as one likes, across lost connections and server restarts. */
import { type Client, Code, ConnectError } from '@connectrpc/connect'
import type { GetStreamResponse, GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { checkOptions, type OptionKinds, type OptionShape } from '../../wire/options/check-options.ts'
import { BACKOFF_SHAPE, type Backoff, backoffDelayMs, normalizeBackoff } from './backoff.ts'
import { sleep } from './sleep.ts'

/** The part of a GreeterService client that a watch needs. */
export type TopicClient = Pick<Client<typeof GreeterService>, 'getStream'>

/** How a watch stands with the server. */
export type WatchState =
  /** A call is under way, and the server has not answered yet. Some servers answer with the first message only. */
  | { readonly name: 'connecting' }
  /** The server answered: messages come as they are published. */
  | { readonly name: 'live' }
  /** The call was lost, by this error. The next one starts after `delayMs`. `failures` counts from 1, in a row. */
  | { readonly name: 'waiting'; readonly error: ConnectError; readonly delayMs: number; readonly failures: number }

/** What to read, and what to do when the connection is lost. */
export interface WatchTopicOptions {
  /** The topic: 1 to 128 characters of `A-Z a-z 0-9 . _ / -`. */
  readonly topic: string
  /**
   * The sequence of the last message already seen: the watch starts after it, and 0 starts with the oldest message that
   * is kept. Absent, it starts with what is published from now on; then a connection that is lost before the first
   * message has no place to resume from, and what was published meanwhile is not seen.
   */
  readonly afterSequence?: bigint | undefined
  /**
   * The epoch of that message: the sequence counts in it alone. If the topic has another one by now, the watch starts with
   * all that is kept, and the first message says `reset`. Default: not known. Needs `afterSequence`.
   */
  readonly epoch?: string | undefined
  /** Ends the watch: the iteration then completes without an error. */
  readonly signal?: AbortSignal | undefined
  /** Called on each change of state, at once and in order. It must not throw. */
  readonly onState?: ((state: WatchState) => void) | undefined
  /** How waits between attempts grow. Default: 500 ms, times 1.6 each, 15 s at most, with a jitter of 20 %. */
  readonly backoff?: Partial<Backoff> | undefined
  /** Waits. It should return early when the signal aborts, and may whenever a new attempt is worth it. Default: a timer. */
  readonly sleep?: ((delayMs: number, signal: AbortSignal) => Promise<void>) | undefined
  /** A number from 0 to below 1, for jitter. Default: Math.random. */
  readonly random?: (() => number) | undefined
  /** Milliseconds on a clock that never goes back. Default: performance.now. */
  readonly now?: (() => number) | undefined
}

/** These mean that the call itself is wrong: the same call would fail again. */
const PERMANENT_CODES: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.NotFound,
  Code.AlreadyExists,
  Code.PermissionDenied,
  Code.Unauthenticated,
  Code.FailedPrecondition,
  Code.OutOfRange,
  Code.Unimplemented,
])

const SHAPE: OptionShape = {
  kinds: {
    topic: ['string'],
    afterSequence: ['any'],
    epoch: ['string'],
    signal: ['object'],
    onState: ['function'],
    backoff: ['object'],
    sleep: ['function'],
    random: ['function'],
    now: ['function'],
  } satisfies OptionKinds<WatchTopicOptions>,
  nested: { backoff: BACKOFF_SHAPE },
}

const MAX_SEQUENCE = 2n ** 64n - 1n

/**
 * Yields the messages of a topic in order, and opens a new call after the last one seen whenever a call is lost, so that
 * nothing is repeated and nothing that the server still keeps is left out. What was lost there shows as `missed`.
 *
 *     for await (const message of watchTopic(client, { topic: 'chat/lobby', afterSequence: 0n, signal })) show(message)
 *
 * A server that has lost the topic, because it was restarted or evicted the topic, counts from 1 again in another epoch.
 * The watch follows: the first message of that epoch says `reset`, and what the former one still had is lost. Keep `epoch`
 * and `sequence` of the last message to start another watch after it.
 *
 * Leaving the loop ends the call at the server. Ends without an error when the signal aborts.
 *
 * @throws RangeError on an option out of its range, and on a name that is not an option
 * @throws ConnectError with a code that the same call would meet again, such as INVALID_ARGUMENT or UNAUTHENTICATED
 */
export async function* watchTopic(client: TopicClient, options: WatchTopicOptions): AsyncGenerator<GetStreamResponse> {
  const watch = normalizeWatchTopicOptions(options)
  const leave = new AbortController()
  const signal = watch.signal === undefined ? leave.signal : AbortSignal.any([watch.signal, leave.signal])
  const place: Place = { afterSequence: watch.afterSequence, epoch: watch.epoch ?? '', messagesInCall: 0 }
  let failures = 0
  try {
    while (!signal.aborted) {
      const startedMs = watch.now()
      const error = yield* readUntilLost(client, watch, place, signal)
      if (signal.aborted) return
      if (PERMANENT_CODES.has(error.code)) throw error
      const wasHealthy = place.messagesInCall > 0 || watch.now() - startedMs >= watch.backoff.maxMs
      failures = wasHealthy ? 1 : failures + 1
      const delayMs = backoffDelayMs(watch.backoff, failures, watch.random)
      watch.onState({ name: 'waiting', error, delayMs, failures })
      await watch.sleep(delayMs, signal)
    }
  } finally {
    leave.abort()
  }
}

/** Where a watch is in its topic. */
interface Place {
  afterSequence: bigint | undefined
  /** Of the last message; empty if it is not known. */
  epoch: string
  messagesInCall: number
}

/** Makes one call, keeps the place in step with what it yields, and returns why the call is over. */
async function* readUntilLost(
  client: TopicClient,
  { topic, onState }: CompleteOptions,
  place: Place,
  signal: AbortSignal,
): AsyncGenerator<GetStreamResponse, ConnectError> {
  const { afterSequence, epoch } = place
  const request = afterSequence === undefined ? { topic } : { topic, afterSequence, epoch }
  place.messagesInCall = 0
  onState({ name: 'connecting' })
  try {
    for await (const message of client.getStream(request, { signal, onHeader: () => onState({ name: 'live' }) })) {
      place.afterSequence = message.sequence
      place.epoch = message.epoch
      place.messagesInCall += 1
      yield message
    }
    return new ConnectError('the server ended the stream', Code.Unavailable)
  } catch (reason) {
    return ConnectError.from(reason)
  }
}

type Defaulted = 'onState' | 'backoff' | 'sleep' | 'random' | 'now'
type CompleteOptions = Omit<WatchTopicOptions, Defaulted> & {
  readonly [Name in Exclude<Defaulted, 'backoff'>]-?: NonNullable<WatchTopicOptions[Name]>
} & { readonly backoff: Backoff }

function normalizeWatchTopicOptions(init: WatchTopicOptions): CompleteOptions {
  checkOptions('watchTopic', init, SHAPE)
  const { afterSequence, epoch } = init
  if (afterSequence !== undefined && (afterSequence < 0n || afterSequence > MAX_SEQUENCE)) {
    throw new RangeError(`afterSequence is ${afterSequence}: it must be from 0 to ${MAX_SEQUENCE}`)
  }
  if (epoch !== undefined && afterSequence === undefined) throw new RangeError('epoch needs afterSequence')
  return Object.freeze({
    topic: init.topic,
    afterSequence,
    epoch,
    signal: init.signal,
    onState: init.onState ?? (() => {}),
    backoff: normalizeBackoff(init.backoff),
    sleep: init.sleep ?? sleep,
    random: init.random ?? Math.random,
    now: init.now ?? (() => performance.now()),
  })
}
