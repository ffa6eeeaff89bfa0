/** gRPC-Web over the browser's fetch. */
import type { Transport } from '@connectrpc/connect'
import { createGrpcWebTransport as createUpstreamTransport } from '@connectrpc/connect-web'
import {
  checkPageOptions,
  PAGE_OPTION_KINDS,
  type PageTransportOptions,
  toUpstreamOptions,
} from './page-transport-options.ts'

/** Settings of a gRPC-Web transport. Each has a default. */
export type GrpcWebTransportOptions = PageTransportOptions

/** Upstream's transport would read a page of HTML as messages. */
const GRPC_WEB_TYPE = /^application\/grpc-web(?:-text)?(?:\+|;|$)/i

/**
 * Creates a transport for `createClient` that speaks gRPC-Web. It carries unary calls and server streams; fetch cannot carry
 * client streams and bidirectional ones.
 *
 * @throws RangeError for an unknown option, or a value of the wrong kind
 */
export function createGrpcWebTransport(options: GrpcWebTransportOptions = {}): Transport {
  checkPageOptions('createGrpcWebTransport', options, PAGE_OPTION_KINDS)
  return createUpstreamTransport(toUpstreamOptions(options, (contentType) => GRPC_WEB_TYPE.test(contentType)))
}
