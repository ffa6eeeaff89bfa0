/** The oddities of a call: each modifies a call under construction, or reports that it does not apply. */
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import type { SeededRandom } from '../seeded-random.ts'
import { type Draft, MAX_RECEIVE_BYTES, messageOf } from './draft.ts'

/** Returns false if the call has nothing to modify in this way. */
type Apply = (draft: Draft, random: SeededRandom) => boolean | undefined

/** One oddity. */
export interface Oddity {
  readonly name: string
  /** Excludes all other oddities: the service waits for exactly this. Default: false. */
  readonly isAlone?: boolean
  readonly apply: Apply
}

/** Whether it expires before the service starts is a race that the response does not show. */
export const DEADLINE = 'deadline that passes'

/** Forms of one number that is not a double. */
const LONG_INTEGERS = ['9007199254740993', '9007199254740993.0', '9.007199254740993e15', '90071992547409930e-1']

/** All of them. */
export const ODDITIES: readonly Oddity[] = [
  // Content types
  { name: 'type with charset', apply: (draft) => suffixType(draft, '; charset=utf-8') },
  { name: 'type with a parameter', apply: (draft) => suffixType(draft, '; x=y') },
  { name: 'type in upper case', apply: (draft) => changeType(draft, (type) => type.toUpperCase()) },
  { name: 'type with space around', apply: (draft) => changeType(draft, (type) => ` ${type} `) },
  { name: 'type without codec', apply: (draft) => changeType(draft, (type) => type.replace(/\+.*$/, '')) },
  { name: 'type with unknown codec', apply: (draft) => changeType(draft, (type) => type.replace(/\+.*$/, '+xml')) },
  { name: 'type of a form', apply: (draft) => changeType(draft, () => 'application/x-www-form-urlencoded') },
  { name: 'type of plain text', apply: (draft) => changeType(draft, () => 'text/plain') },
  { name: 'no type', apply: (draft) => drop(draft, 'content-type') },

  // Paths and verbs
  { name: 'unknown method', apply: (draft) => changePath(draft, (path) => `${path}s`) },
  { name: 'unknown service', apply: (draft) => changePath(draft, (path) => path.replace('Greeter', 'Nobody')) },
  { name: 'trailing slash', apply: (draft) => changePath(draft, (path) => `${path}/`) },
  { name: 'double slash', apply: (draft) => changePath(draft, (path) => `/${path}`) },
  { name: 'lower case', apply: (draft) => changePath(draft, (path) => path.toLowerCase()) },
  { name: 'escaped letter', apply: (draft) => changePath(draft, (path) => path.replace('G', '%47')) },
  { name: 'escaped slash', apply: (draft) => changePath(draft, (path) => path.replace(/\/(?=[^/]*$)/, '%2f')) },
  { name: 'dot segment', apply: (draft) => changePath(draft, (path) => path.replace(/\/(?=[^/]*$)/, '/./')) },
  { name: 'semicolon', apply: (draft) => changePath(draft, (path) => `${path};v=1`) },
  { name: 'query', apply: (draft) => setQuery(draft, 'x', 'y') },
  { name: 'other verb', apply: changeVerb },
  { name: 'other verb and type', apply: (draft, random) => changeVerb(draft, random) && setType(draft, 'text/plain') },
  { name: 'a type that the verb needs not', apply: (draft) => draft.verb === 'GET' && setType(draft, 'text/plain') },

  // Headers
  { name: 'no te', apply: (draft) => drop(draft, 'te') },
  {
    name: 'no protocol version',
    apply: (draft) => drop(draft, 'connect-protocol-version') || dropQuery(draft, 'connect'),
  },
  { name: 'wrong protocol version', apply: (draft) => replace(draft, 'connect-protocol-version', '2') },
  { name: 'long deadline', apply: (draft) => setTimeout(draft, '99999H', '9999999999') },
  { name: DEADLINE, isAlone: true, apply: awaitDeadline },
  { name: 'invalid timeout', apply: (draft, random) => setTimeout(draft, ...random.pick(NO_TIMEOUTS)) },
  { name: 'metadata', apply: (draft, random) => set(draft, `x-${random.word(5)}`, random.word(20)) },
  { name: 'metadata of two values', apply: (draft) => set(draft, 'x-two', ['a', 'b']) },
  { name: 'metadata without a value', apply: (draft) => set(draft, 'x-none', '') },
  { name: 'binary metadata', apply: (draft) => set(draft, 'x-bin', 'AAECAw==') },
  { name: 'binary metadata without padding', apply: (draft) => set(draft, 'x-bin', 'AAECAw') },
  { name: 'invalid binary metadata', apply: (draft) => set(draft, 'x-bin', '%%%') },
  { name: 'an origin', apply: (draft) => set(draft, 'origin', 'https://elsewhere.test') },
  { name: 'the name of a prototype', apply: (draft) => set(draft, '__proto__', 'x') },

  // Compression
  { name: 'gzip', apply: (draft) => compress(draft, 'gzip', gzipSync) },
  { name: 'zstd', apply: (draft) => compress(draft, 'zstd', zstdCompressSync) },
  { name: 'brotli', apply: (draft) => compress(draft, 'br', brotliCompressSync) },
  { name: 'encoding named and not used', apply: (draft) => setEncoding(draft, 'gzip') },
  { name: 'identity', apply: (draft) => setEncoding(draft, 'identity') },
  { name: 'unknown encoding', apply: (draft) => setEncoding(draft, 'rot13') },
  { name: 'broken gzip', apply: (draft) => compress(draft, 'gzip', (data) => gzipSync(data).subarray(0, -9)) },
  { name: 'compressed without encoding', apply: (draft) => flagFirst(draft, 1) },
  { name: 'accepts gzip', apply: (draft) => setAccepted(draft, 'gzip') },
  { name: 'accepts several', apply: (draft) => setAccepted(draft, 'rot13, zstd, gzip') },
  { name: 'accepts nothing known', apply: (draft) => setAccepted(draft, 'rot13') },
  { name: 'a bomb', apply: (draft) => compress(draft, 'gzip', () => gzipSync(Buffer.alloc(MAX_RECEIVE_BYTES + 1))) },

  // Bodies
  { name: 'no message', apply: (draft) => setPieces(draft, []) },
  { name: 'one message more', apply: (draft) => setPieces(draft, [...draft.pieces, ...draft.pieces.slice(0, 1)]) },
  { name: 'a malformed message', apply: (draft) => setFirst(draft, Buffer.from([0xff, 0xff, 0xff])) },
  { name: 'an empty message', apply: (draft) => setFirst(draft, Buffer.alloc(0)) },
  { name: 'an unknown field', apply: addUnknownField },
  ...LONG_INTEGERS.map((literal) => ({
    name: 'a long integer',
    apply: (draft: Draft) => draft.method === 'getStream' && addJson(draft, `"afterSequence":${literal}`),
  })),
  { name: 'a deep unknown field', apply: (draft) => addJson(draft, `"unknown":${'['.repeat(300)}${']'.repeat(300)}`) },
  { name: 'a key twice', apply: (draft) => addJson(draft, '"unknown":{"a":1,"\\u0061":2}') },
  { name: 'JSON null', apply: (draft) => draft.codec === 'json' && setFirst(draft, Buffer.from('null')) },
  { name: 'a message of the limit', apply: (draft) => sizeFirst(draft, MAX_RECEIVE_BYTES) },
  { name: 'a message over the limit', apply: (draft) => sizeFirst(draft, MAX_RECEIVE_BYTES + 1) },
  { name: 'unknown flags', apply: (draft) => flagFirst(draft, 8) },
  { name: 'an end-stream flag', apply: (draft) => flagFirst(draft, draft.protocol === 'connect-stream' ? 2 : 128) },
  { name: 'half a message', apply: (draft) => cutBody(draft, (body) => body.subarray(0, -2)) },
  {
    name: 'half a prefix behind',
    apply: (draft) => cutBody(draft, (body) => Buffer.concat([body, Buffer.from([0, 0])])),
  },
  { name: 'a length of 4 GiB', apply: (draft) => cutBody(draft, () => Buffer.from([0, 255, 255, 255, 255, 1])) },
  { name: 'text that is no base64', apply: spoilText },

  // Clients that leave
  { name: 'cancelled', isAlone: true, apply: cancelCall },
]

