/** CORS for calls (Fetch standard, section 3.2). */
import { cors as connectCors } from '@connectrpc/connect'
import type { EncodableField } from '../../wire/http2/http2.ts'
import type { OptionKinds, OptionShape } from '../../wire/options/check-options.ts'
import { isOriginPattern, isSubdomainOf, isSubdomainPattern } from '../../wire/web-origin.ts'

/**
 * Which origins may call: `true` for all, a list, or a function. In a list a text is an origin (`https://a.example`), all
 * subdomains of one (`https://*.a.example`) or `*` for all origins; a regular expression is tested against the whole text of an
 * origin, so anchor it with `^` and `$`. A function must return `true`, at once, for an origin that may call.
 */
export type CorsOrigins = true | readonly (string | RegExp)[] | ((origin: string) => boolean)

/** Which pages may call, and with which headers. */
export interface CorsOptions {
  /** The origins that may call. Default: none. */
  readonly origins?: CorsOrigins
  /** Request headers that pages may send, besides those of the three protocols. Default: authorization, traceparent. */
  readonly allowedHeaders?: readonly string[]
  /** Response headers that pages may read, besides those of the three protocols. Default: none. */
  readonly exposedHeaders?: readonly string[]
  /** Whether pages may send cookies and other credentials. Default: false. */
  readonly allowsCredentials?: boolean
  /** How long a browser may cache the answer to a preflight, in seconds. Default 7,200, range 0 to 86,400. */
  readonly maxAgeSeconds?: number
}

/** The headers for the requests of one origin. */
export interface Cors {
  /** The headers of the answer to a preflight; undefined if the origin may not call. */
  preflightHeaders(origin: string): Readonly<Record<string, string>> | undefined
  /** The headers of every other response; undefined if the origin may not call. */
  responseHeaders(origin: string): Readonly<Record<string, string>> | undefined
  /** The same as fields, with the `vary` that is on every response. */
  responseFields(origin: string | undefined): readonly EncodableField[]
  /**
   * Whether a list of fields was made at start. Only what follows from such a list may be cached: others are made per request, as
   * many as clients invent origins.
   */
  isFixed(fields: readonly EncodableField[]): boolean
}

/** The names of the options, and what replaces those of `@fastify/cors`. */
export const CORS_SHAPE: OptionShape = {
  kinds: {
    origins: ['boolean', 'array', 'function'],
    allowedHeaders: ['array'],
    exposedHeaders: ['array'],
    allowsCredentials: ['boolean'],
    maxAgeSeconds: ['number'],
  } satisfies OptionKinds<CorsOptions>,
  advice: {
    origin: 'use cors.origins: true, a list or a function',
    credentials: 'use cors.allowsCredentials',
    maxAge: 'use cors.maxAgeSeconds',
    methods: 'no counterpart, as the methods are those of the protocols',
    preflight: 'no counterpart, as preflights are always answered',
  },
}

const ANY = '*'
const VARY_ORIGIN: EncodableField = { name: 'vary', value: 'origin' }
const VARY_ONLY: readonly EncodableField[] = Object.freeze([VARY_ORIGIN])

const MAX_AGE_RANGE = [0, 86_400] as const

/**
 * Makes the headers. `access-control-allow-origin` is `*` if all origins may call without credentials, else the origin itself.
 *
 * @throws RangeError for an origin that is not one (`null`, a path), or a max age out of range
 */
export function createCors(options: CorsOptions): Cors {
  const { allowedHeaders = ['authorization', 'traceparent'], maxAgeSeconds = 7_200 } = options
  if (!(maxAgeSeconds >= MAX_AGE_RANGE[0] && maxAgeSeconds <= MAX_AGE_RANGE[1])) {
    throw new RangeError(`cors.maxAgeSeconds is ${maxAgeSeconds}: it must be from 0 to 86400`)
  }
  const origins = readOrigins(options.origins ?? [])
  const credentials = options.allowsCredentials ? { 'access-control-allow-credentials': 'true' } : {}
  const preflight = {
    ...credentials,
    'access-control-allow-methods': connectCors.allowedMethods.join(', '),
    'access-control-allow-headers': [...connectCors.allowedHeaders, ...allowedHeaders].join(', '),
    'access-control-max-age': String(maxAgeSeconds),
  }
  const exposed = [...connectCors.exposedHeaders, ...(options.exposedHeaders ?? [])].join(', ')
  const response = { ...credentials, 'access-control-expose-headers': exposed }
  const fieldsFor = (allowed: string) =>
    Object.freeze([VARY_ORIGIN, ...toFields({ 'access-control-allow-origin': allowed, ...response })])
  const fixed = new Map([...origins.exact, ANY].map((origin) => [origin, fieldsFor(origin)]))
  const fixedLists = new Set([VARY_ONLY, ...fixed.values()])

  /** What `access-control-allow-origin` says to an origin; undefined if it may not call. */
  function allowedAs(origin: string): string | undefined {
    if (origins.isAny && !options.allowsCredentials) return ANY
    return origins.isAny || origins.exact.has(origin) || origins.matches(origin) ? origin : undefined
  }

  function headersOf(origin: string, more: Readonly<Record<string, string>>): Record<string, string> | undefined {
    const allowed = allowedAs(origin)
    return allowed === undefined ? undefined : { 'access-control-allow-origin': allowed, ...more }
  }

  return {
    preflightHeaders: (origin) => headersOf(origin, preflight),
    responseHeaders: (origin) => headersOf(origin, response),
    responseFields(origin) {
      const allowed = origin === undefined ? undefined : allowedAs(origin)
      return allowed === undefined ? VARY_ONLY : (fixed.get(allowed) ?? fieldsFor(allowed))
    },
    isFixed: (fields) => fixedLists.has(fields),
  }
}

function toFields(headers: Readonly<Record<string, string>>): EncodableField[] {
  return Object.entries(headers).map(([name, value]) => ({ name, value }))
}

/** The origins that may call, sorted by how they are compared. */
interface Origins {
  readonly isAny: boolean
  readonly exact: ReadonlySet<string>
  matches(origin: string): boolean
}

const NONE: Origins = { isAny: false, exact: new Set(), matches: () => false }

function readOrigins(origins: CorsOrigins): Origins {
  if (typeof origins === 'boolean') return { ...NONE, isAny: origins }
  if (typeof origins === 'function') return { ...NONE, matches: safely(origins) }
  const texts = origins.filter((origin) => typeof origin === 'string')
  for (const text of texts) assertOrigin(text)
  const patterns = texts.filter(isSubdomainPattern)
  const expressions = origins.filter((origin) => typeof origin !== 'string').map(withoutPosition)
  return {
    isAny: texts.includes(ANY),
    exact: new Set(texts.filter((text) => text !== ANY && !isSubdomainPattern(text))),
    matches: (origin) =>
      patterns.some((pattern) => isSubdomainOf(pattern, origin)) ||
      expressions.some((expression) => expression.test(origin)),
  }
}

/** With a flag `g` or `y` the answer would depend on the request before. */
function withoutPosition({ source, flags }: RegExp): RegExp {
  return new RegExp(source, flags.replace(/[gy]/g, ''))
}

/** Anything but `true` is a no, a promise too. So is an error: a page that may not call must not be let in by a fault. */
function safely(mayCall: (origin: string) => boolean): (origin: string) => boolean {
  return (origin) => {
    try {
      return mayCall(origin) === true
    } catch {
      return false
    }
  }
}

function assertOrigin(origin: string): void {
  if (origin === ANY || isOriginPattern(origin)) return
  throw new RangeError(`cors.origins has "${origin}": an origin is scheme://host[:port], without a path`)
}
