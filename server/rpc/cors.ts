/** Lets pages of other origins call, as the CORS protocol (Fetch standard, section 3.2) wants it. */
import { cors as connectCors } from '@connectrpc/connect'
import type { EncodableField } from '../../wire/http2/http2.ts'
import type { OptionKinds, OptionShape } from '../../wire/options/check-options.ts'

/** Which pages may call, and with what. */
export interface CorsOptions {
  /** The origins that may call, each `scheme://host[:port]`, compared exactly. Default: none. */
  readonly origins?: readonly string[]
  /** Request headers that pages may send beside those of the three protocols. Default: authorization, traceparent. */
  readonly allowedHeaders?: readonly string[]
  /** Response headers that pages may read beside those of the three protocols. Default: none. */
  readonly exposedHeaders?: readonly string[]
  /** Whether pages may send cookies. Default: false. */
  readonly allowsCredentials?: boolean
  /** How long a browser may keep the answer to a preflight, in seconds. Default 7,200, range 0 to 86,400. */
  readonly maxAgeSeconds?: number
}

/** The answers to one origin's questions. */
export interface Cors {
  /** Headers of the answer to a preflight from this origin; undefined where the origin may not call. */
  preflightHeaders(origin: string): Readonly<Record<string, string>> | undefined
  /** Headers that go on every response to this origin; undefined where the origin may not call. */
  responseHeaders(origin: string): Readonly<Record<string, string>> | undefined
  /** The same as fields, with `vary`, which stands on every response. One list for each origin that may call, one for all others. */
  responseFields(origin: string | undefined): readonly EncodableField[]
}

/** The names of the options, and what to do instead of those of `@fastify/cors`. */
export const CORS_SHAPE: OptionShape = {
  kinds: {
    origins: ['array'],
    allowedHeaders: ['array'],
    exposedHeaders: ['array'],
    allowsCredentials: ['boolean'],
    maxAgeSeconds: ['number'],
  } satisfies OptionKinds<CorsOptions>,
  advice: {
    origin: 'use cors.origins, a list',
    credentials: 'use cors.allowsCredentials',
    maxAge: 'use cors.maxAgeSeconds',
    methods: 'no counterpart, as the methods are those of the protocols',
    preflight: 'no counterpart, as preflights are always answered',
  },
}

const VARY_ORIGIN: EncodableField = { name: 'vary', value: 'origin' }

const MAX_AGE_RANGE = [0, 86_400] as const

/**
 * Makes the headers of every allowed origin once.
 *
 * @throws RangeError on an origin that is none (`*`, `null`, a path), or a max age out of range
 */
export function createCors(options: CorsOptions): Cors {
  const { origins = [], allowedHeaders = ['authorization', 'traceparent'], maxAgeSeconds = 7_200 } = options
  for (const origin of origins) assertOrigin(origin)
  if (!(maxAgeSeconds >= MAX_AGE_RANGE[0] && maxAgeSeconds <= MAX_AGE_RANGE[1])) {
    throw new RangeError(`cors.maxAgeSeconds is ${maxAgeSeconds}: it must be from 0 to 86400`)
  }
  const preflight = {
    'access-control-allow-methods': connectCors.allowedMethods.join(', '),
    'access-control-allow-headers': [...connectCors.allowedHeaders, ...allowedHeaders].join(', '),
    'access-control-max-age': String(maxAgeSeconds),
  }
  const exposed = [...connectCors.exposedHeaders, ...(options.exposedHeaders ?? [])].join(', ')
  const credentials = options.allowsCredentials ? { 'access-control-allow-credentials': 'true' } : {}
  const preflights = new Map<string, Readonly<Record<string, string>>>()
  const responses = new Map<string, Readonly<Record<string, string>>>()
  const fields = new Map<string | undefined, readonly EncodableField[]>()
  const others = Object.freeze([VARY_ORIGIN])
  for (const origin of origins) {
    const common = { 'access-control-allow-origin': origin, ...credentials }
    preflights.set(origin, Object.freeze({ ...common, ...preflight }))
    const response = Object.freeze({ ...common, 'access-control-expose-headers': exposed })
    responses.set(origin, response)
    fields.set(
      origin,
      Object.freeze([VARY_ORIGIN, ...Object.entries(response).map(([name, value]) => ({ name, value }))]),
    )
  }
  return {
    preflightHeaders: (origin) => preflights.get(origin),
    responseHeaders: (origin) => responses.get(origin),
    responseFields: (origin) => fields.get(origin) ?? others,
  }
}

function assertOrigin(origin: string): void {
  if (URL.canParse(origin) && new URL(origin).origin === origin) return
  throw new RangeError(`cors.origins has "${origin}": an origin is scheme://host[:port], without a path`)
}
