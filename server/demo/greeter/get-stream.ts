/** GetStream: reads a topic. */
import { Code, ConnectError, type HandlerContext } from '@connectrpc/connect'
import type { GetStreamRequest } from '../../../gen/greeter/v1/greeter_pb.js'
import type { TopicPosition, TopicSubscription } from '../topics/topic-hub.ts'
import type { GreeterParts } from './greeter-parts.ts'
import { toConnectError } from './to-connect-error.ts'
import { type GetStreamResponse, toGetStreamResponse } from './to-stream-response.ts'

/**
 * Sends what is kept from where the client asks, then what comes, until the limit is reached. Without a limit it ends
 * when the server begins to close. When the call is aborted it throws the reason: at once, even while it waits for a
 * message.
 */
export async function* getStream(
  { hub, closing, peerOf }: GreeterParts,
  request: GetStreamRequest,
  context: HandlerContext,
): AsyncGenerator<GetStreamResponse> {
  let subscription: TopicSubscription | undefined
  const ending = { abort: () => subscription?.end() }
  try {
    subscription = hub.subscribe({ signal: context.signal, peer: peerOf(context) })
    await subscription.join(request.topic, positionOf(request))
    if (request.limit === 0) closing?.add(ending)
    let sent = 0
    for await (const delivery of subscription) {
      yield toGetStreamResponse(delivery)
      if (++sent === request.limit) return
    }
  } catch (error) {
    throw toConnectError(error)
  } finally {
    closing?.delete(ending)
    subscription?.close()
  }
}

function positionOf({ afterSequence, epoch }: GetStreamRequest): TopicPosition | undefined {
  if (afterSequence !== undefined) return { epoch, sequence: afterSequence }
  if (epoch !== '') throw new ConnectError('epoch: needs after_sequence', Code.InvalidArgument)
  return undefined
}
