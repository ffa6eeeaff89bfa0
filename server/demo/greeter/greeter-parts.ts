/** What the methods of the greeter share. */
import type { HandlerContext } from '@connectrpc/connect'
import type { AbortGroup } from '../../../wire/abort-group.ts'
import type { TopicHub } from '../topics/topic-hub.ts'

/** The hub of a greeter, which others may share, and what it knows of its server. */
export interface GreeterParts {
  readonly hub: TopicHub
  /** Calls that end when the server starts to drain; undefined: it never does. */
  readonly closing: AbortGroup | undefined
  /** Names the client of a call, for limits by client; undefined: no such limits. */
  peerOf(context: HandlerContext): string | undefined
}
