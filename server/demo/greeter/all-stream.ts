/** AllStream: publishes and reads at the same time. */
import type { HandlerContext } from '@connectrpc/connect'
import type { AllStreamRequest } from '../../../gen/greeter/v1/greeter_pb.js'
import type { TopicHub, TopicSubscription } from '../topics/topic-hub.ts'
import type { GreeterParts } from './greeter-parts.ts'
import { toConnectError } from './to-connect-error.ts'
import { type AllStreamResponse, toAllStreamResponse } from './to-stream-response.ts'

/**
 * Sends what is published on the joined topics, while it publishes what the client sends. When the client ends, what
 * waits is still delivered. When the input fails or the call is aborted, it throws at once.
 */
export async function* allStream(
  { hub, peerOf }: GreeterParts,
  requests: AsyncIterable<AllStreamRequest>,
  context: HandlerContext,
): AsyncGenerator<AllStreamResponse> {
  let subscription: TopicSubscription | undefined
  try {
    subscription = hub.subscribe({ signal: context.signal, peer: peerOf(context) })
    void publishAll(hub, requests, subscription)
    for await (const delivery of subscription) yield toAllStreamResponse(delivery)
  } catch (error) {
    throw toConnectError(error)
  } finally {
    subscription?.close()
  }
}

/**
 * Joins and publishes for the client until it ends. Never rejects: the subscription, which the other side of the call
 * reads, carries the failure. Once that is closed, join() fails, so that nothing is published for a call that is over.
 */
async function publishAll(
  hub: TopicHub,
  requests: AsyncIterable<AllStreamRequest>,
  subscription: TopicSubscription,
): Promise<void> {
  try {
    for await (const { topic, data } of requests) {
      await subscription.join(topic)
      if (data !== '') await hub.publish(topic, data)
    }
    subscription.end()
  } catch (error) {
    subscription.close(error)
  }
}
