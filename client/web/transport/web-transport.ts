/** Connect or gRPC-Web over the browser's fetch, chosen by an option. */
import type { Transport } from '@connectrpc/connect'
import { type ConnectTransportOptions, createConnectTransport } from './connect-transport.ts'
import { createGrpcWebTransport } from './grpc-web-transport.ts'
import { checkPageOptions, PAGE_OPTION_KINDS } from './page-transport-options.ts'

/** The protocols that a browser can speak. */
export type WebProtocol = 'connect' | 'grpc-web'

/** Settings of a transport. Each has a default. */
export interface WebTransportOptions extends ConnectTransportOptions {
  /** Default: `connect`, which is readable in the browser's network tools. */
  readonly protocol?: WebProtocol
}

/**
 * Creates a transport for `createClient` whose protocol is known only at run time. A page that speaks one protocol is smaller
 * with `createConnectTransport` or `createGrpcWebTransport`.
 *
 *     const client = createClient(ShopService, createWebTransport({ protocol: 'grpc-web' }))
 *
 * @throws TypeError when the protocol is neither `connect` nor `grpc-web`, or when `useHttpGet` is true for gRPC-Web
 * @throws RangeError for an unknown option, or a value of the wrong kind
 */
export function createWebTransport(options: WebTransportOptions = {}): Transport {
  checkPageOptions('createWebTransport', options, {
    ...PAGE_OPTION_KINDS,
    useHttpGet: ['boolean'],
    protocol: ['any'],
  })
  const { protocol = 'connect', ...rest } = options
  switch (protocol) {
    case 'connect':
      return createConnectTransport(rest)
    case 'grpc-web': {
      const { useHttpGet, ...common } = rest
      if (useHttpGet === true) throw new TypeError('useHttpGet is true, but gRPC-Web has no GET: use Connect')
      return createGrpcWebTransport(common)
    }
    default:
      throw new TypeError(`protocol is ${String(protocol)}: it must be connect or grpc-web`)
  }
}
