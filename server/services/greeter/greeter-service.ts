/** The example service: a greeting, and the four call modes over a topic hub. */
import type { ServiceImpl } from '@connectrpc/connect'
import type { GreeterService, PublishRequest } from '../../../gen/greeter/v1/greeter_pb.js'
import type { TopicHub } from '../../topics/topic-hub.ts'
import { allStream } from './all-stream.ts'
import { getStream } from './get-stream.ts'
import { putStream } from './put-stream.ts'
import { toConnectError } from './to-connect-error.ts'

/**
 * Implements greeter.v1.GreeterService over a hub, which it shares with others and does not close.
 *
 * @param closing aborts when the server begins to drain: GetStream calls without a limit then end, with OK, once what was
 *   published before is delivered. All others end by themselves. Default: never
 */
export function createGreeterService(hub: TopicHub, closing?: AbortSignal): ServiceImpl<typeof GreeterService> {
  return {
    sayHello: ({ name }) => ({ message: `Hello ${name}` }),
    publish: (request) => publish(hub, request),
    getStream: (request, context) => getStream({ hub, closing }, request, context),
    putStream: (requests) => putStream(hub, requests),
    allStream: (requests, context) => allStream(hub, requests, context),
  }
}

async function publish(hub: TopicHub, { topic, data }: PublishRequest): Promise<{ sequence: bigint }> {
  try {
    return { sequence: await hub.publish(topic, data) }
  } catch (error) {
    throw toConnectError(error)
  }
}
