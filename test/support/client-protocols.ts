/** The client's protocols, for tests without sockets. */
import type { ClientProtocol } from '../../client/node/rpc/method-plan.ts'
import { connectProtocol } from '../../client/node/rpc/protocols/connect/connect-protocol.ts'
import { grpcProtocol } from '../../client/node/rpc/protocols/grpc/grpc-protocol.ts'
import { grpcWebProtocol } from '../../client/node/rpc/protocols/grpc-web/grpc-web-protocol.ts'

/** For test tables: `$protocol.name`. */
export const CLIENT_PROTOCOLS: readonly { readonly protocol: ClientProtocol }[] = [
  { protocol: grpcProtocol },
  { protocol: grpcWebProtocol },
  { protocol: connectProtocol(false) },
]
