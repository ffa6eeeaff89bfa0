/** The options that the transports of pages have in common, checked once. */
import type { Registry } from '@bufbuild/protobuf'
import type { Interceptor } from '@connectrpc/connect'
import { checkOptions, type OptionKinds, type OptionShape } from '../../../wire/options/check-options.ts'
import {
  BINARY_OPTIONS_SHAPE,
  type BinaryOptions,
  JSON_OPTIONS_SHAPE,
  type JsonOptions,
} from '../../../wire/options/codec-options.ts'
import { type AcceptsType, fetchWithCodes } from './fetch-with-codes.ts'
import { WEB_ADVICE } from './other-names.ts'

/** Settings of a transport in a page, whatever its protocol. Each has a default. */
export interface PageTransportOptions {
  /** The base of the services' URLs, such as `https://example.com/api`. Default: the root of the page's own origin. */
  readonly baseUrl?: string
  /** Whether messages are binary rather than JSON. Default: false for Connect, true for gRPC-Web. */
  readonly useBinaryFormat?: boolean
  /** The types that `google.protobuf.Any` and extensions may hold in JSON. Binary messages need none. Default: none. */
  readonly registry?: Registry
  /** How protobuf-es reads and writes JSON. Its `registry` takes precedence over `registry`. Default: unknown fields are ignored. */
  readonly jsonOptions?: JsonOptions
  /** How protobuf-es reads and writes binary messages. Default: protobuf-es's own. */
  readonly binaryOptions?: BinaryOptions
  /** Interceptors around every call, the first one outermost. Default: none. */
  readonly interceptors?: readonly Interceptor[]
  /** The deadline of calls that set none, in milliseconds. Default: none. */
  readonly defaultTimeoutMs?: number
  /** Makes the requests, for instance with credentials. Default: the browser's fetch, looked up by each call. */
  readonly fetch?: typeof globalThis.fetch
}

/** The options of upstream's transports that all protocols share. */
export interface UpstreamOptions {
  readonly baseUrl: string
  readonly interceptors: Interceptor[]
  readonly jsonOptions: JsonOptions
  readonly fetch: typeof globalThis.fetch
  readonly useBinaryFormat?: boolean
  readonly binaryOptions?: BinaryOptions
  readonly defaultTimeoutMs?: number
}

/** The kinds of the shared options, for the shape of each transport. */
export const PAGE_OPTION_KINDS: OptionKinds<PageTransportOptions> = {
  baseUrl: ['string'],
  useBinaryFormat: ['boolean'],
  registry: ['object'],
  jsonOptions: ['object'],
  binaryOptions: ['object'],
  interceptors: ['array'],
  defaultTimeoutMs: ['number'],
  fetch: ['function'],
}

/**
 * Checks the options of `owner`.
 *
 * @param advice what to do instead of options that it does not have
 * @throws RangeError for an unknown name, or a value of the wrong kind
 */
export function checkPageOptions(
  owner: string,
  options: object,
  kinds: OptionShape['kinds'],
  advice: Readonly<Record<string, string>> = WEB_ADVICE,
): void {
  const nested = { jsonOptions: JSON_OPTIONS_SHAPE, binaryOptions: BINARY_OPTIONS_SHAPE }
  checkOptions(owner, options, { kinds, nested, advice })
}

/** Fills in the defaults that our transports add to upstream's. */
export function toUpstreamOptions(options: PageTransportOptions, acceptsType: AcceptsType): UpstreamOptions {
  const { registry, jsonOptions, interceptors = [], baseUrl = '/', fetch, ...rest } = options
  const given: typeof globalThis.fetch = fetch ?? ((input, init) => globalThis.fetch(input, init))
  return {
    ...rest,
    baseUrl,
    interceptors: [...interceptors],
    jsonOptions: { ...(registry !== undefined && { registry }), ...jsonOptions },
    fetch: fetchWithCodes(given, acceptsType),
  }
}
