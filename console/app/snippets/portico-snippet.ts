/** A call by `portico call`. */
import { pathOf } from '../api/api.ts'
import { commandSnippet, DESCRIPTORS_FILE, descriptorsStep, headerParts, needsInput } from './command.ts'
import { joinParts, quote, withInput } from './shell-words.ts'
import type { Snippet } from './snippet.ts'
import type { SnippetCall } from './snippet-call.ts'

/** Writes a call for the client program. */
export function porticoSnippet(call: SnippetCall): Snippet {
  const { place, headers, saved, method } = call
  const data = call.messages.join('\n')
  const isOnInput = needsInput(data)
  const protocol = protocolOf(call)
  const parts = [
    `portico call ${quote(place.origin + place.prefix)} ${quote(pathOf(method))}`,
    ...(protocol === 'grpc' ? [] : [`--protocol ${protocol}`]),
    ...(place.hasReflection ? [] : [`--descriptors ${DESCRIPTORS_FILE}`]),
    ...headerParts(headers),
    ...(saved.timeoutMs === undefined ? [] : [`--timeout ${saved.timeoutMs}ms`]),
    dataPart(data, isOnInput),
  ]
  const command = isOnInput ? withInput(joinParts(parts), data) : joinParts(parts)
  return commandSnippet('portico', 'portico', descriptorsStep(call) + command, call)
}

/** A value that starts with a dash would be another option. */
function dataPart(data: string, isOnInput: boolean): string {
  if (isOnInput) return '-d @'
  return data.startsWith('-') ? `--data=${quote(data)}` : `-d ${quote(data)}`
}

function protocolOf({ saved, place }: SnippetCall): 'connect' | 'grpc' | 'grpc-web' {
  if (saved.protocol === 'connect' || saved.protocol === 'grpc') return saved.protocol
  if (saved.protocol === 'grpc-web' || saved.protocol === 'websocket') return 'grpc-web'
  return place.protocols.includes('grpc') ? 'grpc' : 'connect'
}
