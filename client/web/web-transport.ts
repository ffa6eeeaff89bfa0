/** How a page reaches its server: Connect or gRPC-Web over the browser's fetch. */
import type { Registry } from '@bufbuild/protobuf'
import type { Interceptor, Transport } from '@connectrpc/connect'
import { createConnectTransport, createGrpcWebTransport } from '@connectrpc/connect-web'
import { checkOptions, type OptionKinds, type OptionShape } from '../../wire/options/check-options.ts'
import {
  BINARY_OPTIONS_SHAPE,
  type BinaryOptions,
  JSON_OPTIONS_SHAPE,
  type JsonOptions,
} from '../../wire/options/codec-options.ts'
import { type AcceptsType, fetchWithCodes } from './fetch-with-codes.ts'
import { WEB_ADVICE } from './other-names.ts'

/**
 * The protocols that a browser can speak. Both carry unary calls and server streams; client streams and bidirectional
 * ones are out of fetch's reach.
 */
export type WebProtocol = 'connect' | 'grpc-web'

/** Settings of a transport. Each has a default. */
export interface WebTransportOptions {
  /** Default: `connect`, which is readable in the browser's network tools. */
  readonly protocol?: WebProtocol
  /** Where the services are, such as `https://example.com/api`. Default: the root of the page's own origin. */
  readonly baseUrl?: string
  /** Whether messages are binary rather than JSON. Default: false for Connect, true for gRPC-Web. */
  readonly useBinaryFormat?: boolean
  /** The types that `google.protobuf.Any` and extensions may hold in JSON. Default: none. Binary needs none. */
  readonly registry?: Registry
  /** How JSON is read and written, for protobuf-es; a registry in it goes before `registry`. Default: unknown fields are ignored. */
  readonly jsonOptions?: JsonOptions
  /** How binary messages are read and written, for protobuf-es. Default: its own. */
  readonly binaryOptions?: BinaryOptions
  /** Whether calls without side effects go by GET, so that caches can answer. Connect only. Default: false. */
  readonly useHttpGet?: boolean
  /** Run around every call, the first one outermost. Default: none. */
  readonly interceptors?: readonly Interceptor[]
  /** The deadline of calls that have none of their own, in milliseconds. Default: none. */
  readonly defaultTimeoutMs?: number
  /** Makes the requests, for instance with credentials. Default: the browser's fetch. */
  readonly fetch?: typeof globalThis.fetch
}

/** Connect's transport checks the type by itself; that of gRPC-Web reads a page of HTML as messages. */
const ACCEPTED: Readonly<Record<WebProtocol, AcceptsType>> = {
  connect: () => true,
  'grpc-web': (contentType) => /^application\/grpc-web(?:-text)?(?:\+|;|$)/i.test(contentType),
}

const SHAPE: OptionShape = {
  kinds: {
    protocol: ['any'],
    baseUrl: ['string'],
    useBinaryFormat: ['boolean'],
    registry: ['object'],
    jsonOptions: ['object'],
    binaryOptions: ['object'],
    useHttpGet: ['boolean'],
    interceptors: ['array'],
    defaultTimeoutMs: ['number'],
    fetch: ['function'],
  } satisfies OptionKinds<WebTransportOptions>,
  nested: { jsonOptions: JSON_OPTIONS_SHAPE, binaryOptions: BINARY_OPTIONS_SHAPE },
  advice: WEB_ADVICE,
}

/**
 * Creates a transport for `createClient`.
 *
 *     const client = createClient(GreeterService, createWebTransport({ protocol: 'grpc-web' }))
 *
 * @throws TypeError when the protocol is neither `connect` nor `grpc-web`, or when GET is asked of gRPC-Web
 * @throws RangeError for a name that is not an option, or a value of another kind
 */
export function createWebTransport(options: WebTransportOptions = {}): Transport {
  checkOptions('createWebTransport', options, SHAPE)
  const { protocol = 'connect', baseUrl = '/', interceptors = [], useHttpGet = false, ...others } = options
  const { fetch, registry, jsonOptions, ...rest } = others
  // The browser's fetch is looked up by each call, so that a page can replace it.
  const given: typeof globalThis.fetch = fetch ?? ((input, init) => globalThis.fetch(input, init))
  const common = {
    ...rest,
    baseUrl,
    interceptors: [...interceptors],
    jsonOptions: { ...(registry !== undefined && { registry }), ...jsonOptions },
    fetch: fetchWithCodes(given, ACCEPTED[protocol]),
  }
  switch (protocol) {
    case 'connect':
      return createConnectTransport({ ...common, useHttpGet })
    case 'grpc-web':
      if (useHttpGet) throw new TypeError('useHttpGet is true: gRPC-Web has no GET, only Connect has')
      return createGrpcWebTransport(common)
    default:
      throw new TypeError(`protocol is ${String(protocol)}: it must be connect or grpc-web`)
  }
}
