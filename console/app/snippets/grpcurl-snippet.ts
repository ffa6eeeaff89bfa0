/** A call by grpcurl. */
import { pathOf } from '../api/api.ts'
import { commandSnippet, DESCRIPTORS_FILE, descriptorsStep, headerParts, needsInput, secondsOf } from './command.ts'
import { joinParts, quote, withInput } from './shell-words.ts'
import type { Snippet } from './snippet.ts'
import type { SnippetCall } from './snippet-call.ts'

/** Writes a call for grpcurl. */
export function grpcurlSnippet(call: SnippetCall): Snippet {
  const { place, headers, saved, method } = call
  const data = call.messages.join('\n')
  const isOnInput = needsInput(data)
  const parts = [
    place.origin.startsWith('http:') ? 'grpcurl -plaintext' : 'grpcurl',
    ...(place.hasReflection ? [] : [`-protoset ${DESCRIPTORS_FILE}`]),
    ...headerParts(headers),
    ...(saved.timeoutMs === undefined ? [] : [`-max-time ${secondsOf(saved.timeoutMs)}`]),
    `-d ${isOnInput ? '@' : quote(data)}`,
    `${quote(addressOf(place.origin))} ${quote(pathOf(method))}`,
  ]
  const command = isOnInput ? withInput(joinParts(parts), data) : joinParts(parts)
  return commandSnippet('grpcurl', 'grpcurl', descriptorsStep(call) + command, call, ...notesOf(call))
}

/** Host and port, which must be there. */
function addressOf(origin: string): string {
  const { protocol, hostname, port } = new URL(origin)
  return `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`
}

function notesOf({ place: { prefix, protocols } }: SnippetCall): string[] {
  const notes: string[] = []
  if (prefix !== '') notes.push(`grpcurl cannot send a path prefix, so it does not reach methods under ${prefix}.`)
  if (!protocols.includes('grpc')) notes.push('grpcurl needs gRPC, which this server does not answer.')
  return notes
}
