/** Generates calls, valid and unusual ones, the same in every run. */
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import { envelope } from '../calls.ts'
import type { ExchangeInit } from '../exchange.ts'
import type { SeededRandom } from '../seeded-random.ts'
import { CALL_ID } from './commanded-service.ts'
import { type CallProtocol, type Draft, messageOf, PROTOCOLS } from './draft.ts'
import { ODDITIES } from './oddities.ts'

/** A call that can be sent. */
export interface GeneratedCall extends Pick<Draft, 'method' | 'protocol' | 'codec' | 'httpVersion' | 'cancels'> {
  readonly id: string
  /** The names of its oddities. */
  readonly oddities: readonly string[]
  readonly commands: readonly string[]
  readonly init: ExchangeInit & { readonly headers: Draft['headers'] }
}

const COMMANDS = [
  'ok',
  'large:3000',
  'large:100000',
  'many:3',
  'metadata',
  'reserved',
  'error:5',
  'error:13',
  'fail-after:2',
  'throw',
  'early',
]
const MOST_ODDITIES = 2
const VERBS_WITHOUT_BODY = new Set(['GET', 'HEAD', 'OPTIONS', 'DELETE'])

/** Generates the next call; half of them are ordinary. */
export function generateCall(random: SeededRandom, id: string): GeneratedCall {
  const protocol = random.pick(PROTOCOLS)
  const method = random.pick(methodsOf(protocol))
  const { methodKind } = GreeterService.method[method]
  const takesMany = methodKind === 'client_streaming' || methodKind === 'bidi_streaming'
  const count = takesMany ? random.below(4) : 1
  const commands = Array.from({ length: count }, () => random.pick(COMMANDS))
  const draft = rightCall(random, { protocol, method, commands })
  const oddities = random.below(2) === 1 ? applyOddities(draft, random) : []
  draft.headers[CALL_ID] = id
  return { ...draft, id, oddities, commands, init: initOf(draft) }
}

function applyOddities(draft: Draft, random: SeededRandom): string[] {
  const names: string[] = []
  for (let left = 1 + random.below(MOST_ODDITIES); left > 0; left--) {
    const { name, isAlone = false, apply } = random.pick(ODDITIES)
    const fits = !names.includes(name) && !(isAlone && names.length > 0)
    if (!fits || apply(draft, random) === false) continue
    names.push(name)
    if (isAlone) break
  }
  return names
}

/** gRPC, and streams that respond during the request, need HTTP/2. */
function methodsOf(protocol: CallProtocol): readonly Draft['method'][] {
  if (protocol === 'connect-get') return ['sayHello']
  if (protocol === 'connect-unary') return ['sayHello', 'publish']
  if (protocol === 'connect-stream') return ['getStream', 'putStream', 'allStream']
  return ['sayHello', 'publish', 'getStream', 'putStream', 'allStream']
}

type Choice = Pick<Draft, 'protocol' | 'method'> & { readonly commands: readonly string[] }

function rightCall(random: SeededRandom, { protocol, method, commands }: Choice): Draft {
  const codec = random.pick(['proto', 'json'] as const)
  const needsHttp2 = protocol === 'grpc' || method === 'allStream'
  const isGet = protocol === 'connect-get'
  const pieces = commands.map((command) => ({ data: messageOf(method, codec, command), flags: 0 }))
  const query = new URLSearchParams()
  if (isGet) {
    query.set('connect', 'v1')
    query.set('encoding', codec)
    query.set('base64', '1')
    query.set('message', pieces[0]?.data.toString('base64url') ?? '')
  }
  return {
    method,
    protocol,
    codec,
    httpVersion: needsHttp2 ? '2' : random.pick(['1.1', '2'] as const),
    headers: headersOf(protocol, codec),
    query,
    verb: isGet ? 'GET' : 'POST',
    path: `/${GreeterService.typeName}/${GreeterService.method[method].name}`,
    pieces,
    finish: (body) => body,
    cancels: false,
  }
}

function headersOf(protocol: CallProtocol, codec: Draft['codec']): Draft['headers'] {
  switch (protocol) {
    case 'grpc':
      return { 'content-type': `application/grpc+${codec}`, te: 'trailers' }
    case 'grpc-web':
    case 'grpc-web-text':
      return { 'content-type': `application/${protocol}+${codec}` }
    case 'connect-stream':
      return { 'content-type': `application/connect+${codec}`, 'connect-protocol-version': '1' }
    case 'connect-unary':
      return { 'content-type': `application/${codec}`, 'connect-protocol-version': '1' }
    case 'connect-get':
      return {}
  }
}

function initOf(draft: Draft): GeneratedCall['init'] {
  const { verb, headers, query } = draft
  const text = query.toString()
  const path = text === '' ? draft.path : `${draft.path}?${text}`
  if (VERBS_WITHOUT_BODY.has(verb)) return { path, method: verb, headers }
  return { path, method: verb, headers, body: draft.finish(bodyOf(draft)) }
}

function bodyOf({ protocol, pieces }: Draft): Buffer {
  if (protocol.startsWith('connect-') && protocol !== 'connect-stream') {
    return Buffer.concat(pieces.map(({ data }) => data))
  }
  const body = Buffer.concat(pieces.map(({ data, flags }) => envelope(data, flags)))
  return protocol === 'grpc-web-text' ? Buffer.from(body.toString('base64')) : body
}
