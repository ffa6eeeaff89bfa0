/** The kinds of value an option can have: how each is parsed, printed in help, and described in a fault. */
import { isIP } from 'node:net'
import { isRoutePath } from '../../wire/options/check-options.ts'
import { formatDurationMs, formatSizeBytes, parseDurationMs, parseSizeBytes } from '../../wire/units.ts'
import { isOriginPattern } from '../../wire/web-origin.ts'

/** One kind of value. It knows text only, not where the text came from. */
export interface Kind<T> {
  /** The placeholder for the value in help, such as `DURATION`; null for a switch, which has no value: `--page`. */
  readonly placeholder: string | null
  /** The allowed values, as the end of a sentence: "must be ...". */
  readonly expects: string
  /** Whether the flag may be repeated. Values are joined by commas, as in the environment variable. */
  readonly isList: boolean
  parse(text: string): Parsed<T>
  /** Prints a value for help, as a user would type it. */
  print(value: T): string
}

/** A value, or the part of the text that is not valid. */
export type Parsed<T> = { readonly value: T } | { readonly bad: string }

/** Any text. */
export const text: Kind<string> = scalar({
  placeholder: 'TEXT',
  expects: 'text',
  read: (value) => (value.includes('\0') ? undefined : value),
})

/** Texts without commas. */
export const textList: Kind<readonly string[]> = {
  placeholder: 'TEXT',
  expects: 'text without commas; repeatable, or comma-separated',
  isList: true,
  parse: (value) => (value.includes('\0') ? { bad: value } : { value: value === '' ? [] : value.split(',') }),
  print: (texts) => (texts.length === 0 ? 'none' : texts.join(',')),
}

/** A whole number in decimal digits. */
export function integer(min: number, max: number): Kind<number> {
  return scalar({
    placeholder: 'N',
    expects: `a whole number from ${min} to ${max}`,
    read: (value) =>
      within((min < 0 ? /^-?\d{1,15}$/ : /^\d{1,15}$/).test(value) ? Number(value) : undefined, min, max),
  })
}

/** A whole number as {@link integer}, or null for "not set". */
export function optionalInteger(min: number, max: number): Kind<number | null> {
  return { ...integer(min, max), print: (value) => (value === null ? 'none' : String(value)) }
}

/** A number of processes, or `auto` for one per core. */
export function workers(min: number, max: number): Kind<number | 'auto'> {
  const count = integer(min, max)
  return scalar<number | 'auto'>({
    placeholder: 'auto|N',
    expects: `auto, or ${count.expects}`,
    read(text) {
      if (text === 'auto') return text
      const parsed = count.parse(text)
      return 'value' in parsed ? parsed.value : undefined
    },
  })
}

/** A duration in milliseconds, written with its unit. */
export function duration(minMs: number, maxMs: number): Kind<number> {
  return scalar({
    placeholder: 'DURATION',
    expects: `a duration from ${formatDurationMs(minMs)} to ${formatDurationMs(maxMs)}`,
    read: (text) => within(parseDurationMs(text), minMs, maxMs),
    print: formatDurationMs,
  })
}

/** A duration as {@link duration}, or 0 for "off". */
export function durationOrOff(minMs: number, maxMs: number): Kind<number> {
  const kind = duration(minMs, maxMs)
  return {
    ...kind,
    expects: `0 (off) or ${kind.expects}`,
    parse: (text) => (parseDurationMs(text) === 0 ? { value: 0 } : kind.parse(text)),
    print: (ms) => (ms === 0 ? '0 (off)' : formatDurationMs(ms)),
  }
}

/** An amount of bytes, with or without a unit. */
export function size(minBytes: number, maxBytes: number): Kind<number> {
  return scalar({
    placeholder: 'SIZE',
    expects: `a size from ${formatSizeBytes(minBytes)} to ${formatSizeBytes(maxBytes)}, such as 4MiB`,
    read: (text) => within(parseSizeBytes(text), minBytes, maxBytes),
    print: formatSizeBytes,
  })
}

const SWITCH_WORDS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
])

/** On or off: `--page`, `--no-page`, `--page=false`, and `true`, `false`, `1` or `0` in the environment. */
export const toggle: Kind<boolean> = scalar({
  placeholder: null,
  expects: 'true, false, 1 or 0',
  read: (text) => SWITCH_WORDS.get(text),
})

/** One of a few words. */
export function choice<const T extends string>(words: readonly T[]): Kind<T> {
  return scalar({
    placeholder: words.length === 1 ? 'NAME' : words.join('|'),
    expects: words.length === 1 ? `"${words.join()}"` : `one of ${words.join(', ')}`,
    read: (text) => (isOneOf(words, text) ? text : undefined),
  })
}

/** The path of a file, which is not opened here. */
export const path: Kind<string> = scalar({
  placeholder: 'PATH',
  expects: 'the path of a file',
  read: (value) => (value === '' || value.includes('\0') ? undefined : value),
})

/** The path of a file, or null. */
export const optionalPath: Kind<string | null> = { ...path, print: (value) => value ?? 'none' }

/** The path of a route, such as `/docs`, or null. */
export const optionalRoute: Kind<string | null> = {
  ...scalar({
    placeholder: 'PATH',
    expects: 'a path that begins with / and has no parameters',
    read: (text) => (isRoutePath(text) ? text : undefined),
  }),
  print: (value) => value ?? 'none',
}

