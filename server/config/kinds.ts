/** What sorts of value an option can hold: how each is read from text, written in help, and described in a fault. */
import { isIP } from 'node:net'
import { formatDurationMs, formatSizeBytes, parseDurationMs, parseSizeBytes } from '../../wire/units.ts'

/** One sort of value. It reads text alone: where the text came from is no concern of it. */
export interface Kind<T> {
  /** What stands for the value in help, such as `DURATION`; null where the flag stands alone, as `--page` does. */
  readonly placeholder: string | null
  /** The values allowed, so that it completes "must be". */
  readonly expects: string
  /** Whether the flag may be repeated; its values, and those of the environment variable, are joined by commas. */
  readonly isList: boolean
  parse(text: string): Parsed<T>
  /** Writes a value for help, as a user would write it. */
  print(value: T): string
}

/** A value, or the part of the text that is none. */
export type Parsed<T> = { readonly value: T } | { readonly bad: string }

/** A whole number in decimal digits. */
export function integer(min: number, max: number): Kind<number> {
  return scalar({
    placeholder: 'N',
    expects: `a whole number from ${min} to ${max}`,
    read: (text) => within(/^\d{1,15}$/.test(text) ? Number(text) : undefined, min, max),
  })
}

/** A span of time in milliseconds, written with its unit. */
export function duration(minMs: number, maxMs: number): Kind<number> {
  return scalar({
    placeholder: 'DURATION',
    expects: `a duration from ${formatDurationMs(minMs)} to ${formatDurationMs(maxMs)}`,
    read: (text) => within(parseDurationMs(text), minMs, maxMs),
    print: formatDurationMs,
  })
}

/** A span of time as {@link duration}, or 0, which turns off what it limits. */
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

/** The path of a file, which is not opened here; null where none is given. */
export const optionalPath: Kind<string | null> = scalar<string | null>({
  placeholder: 'PATH',
  expects: 'the path of a file',
  read: (text) => (text === '' || text.includes('\0') ? undefined : text),
  print: (path) => path ?? 'none',
})

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

/** An address or a name to listen on. An IPv6 address goes without brackets. */
export const host: Kind<string> = scalar({
  placeholder: 'HOST',
  expects: 'an IP address or a host name',
  read: (text) => (isIP(text) !== 0 || isHostName(text) ? text : undefined),
})

/** Web origins exactly as browsers send them, so that comparing them is comparing text (RFC 6454, section 6.2). */
export const originList: Kind<readonly string[]> = {
  placeholder: 'ORIGIN',
  expects: 'an origin as browsers send it: scheme://host[:port], lower case, no default port, no path, no "*"',
  isList: true,
  parse(text) {
    const origins = text.split(',').map((origin) => origin.trim())
    const bad = origins.find((origin) => !isOrigin(origin))
    return bad === undefined ? { value: [...new Set(origins)] } : { bad }
  },
  print: (origins) => (origins.length === 0 ? 'none' : origins.join(',')),
}

/** Hosts as requests name them, `.example.com` for a name and all below it, or the one word `true` for all. */
export const allowedHosts: Kind<true | readonly string[] | null> = {
  placeholder: 'HOST',
  expects: '"true" for all, or a host without a port; ".a.example" is a.example and all below',
  isList: true,
  parse(text) {
    const hosts = text.split(',').map((name) => name.trim())
    if (hosts.includes('true')) return hosts.length === 1 ? { value: true } : { bad: text }
    const bad = hosts.find((name) => !isAllowedHost(name))
    return bad === undefined ? { value: [...new Set(hosts)] } : { bad }
  },
  print: (hosts) => (hosts === null ? 'all but on loopback' : String(hosts)),
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

function isOneOf<T extends string>(words: readonly T[], text: string): text is T {
  return (words as readonly string[]).includes(text)
}

/** A label is let through with underscores, as container networks use them. */
const HOST_NAME = /^(?:\w(?:[\w-]{0,61}\w)?\.)*\w(?:[\w-]{0,61}\w)?\.?$/

/** No name ends with a label of digits: that would be a mistyped address (RFC 3696, section 2). */
const NUMERIC_END = /(?:^|\.)\d+\.?$/

function isHostName(text: string): boolean {
  return text.length <= 253 && HOST_NAME.test(text) && !NUMERIC_END.test(text)
}

function isAllowedHost(text: string): boolean {
  const name = text.replace(/^\./, '')
  return isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0 || isHostName(name)
}

function isOrigin(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && url.host !== '' && !text.includes('*') && text === `${url.protocol}//${url.host}`
}
