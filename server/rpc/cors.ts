/** CORS for calls (Fetch standard, section 3.2). */
import { cors as connectCors } from '@connectrpc/connect'
import type { EncodableField } from '../../wire/http2/http2.ts'
import type { OptionKinds, OptionShape } from '../../wire/options/check-options.ts'
import { isOriginPattern, isSubdomainOf, isSubdomainPattern } from '../../wire/web-origin.ts'

/**
 * Which origins may call: `true` for all, a list, or a function. An entry of a list is an origin (`https://a.example`),
 * all subdomains of one (`https://*.a.example`), `*` for all origins, or a regular expression that is tested against
 * the whole origin, so anchor it with `^` and `$`. A function must return `true`, synchronously, for an origin that may
 * call. Its result holds for all requests with the same headers on one connection.
 */
export type CorsOrigins = true | readonly (string | RegExp)[] | ((origin: string) => boolean)

/** Which pages may call, and with which headers. */
export interface CorsOptions {
  /** The origins that may call. Default: none. */
  readonly origins?: CorsOrigins
  /** Request headers that pages may send, besides those of the three protocols. Default: authorization, traceparent. */
  readonly allowedHeaders?: readonly string[]
  /** Response headers and trailers that pages may read, besides those of the three protocols. Default: none. */
  readonly exposedHeaders?: readonly string[]
  /** Whether pages may send cookies and other credentials. Default: false. */
  readonly allowsCredentials?: boolean
  /** How long a browser may cache the answer to a preflight, in seconds. Default 7,200, range 0 to 86,400. */
  readonly maxAgeSeconds?: number
}

/** Unary responses of Connect have their trailers as headers with a prefix. */
function withTrailer(name: string): string[] {
  return [name, `trailer-${name}`]
}