/** grpc-timeout, connect-timeout-ms. */
const NO_TIMEOUTS: readonly (readonly [string, string])[] = [
  ['-1S', '-1'],
  ['1', '1.5'],
  ['123456789S', '12345678901'],
  ['1e3S', '1e3'],
  ['S', 'S'],
]

const VERBS = ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD']

function set(draft: Draft, name: string, value: string | string[]): boolean {
  draft.headers[name] = value
  return true
}

function drop(draft: Draft, name: string): boolean {
  if (draft.headers[name] === undefined) return false
  delete draft.headers[name]
  return true
}

function replace(draft: Draft, name: string, value: string): boolean {
  return draft.headers[name] !== undefined && set(draft, name, value)
}

function changeType(draft: Draft, change: (type: string) => string): boolean {
  const type = draft.headers['content-type']
  if (typeof type !== 'string') return false
  const changed = change(type)
  return changed !== type && set(draft, 'content-type', changed)
}

function setType(draft: Draft, type: string): boolean {
  return set(draft, 'content-type', type)
}

function suffixType(draft: Draft, suffix: string): boolean {
  return changeType(draft, (type) => type + suffix)
}

function changePath(draft: Draft, change: (path: string) => string): boolean {
  draft.path = change(draft.path)
  return true
}

function setQuery(draft: Draft, name: string, value: string): boolean {
  draft.query.set(name, value)
  return true
}

