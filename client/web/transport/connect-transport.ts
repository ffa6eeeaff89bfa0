/** Connect over the browser's fetch. */
import type { Transport } from '@connectrpc/connect'
import { createConnectTransport as createUpstreamTransport } from '@connectrpc/connect-web'
import {
  checkPageOptions,
  PAGE_OPTION_KINDS,
  type PageTransportOptions,
  toUpstreamOptions,
} from './page-transport-options.ts'

/** Settings of a Connect transport. Each has a default. */
export interface ConnectTransportOptions extends PageTransportOptions {
  /** Whether calls without side effects use GET, so that caches can answer them. Default: false. */
  readonly useHttpGet?: boolean
}

/**
 * Creates a transport for `createClient` that speaks Connect, which is readable in the browser's network tools. It carries unary
 * calls and server streams; fetch cannot carry client streams and bidirectional ones.
 *
 * @throws RangeError for an unknown option, or a value of the wrong kind
 */
export function createConnectTransport(options: ConnectTransportOptions = {}): Transport {
  checkPageOptions('createConnectTransport', options, { ...PAGE_OPTION_KINDS, useHttpGet: ['boolean'] })
  const { useHttpGet = false, ...common } = options
  // Upstream's transport checks the content type of responses.
  return createUpstreamTransport({ ...toUpstreamOptions(common, () => true), useHttpGet })
}