/** The CORS headers of one server. */
export interface Cors {
  /**
   * Returns the headers of a successful preflight; undefined if the origin may not call.
   *
   * @param verbs the HTTP methods of the path. Default: those of the standard protocols
   */
  preflightHeaders(origin: string, verbs?: readonly string[]): Readonly<Record<string, string>> | undefined
  /** Returns the headers of every other response; undefined if the origin may not call. */
  responseHeaders(origin: string): Readonly<Record<string, string>> | undefined
  /** Returns the same as fields, with the `vary` that every response has. */
  responseFields(origin: string | undefined): readonly EncodableField[]
  /**
   * Whether a list of fields was created at start-up. Only what depends on such a list may be cached: the others are
   * created per request, for as many origins as clients invent.
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
    methods: 'no counterpart, as the methods are those of the protocols and of the path',
    preflight: 'no counterpart, as preflights are always answered',
  },
}

/** What pages may send to REST, besides the content type. */
const REST_HEADERS: readonly string[] = Object.freeze(['X-Server-Timeout', 'Last-Event-ID'])

const ANY = '*'
const VARY_ORIGIN: EncodableField = { name: 'vary', value: 'origin' }
const VARY_ONLY: readonly EncodableField[] = Object.freeze([VARY_ORIGIN])

const MAX_AGE_RANGE = [0, 86_400] as const

/**
 * Creates the headers. `access-control-allow-origin` is `*` if all origins may call without credentials, otherwise the
 * origin itself.
 *
 * @throws RangeError for an invalid origin (`null`, one with a path) or header name, or a max age out of range
 */
export function createCors(options: CorsOptions): Cors {
  const { allowedHeaders = ['authorization', 'traceparent'], exposedHeaders = [], maxAgeSeconds = 7_200 } = options
  if (!(Number.isInteger(maxAgeSeconds) && maxAgeSeconds >= MAX_AGE_RANGE[0] && maxAgeSeconds <= MAX_AGE_RANGE[1])) {
    throw new RangeError(`cors.maxAgeSeconds is ${maxAgeSeconds}: it must be a whole number from 0 to 86400`)
  }
  assertHeaderNames('allowedHeaders', allowedHeaders)
  assertHeaderNames('exposedHeaders', exposedHeaders)
  const origins = readOrigins(options.origins ?? [])
  const credentials = options.allowsCredentials ? { 'access-control-allow-credentials': 'true' } : {}
  const preflight = {
    ...credentials,
    'access-control-allow-methods': connectCors.allowedMethods.join(', '),
    'access-control-allow-headers': [...connectCors.allowedHeaders, ...REST_HEADERS, ...allowedHeaders].join(', '),
    'access-control-max-age': String(maxAgeSeconds),
  }
  const exposed = [...connectCors.exposedHeaders, ...exposedHeaders.flatMap(withTrailer)].join(', ')
  const response = { ...credentials, 'access-control-expose-headers': exposed }
  const fieldsFor = (allowed: string) =>
    Object.freeze([VARY_ORIGIN, ...toFields({ 'access-control-allow-origin': allowed, ...response })])
  const fixed = new Map([...origins.exact, ANY].map((origin) => [origin, fieldsFor(origin)]))
  const fixedLists = new Set([VARY_ONLY, ...fixed.values()])

  /** Returns the value of `access-control-allow-origin`; undefined if the origin may not call. */
  function allowedAs(origin: string): string | undefined {
    if (origins.isAny && !options.allowsCredentials) return ANY
    return origins.isAny || origins.exact.has(origin) || origins.matches(origin) ? origin : undefined
  }

  function headersOf(origin: string, more: Readonly<Record<string, string>>): Record<string, string> | undefined {
    const allowed = allowedAs(origin)
    return allowed === undefined ? undefined : { 'access-control-allow-origin': allowed, ...more }
  }

  return {
    preflightHeaders: (origin, verbs) =>
      headersOf(
        origin,
        verbs === undefined ? preflight : { ...preflight, 'access-control-allow-methods': verbs.join(', ') },
      ),
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

/** The allowed origins, by the way in which they are compared. */
interface Origins {
  readonly isAny: boolean
  readonly exact: ReadonlySet<string>
  matches(origin: string): boolean
}

const NONE: Origins = { isAny: false, exact: new Set(), matches: () => false }

function readOrigins(origins: CorsOrigins): Origins {
  if (typeof origins === 'boolean') return { ...NONE, isAny: origins }
  if (typeof origins === 'function') {
    assertSynchronous(origins)
    return { ...NONE, matches: safely(origins) }
  }
  for (const origin of origins) {
    if (typeof origin !== 'string' && !(origin instanceof RegExp)) throw originFault(origin)
  }
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

/** Drops the flags `g` and `y`, with which the result would depend on the previous request. */
function withoutPosition({ source, flags }: RegExp): RegExp {
  return new RegExp(source, flags.replace(/[gy]/g, ''))
}

/** Any result but `true` means no, including a promise. So does an exception: a fault must not let a page in. */
function safely(mayCall: (origin: string) => boolean): (origin: string) => boolean {
  return (origin) => {
    try {
      return mayCall(origin) === true
    } catch {
      return false
    }
  }
}

/** A function for `@fastify/cors` has a callback or is async. It would let no page in, so it is an error at start-up. */
function assertSynchronous(mayCall: (origin: string) => boolean): void {
  if (mayCall.length <= 1 && mayCall.constructor.name !== 'AsyncFunction') return
  throw new RangeError(
    'cors.origins must return true or false for an origin: it gets no callback, and must not be async',
  )
}

/** RFC 9110, section 5.6.2. */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/

function assertHeaderNames(option: string, names: readonly unknown[]): void {
  for (const name of names) {
    if (typeof name === 'string' && TOKEN.test(name)) continue
    throw new RangeError(`cors.${option} has ${JSON.stringify(name)}: it is not a header name`)
  }
}

function assertOrigin(origin: string): void {
  if (origin !== ANY && !isOriginPattern(origin)) throw originFault(origin)
}

function originFault(origin: unknown): RangeError {
  const shown = JSON.stringify(origin) ?? String(origin)
  return new RangeError(
    `cors.origins has ${shown}: an origin is scheme://host[:port] as browsers send it: lower case, no path or default port`,
  )
}
