/** Reads the content types of calls: one strict parser, whose result everybody uses. */

import type { CodecName } from '../../wire/message-codec.ts'
import type { RpcProtocol } from '../../wire/rpc-protocol.ts'

/** What a content type says about a call. */
export interface MediaType {
  readonly protocol: RpcProtocol
  readonly codec: CodecName
}

const ESSENCES: ReadonlyMap<string, MediaType> = new Map<string, MediaType>([
  ['application/grpc', { protocol: 'grpc', codec: 'proto' }],
  ['application/grpc+proto', { protocol: 'grpc', codec: 'proto' }],
  ['application/grpc+json', { protocol: 'grpc', codec: 'json' }],
  ['application/grpc-web', { protocol: 'grpc-web', codec: 'proto' }],
  ['application/grpc-web+proto', { protocol: 'grpc-web', codec: 'proto' }],
  ['application/grpc-web+json', { protocol: 'grpc-web', codec: 'json' }],
  ['application/grpc-web-text', { protocol: 'grpc-web-text', codec: 'proto' }],
  ['application/grpc-web-text+proto', { protocol: 'grpc-web-text', codec: 'proto' }],
  ['application/grpc-web-text+json', { protocol: 'grpc-web-text', codec: 'json' }],
  ['application/connect+proto', { protocol: 'connect-stream', codec: 'proto' }],
  ['application/connect+json', { protocol: 'connect-stream', codec: 'json' }],
  ['application/proto', { protocol: 'connect-unary', codec: 'proto' }],
  ['application/json', { protocol: 'connect-unary', codec: 'json' }],
])

/** JSON may state that it is UTF-8, which it always is (RFC 8259 section 8.1). */
const UTF8 = /^[\t ]*;[\t ]*charset=(?:utf-?8|"utf-?8")$/i

/** All content types, for the refusals that list them. */
export const MEDIA_TYPES: readonly (readonly [text: string, type: MediaType])[] = [...ESSENCES]

/** Returns what a content-type says, or undefined where it says anything but exactly one of ours. */
export function parseMediaType(text: string): MediaType | undefined {
  const plain = ESSENCES.get(text)
  if (plain !== undefined) return plain
  const semicolon = text.indexOf(';')
  const essence = text.slice(0, semicolon < 0 ? text.length : endOfEssence(text, semicolon)).toLowerCase()
  const type = ESSENCES.get(essence)
  if (type === undefined || semicolon < 0) return type
  return type.codec === 'json' && UTF8.test(text.slice(semicolon)) ? type : undefined
}

/** Only space and tab may stand before a parameter (RFC 9110 section 5.6.6): `trimEnd` would take more. */
function endOfEssence(text: string, semicolon: number): number {
  let end = semicolon
  while (end > 0 && (text[end - 1] === ' ' || text[end - 1] === '\t')) end--
  return end
}
