/** The keys of rate limits: who shares a bucket with whom. */
import { createHash } from 'node:crypto'
import { isIPv6 } from 'node:net'
import type { HandlerContext } from '@connectrpc/connect'
import { peerKey, principalKey } from '../rpc/context-keys.ts'

/**
 * Whose calls share a bucket. `peer`: those of one IP address, or of one /64 network of IPv6, since one subscriber has all of it.
 * `principal`: those of one authenticated caller; calls without one share the bucket of their peer. `method`: all calls of a method.
 * A function returns a key, such as a tenant; undefined for calls that are not limited.
 */
export type RateLimitBy = 'peer' | 'principal' | 'method' | ((context: HandlerContext) => string | undefined)

/** Longer keys, which a caller may have chosen, are hashed, so that the memory for keys stays small. */
const MAX_KEY_CHARS = 128

const KEYS: Readonly<Record<Extract<RateLimitBy, string>, (context: HandlerContext) => string>> = {
  peer: ({ values }) => networkOf(values.get(peerKey).address),
  principal({ values }) {
    const principal = values.get(principalKey)
    return principal === undefined ? networkOf(values.get(peerKey).address) : `${principal.scheme}:${principal.name}`
  },
  method: ({ method }) => `${method.parent.typeName}/${method.name}`,
}

/** The named kinds of key. */
export const RATE_LIMIT_KEYS = Object.keys(KEYS)

/** Returns the function that determines the key of a call. */
export function keyFunction(by: RateLimitBy): (context: HandlerContext) => string | undefined {
  const keyOf = typeof by === 'function' ? by : KEYS[by]
  return (context) => {
    const key = keyOf(context)
    return key === undefined || key.length <= MAX_KEY_CHARS ? key : createHash('sha256').update(key).digest('base64')
  }
}

/** The groups of an IPv6 address that has an IPv4 address in its last two (RFC 4291 section 2.5.5.2). */
const MAPPED = '0:0:0:0:0:ffff:'

/**
 * Returns an IPv4 address as it is, also if it is mapped into IPv6, and of other IPv6 addresses the /64 network. Callers on a Unix
 * socket have no address and share one key.
 */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::')
  const front = groupsOf(head)
  const back = tail === undefined ? [] : groupsOf(tail)
  const zeros = new Array<number>(Math.max(0, 8 - front.length - back.length)).fill(0)
  const groups = [...front, ...zeros, ...back]
  const text = groups.map((group) => group.toString(16)).join(':')
  if (text.startsWith(MAPPED)) return groups.slice(6).flatMap(octetsOf).join('.')
  return `${text.split(':').slice(0, 4).join(':')}::/64`
}

/** An IPv4 address at the end stands for two groups. */
function groupsOf(part: string): number[] {
  if (part === '') return []
  return part.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)]
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number)
    return [a * 256 + b, c * 256 + d]
  })
}

function octetsOf(group: number): number[] {
  return [group >> 8, group & 255]
}
