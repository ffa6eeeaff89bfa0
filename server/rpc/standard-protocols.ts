/** The protocols of every server. */
import { connectStream } from './protocols/connect/stream-protocol.ts'
import { connectUnary } from './protocols/connect/unary-protocol.ts'
import { grpc } from './protocols/grpc/protocol.ts'
import { grpcWeb, grpcWebText } from './protocols/grpc-web/protocol.ts'
import type { ServerProtocol } from './protocols/server-protocol.ts'

/**
 * In the order in which they are tried. The last one accepts any request for a method that the others do not recognise.
 */
export const STANDARD_PROTOCOLS: readonly ServerProtocol[] = Object.freeze([
  grpc,
  grpcWeb,
  grpcWebText,
  connectStream,
  connectUnary,
])
