/** The protocols that every server speaks. */
import { connectStream } from './connect/stream-protocol.ts'
import { connectUnary } from './connect/unary-protocol.ts'
import { grpc } from './grpc/protocol.ts'
import { grpcWeb, grpcWebText } from './grpc-web/protocol.ts'
import type { ServerProtocol } from './server-protocol.ts'

/** In the order in which they are asked; the last one takes every request for a method that no other recognises. */
export const STANDARD_PROTOCOLS: readonly ServerProtocol[] = Object.freeze([
  grpc,
  grpcWeb,
  grpcWebText,
  connectStream,
  connectUnary,
])