function dropQuery(draft: Draft, name: string): boolean {
  if (!draft.query.has(name)) return false
  draft.query.delete(name)
  return true
}

function changeVerb(draft: Draft, random: SeededRandom): boolean {
  const verb = random.pick(VERBS)
  if (verb === draft.verb) return false
  draft.verb = verb
  return true
}

function setTimeout(draft: Draft, grpc: string, connect: string): boolean {
  const isGrpc = draft.protocol.startsWith('grpc')
  return set(draft, isGrpc ? 'grpc-timeout' : 'connect-timeout-ms', isGrpc ? grpc : connect)
}

/** The handler waits for it, so that timing does not matter. */
function awaitDeadline(draft: Draft): boolean {
  if (draft.protocol === 'connect-get' || draft.pieces.length === 0) return false
  setFirst(draft, messageOf(draft.method, draft.codec, 'wait'))
  return setTimeout(draft, '30m', '30')
}

function isUnary({ protocol }: Draft): boolean {
  return protocol === 'connect-unary' || protocol === 'connect-get'
}

function setEncoding(draft: Draft, name: string): boolean {
  if (draft.protocol === 'connect-get') return setQuery(draft, 'compression', name)
  if (draft.protocol === 'connect-unary') return set(draft, 'content-encoding', name)
  return set(draft, draft.protocol === 'connect-stream' ? 'connect-content-encoding' : 'grpc-encoding', name)
}

function setAccepted(draft: Draft, names: string): boolean {
  if (isUnary(draft)) return set(draft, 'accept-encoding', names)
  return set(draft, draft.protocol === 'connect-stream' ? 'connect-accept-encoding' : 'grpc-accept-encoding', names)
}

function compress(draft: Draft, name: string, pack: (data: Buffer) => Buffer): boolean {
  if (draft.pieces.length === 0) return false
  draft.pieces = draft.pieces.map(({ data }) => ({ data: pack(data), flags: 1 }))
  syncQuery(draft)
  return setEncoding(draft, name)
}

function flagFirst(draft: Draft, flags: number): boolean {
  const [first] = draft.pieces
  if (first === undefined || isUnary(draft)) return false
  first.flags = flags
  return true
}

function setPieces(draft: Draft, pieces: Draft['pieces']): boolean {
  if (draft.protocol === 'connect-get') return false
  draft.pieces = pieces
  return true
}

function setFirst(draft: Draft, data: Buffer): boolean {
  const [first] = draft.pieces
  if (first === undefined) return false
  first.data = data
  syncQuery(draft)
  return true
}

/** In a GET the message is in the query. */
function syncQuery(draft: Draft): void {
  if (draft.protocol === 'connect-get') draft.query.set('message', draft.pieces[0]?.data.toString('base64url') ?? '')
}

/** A message of this many bytes: the command is `ok`, and the text after it is ignored. */
function sizeFirst(draft: Draft, bytes: number): boolean {
  if (draft.protocol === 'connect-get' || draft.method === 'getStream' || draft.codec === 'json') return false
  // A message has the text in one field, or in two of the same length.
  const fields = draft.method === 'sayHello' ? 1 : 2
  const short = messageOf(draft.method, draft.codec, 'x'.repeat(bytes / fields - 100)).length
  const data = messageOf(
    draft.method,
    draft.codec,
    'x'.repeat(bytes / fields - 100 + Math.floor((bytes - short) / fields)),
  )
  return data.length === bytes && setFirst(draft, data)
}

function addUnknownField(draft: Draft): boolean {
  const [first] = draft.pieces
  if (first === undefined) return false
  if (draft.codec === 'proto') return setFirst(draft, Buffer.concat([first.data, Buffer.from([0xf8, 0x06, 1])]))
  return addJson(draft, '"unknown":[{}],"__proto__":{"name":"x"}')
}

function addJson(draft: Draft, fields: string): boolean {
  const text = draft.pieces[0]?.data.toString() ?? ''
  if (draft.codec !== 'json' || !text.endsWith('}')) return false
  return setFirst(draft, Buffer.from(text === '{}' ? `{${fields}}` : `${text.slice(0, -1)},${fields}}`))
}

function cutBody(draft: Draft, cut: (body: Buffer) => Buffer): boolean {
  if (isUnary(draft) || draft.protocol === 'grpc-web-text' || draft.pieces.length === 0) return false
  draft.finish = cut
  return true
}

function spoilText(draft: Draft): boolean {
  if (draft.protocol !== 'grpc-web-text') return false
  draft.finish = (body) => Buffer.concat([body, Buffer.from('%%%%')])
  return true
}

/** The client disconnects once the service has started, which waits for that. */
function cancelCall(draft: Draft): boolean {
  if (draft.protocol === 'connect-get' || draft.pieces.length === 0 || draft.httpVersion === '1.1') return false
  setFirst(draft, messageOf(draft.method, draft.codec, 'wait'))
  draft.cancels = true
  return true
}
