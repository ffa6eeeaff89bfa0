/** Reads a topic of the demo's GreeterService across lost connections and server restarts. */
import type { MessageInitShape } from '@bufbuild/protobuf'
import type { Client } from '@connectrpc/connect'
import type { GetStreamRequestSchema, GetStreamResponse, GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { watchStream } from '../core/watch-stream.ts'
import type { WatchStreamOptions } from '../core/watch-stream-options.ts'

/** The part of a GreeterService client that a watch needs. */
export type TopicClient = Pick<Client<typeof GreeterService>, 'getStream'>

type StreamOptions = WatchStreamOptions<MessageInitShape<typeof GetStreamRequestSchema>, GetStreamResponse>

/** What to read, and the options of `watchStream`. */
export interface WatchTopicOptions extends Omit<StreamOptions, 'request' | 'resumeAfter'> {
  /** The topic: 1 to 128 characters of `A-Z a-z 0-9 . _ / -`. */
  readonly topic: string
  /**
   * The sequence of the last message already seen: the watch starts after it, and 0 starts with the oldest message that is kept.
   * Default: only messages published from now on; then a connection that is lost before the first message has no position
   * to resume from, and messages published meanwhile are missed.
   */
  readonly afterSequence?: bigint | undefined
  /** The epoch of that message, as sequences of different epochs cannot be compared. Default: unknown. Needs `afterSequence`. */
  readonly epoch?: string | undefined
}

const MAX_SEQUENCE = 2n ** 64n - 1n

/**
 * Yields the messages of a topic in order. `missed` counts messages that the server no longer kept.
 *
 *     for await (const message of watchTopic(client, { topic: 'chat/lobby', afterSequence: 0n, signal })) show(message)
 *
 * A server that lost the topic, because it restarted or evicted it, counts from 1 again in another epoch. The watch follows:
 * the first message of that epoch has `reset` set, and unread messages of the former one are lost. To start another watch after
 * a message, pass its `epoch` and `sequence`.
 *
 * @throws RangeError for an option that is unknown or out of range
 * @throws ConnectError from the iteration, when a call fails with one of `finalCodes`
 */
export function watchTopic(
  client: TopicClient,
  { topic, afterSequence, epoch, ...options }: WatchTopicOptions,
): AsyncIterableIterator<GetStreamResponse, undefined> {
  if (afterSequence !== undefined && (afterSequence < 0n || afterSequence > MAX_SEQUENCE)) {
    throw new RangeError(`afterSequence is ${afterSequence}: it must be from 0 to ${MAX_SEQUENCE}`)
  }
  if (epoch !== undefined && afterSequence === undefined) throw new RangeError('epoch needs afterSequence')
  return watchStream(client.getStream, {
    ...options,
    request: afterSequence === undefined ? { topic } : { topic, afterSequence, epoch: epoch ?? '' },
    resumeAfter: (message) => ({ afterSequence: message.sequence, epoch: message.epoch }),
  })
}