/** The paths of files, which are not opened here. */
export const pathList: Kind<readonly string[]> = {
  placeholder: 'PATH',
  expects: 'the path of a file',
  isList: true,
  parse(text) {
    const paths = text.split(',')
    const bad = paths.find((path) => path === '' || path.includes('\0'))
    return bad === undefined ? { value: paths } : { bad }
  },
  print: (paths) => (paths.length === 0 ? 'none' : paths.join(',')),
}

/** An address or a name to listen on. IPv6 addresses have no brackets. */
export const host: Kind<string> = scalar({
  placeholder: 'HOST',
  expects: 'an IP address or a host name',
  read: (text) => (isIP(text) !== 0 || isHostName(text) ? text : undefined),
})

/** A host, and a port if it is not the default. */
export interface HostAndPort {
  readonly host: string
  readonly port: number | undefined
}

/** `HOST` or `HOST:PORT`, with brackets around IPv6 addresses before a port, or null. */
export const optionalHostAndPort: Kind<HostAndPort | null> = {
  ...scalar({
    placeholder: 'HOST[:PORT]',
    expects: 'a host or host:port, such as 10.0.0.7:8080',
    read: readHostAndPort,
  }),
  print: (value) => {
    if (value === null) return 'none'
    const { host: name, port } = value
    return port === undefined ? name : `${name.includes(':') ? `[${name}]` : name}:${port}`
  },
}

/** The URLs of registries. Commas also separate the hosts of one URL, so a new URL begins after a comma only with its scheme. */
export const registryList: Kind<readonly string[]> = {
  placeholder: 'URL',
  expects: 'a URL that names a registry and a service, such as etcd://127.0.0.1:2379/greeter',
  isList: true,
  parse(value) {
    const urls = value.split(/,(?=[a-z][a-z\d+.-]*:\/\/)/i)
    const bad = urls.find((url) => !/^[a-z][a-z\d+.-]*:\/\/[^/?#\s]*\/[^?#\s]+(?:\?\S*)?$/i.test(url))
    return bad === undefined ? { value: urls } : { bad }
  },
  print: (urls) => (urls.length === 0 ? 'none' : `${urls.length}`),
}

/**
 * Web origins as browsers send them (RFC 6454, section 6.2), `https://*.a.example` for all subdomains, or the one word `*`
 * for all origins, which is read as `true`.
 */
export const originList: Kind<true | readonly string[]> = {
  placeholder: 'ORIGIN',
  expects:
    '"*" for all, or an origin as browsers send it: scheme://[*.]host[:port], lower case, no path or default port',
  isList: true,
  parse(text) {
    const origins = text.split(',').map((origin) => origin.trim())
    if (origins.includes('*')) return origins.length === 1 ? { value: true } : { bad: text }
    const bad = origins.find((origin) => !isOriginPattern(origin))
    return bad === undefined ? { value: [...new Set(origins)] } : { bad }
  },
  print(origins) {
    if (origins === true) return '*'
    return origins.length === 0 ? 'none' : origins.join(',')
  },
}

/** Hosts as requests name them, `.example.com` for a name and all its subdomains, or the one word `true` for all hosts. */
export const allowedHosts: Kind<true | readonly string[] | null> = {
  placeholder: 'HOST',
  expects: '"true" for all, or a host without a port; ".a.example" means a.example and all its subdomains',
  isList: true,
  parse(text) {
    const hosts = text.split(',').map((name) => name.trim())
    if (hosts.includes('true')) return hosts.length === 1 ? { value: true } : { bad: text }
    const bad = hosts.find((name) => !isAllowedHost(name))
    return bad === undefined ? { value: [...new Set(hosts)] } : { bad }
  },
  print: (hosts) => (hosts === null ? 'all but on loopback' : String(hosts) || 'none'),
}

interface Scalar<T> {
  readonly placeholder: string | null
  readonly expects: string
  readonly read: (text: string) => T | undefined
  readonly print?: (value: T) => string
}

function scalar<T>({ placeholder, expects, read, print = String }: Scalar<T>): Kind<T> {
  return {
    placeholder,
    expects,
    isList: false,
    parse(text) {
      const value = read(text)
      return value === undefined ? { bad: text } : { value }
    },
    print,
  }
}

function within(value: number | undefined, min: number, max: number): number | undefined {
  return value !== undefined && value >= min && value <= max ? value : undefined
}

function readHostAndPort(text: string): HostAndPort | undefined {
  const [, bracketed, name, digits] = /^(?:\[([^\]]+)\]|([^[\]:]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const found = host.parse(isIP(text) === 6 ? text : (bracketed ?? name ?? ''))
  const port = digits === undefined ? undefined : Number(digits)
  if ('bad' in found || port === 0 || (port ?? 0) > 65_535) return undefined
  return { host: found.value, port }
}

function isOneOf<T extends string>(words: readonly T[], text: string): text is T {
  return (words as readonly string[]).includes(text)
}

/** Labels may have underscores, which container networks use. */
const HOST_NAME = /^(?:\w(?:[\w-]{0,61}\w)?\.)*\w(?:[\w-]{0,61}\w)?\.?$/

/** A name that ends with a label of digits is a mistyped address (RFC 3696, section 2). */
const NUMERIC_END = /(?:^|\.)\d+\.?$/

function isHostName(text: string): boolean {
  return text.length <= 253 && HOST_NAME.test(text) && !NUMERIC_END.test(text)
}

function isAllowedHost(text: string): boolean {
  const name = text.replace(/^\./, '')
  return isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0 || isHostName(name)
}
