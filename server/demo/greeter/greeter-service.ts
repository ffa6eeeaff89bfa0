/** The example service: a greeting, and the four call modes over a topic hub. */
import type { ServiceImpl } from '@connectrpc/connect'
import type { GreeterService, PublishRequest } from '../../../gen/greeter/v1/greeter_pb.js'
import { AbortGroup } from '../../../wire/abort-group.ts'
import type { TopicHub, TopicMessage } from '../topics/topic-hub.ts'
import { allStream } from './all-stream.ts'
import { getStream } from './get-stream.ts'
import type { GreeterParts } from './greeter-parts.ts'
import { putStream } from './put-stream.ts'
import { toConnectError } from './to-connect-error.ts'

/** What a greeter may know of its server. */
export interface GreeterOptions {
  /**
   * Aborts when the server starts to drain: GetStream calls without a limit then end, with OK, once what was published
   * before is delivered. All others end by themselves. Default: never.
   */
  readonly closing?: AbortSignal
  /** Names the client of a call, for the hub's limits by client. Default: undefined for all, so that those do not apply. */
  readonly peerOf?: GreeterParts['peerOf']
}

/** Implements greeter.v1.GreeterService over a hub, which it shares with others and does not close. */
export function createGreeterService(
  hub: TopicHub,
  { closing, peerOf = () => undefined }: GreeterOptions = {},
): ServiceImpl<typeof GreeterService> {
  const parts: GreeterParts = { hub, closing: closing && new AbortGroup(closing), peerOf }
  return {
    sayHello: ({ name }) => ({ message: `Hello ${name}` }),
    publish: (request) => publish(hub, request),
    getStream: (request, context) => getStream(parts, request, context),
    putStream: (requests) => putStream(hub, requests),
    allStream: (requests, context) => allStream(parts, requests, context),
  }
}

async function publish(
  hub: TopicHub,
  { topic, data }: PublishRequest,
): Promise<Pick<TopicMessage, 'epoch' | 'sequence'>> {
  try {
    const { epoch, sequence } = await hub.publish(topic, data)
    return { epoch, sequence }
  } catch (error) {
    throw toConnectError(error)
  }
}
