/** Makes the head of a call from the handshake of its WebSocket and its header block. */
import { Code } from '@connectrpc/connect'
import { headerField, RequestHead, RequestVerdict } from '../../../wire/http2/http2.ts'
import type { RequestField } from '../../rpc/exchange/exchange.ts'
import type { RequestFault } from '../../rpc/exchange/refusal.ts'
import type { Handshake } from './handshake.ts'

/** What a head is made from. */
export interface CallHeadInit {
  readonly handshake: Handshake
  /** Whether the handshake's cookies and credentials count. */
  readonly hasCredentials: boolean
  readonly block: readonly RequestField[]
  readonly maxHeaderFields: number
}

/** Credentials that a browser adds by itself. */
const CREDENTIALS: ReadonlySet<string> = new Set(['cookie', 'authorization'])

/** What only browsers, proxies and the connection state. Pages choose what is in the block, so there it does not count. */
const OF_HANDSHAKE: ReadonlySet<string> = new Set(['cookie', 'forwarded', 'origin', 'referer', 'via', 'x-real-ip'])

/** The connection of HTTP is that of the handshake, and a call has no other host and no other length. */
const IGNORED: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Returns the head, or why there is none. */
export function callHeadOf({
  handshake,
  hasCredentials,
  block,
  maxHeaderFields,
}: CallHeadInit): RequestHead | RequestFault {
  const own = block.filter(({ name }) => !isOfHandshake(name) && !isIgnored(name))
  const taken = handshake.fields.filter(
    (field) => isTaken(field, own) && (hasCredentials || !CREDENTIALS.has(field.name)),
  )
  if (block.length + taken.length > maxHeaderFields) {
    return { code: Code.ResourceExhausted, message: `more than ${maxHeaderFields} header fields`, httpStatus: 431 }
  }
  const fields = [...own, ...taken].map(({ name, value }) => headerField(name, value))
  const { path, authority, connection } = handshake
  const scheme = connection.isEncrypted ? 'https' : 'http'
  return new RequestHead({ method: 'POST', path, authority, scheme, fields, contentLength: -1 }, RequestVerdict.FINE)
}

function isOfHandshake(name: string): boolean {
  return OF_HANDSHAKE.has(name) || name.startsWith('x-forwarded-')
}

function isIgnored(name: string): boolean {
  return IGNORED.has(name) || name.startsWith('sec-') || name.startsWith('proxy-')
}

/** The block may replace what a client could not set in the handshake: browsers let pages set no field there. */
function isTaken({ name }: RequestField, block: readonly RequestField[]): boolean {
  if (isOfHandshake(name)) return true
  return (name === 'authorization' || name === 'user-agent') && !block.some((field) => field.name === name)
}
