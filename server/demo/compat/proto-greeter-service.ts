/** The older greeter's second service, `proto.Greeter`. */
import type { ServiceImpl } from '@connectrpc/connect'
import type { Greeter } from '../../../gen/compat/proto_pb.js'

/** Implements `proto.Greeter`, which echoes. */
export function createProtoGreeterService(): ServiceImpl<typeof Greeter> {
  return { hello: ({ msg }) => ({ msg }) }
}
