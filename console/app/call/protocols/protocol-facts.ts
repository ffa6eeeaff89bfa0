/** What each protocol is called, and which methods it can carry from a page. */
import type { DescMethod } from '@bufbuild/protobuf'
import type { ConsoleFacts, ConsoleProtocol } from '../../../../wire/console/console-facts.ts'
import { takesOneRequest } from '../engine/method-kind.ts'
import { httpRuleOf } from '../rest/http-rule.ts'

/** All protocols, in the order in which the page offers them. */
export const PROTOCOLS: readonly ConsoleProtocol[] = ['connect', 'grpc-web', 'websocket', 'rest', 'grpc']

/** What people call the protocols. */
export const PROTOCOL_NAMES: Readonly<Record<ConsoleProtocol, string>> = {
  connect: 'Connect',
  'grpc-web': 'gRPC-Web',
  websocket: 'WebSocket',
  rest: 'REST',
  grpc: 'gRPC',
}

/** Returns why a page cannot call the method by the protocol; null if it can. */
export function refusalOf(protocol: ConsoleProtocol, method: DescMethod, facts: ConsoleFacts): string | null {
  if (protocol === 'grpc')
    return 'Browsers do not let pages read the trailers of gRPC. The tab Code has commands for it.'
  if (!facts.protocols.includes(protocol)) return `This server does not support ${PROTOCOL_NAMES[protocol]}.`
  if (protocol === 'websocket') return null
  if (!takesOneRequest(method)) return 'Browsers cannot send a stream of messages by fetch. Use WebSocket.'
  if (protocol === 'rest' && httpRuleOf(method) === undefined) return 'The method has no option google.api.http.'
  return null
}

/** Returns the first protocol by which a page can call the method; undefined if there is none. */
export function firstProtocol(method: DescMethod, facts: ConsoleFacts): ConsoleProtocol | undefined {
  return PROTOCOLS.find((protocol) => refusalOf(protocol, method, facts) === null)
}
