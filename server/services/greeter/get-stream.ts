/** GetStream: reads a topic. */
import type { HandlerContext } from '@connectrpc/connect'
import type { GetStreamRequest } from '../../../gen/greeter/v1/greeter_pb.js'
import type { TopicHub, TopicSubscription } from '../../topics/topic-hub.ts'
import { toConnectError } from './to-connect-error.ts'
import { type StreamResponseInit, toStreamResponse } from './to-stream-response.ts'

/**
 * Sends what is kept from where the client asks, then what comes, until the limit is reached. Otherwise it lasts until
 * the call is aborted, and throws the reason: at once, even while it waits for a message.
 */
export async function* getStream(
  hub: TopicHub,
  request: GetStreamRequest,
  context: HandlerContext,
): AsyncGenerator<StreamResponseInit> {
  let subscription: TopicSubscription | undefined
  try {
    subscription = hub.subscribe(context.signal)
    await subscription.join(request.topic, request.afterSequence)
    let sent = 0
    for await (const delivery of subscription) {
      yield toStreamResponse(delivery)
      if (++sent === request.limit) return
    }
  } catch (error) {
    throw toConnectError(error)
  } finally {
    subscription?.close()
  }
}
