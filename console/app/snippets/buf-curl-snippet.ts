/** A call by `buf curl`. */
import { commandSnippet, DESCRIPTORS_FILE, descriptorsStep, needsInput } from './command.ts'
import { joinParts, quote, withInput } from './shell-words.ts'
import type { Snippet } from './snippet.ts'
import type { SnippetCall, SnippetHeader } from './snippet-call.ts'

/** Writes a call for `buf curl`. */
export function bufCurlSnippet(call: SnippetCall): Snippet {
  return commandSnippet('buf', 'buf curl', bufCurlCommand(call), call)
}

/** The command alone. */
export function bufCurlCommand(call: SnippetCall): string {
  const { place, headers, saved } = call
  const protocol = protocolOf(call)
  const data = call.messages.join('\n')
  const parts = [
    `buf curl --protocol ${protocol}`,
    ...(needsHttp2(call, protocol) ? ['--http2-prior-knowledge'] : []),
    ...(place.hasReflection ? [] : [`--schema ${DESCRIPTORS_FILE}`]),
    ...headers.map(headerPart),
    ...(place.hasReflection && headers.length > 0 ? ["--reflect-header '*'"] : []),
    ...(saved.timeoutMs === undefined ? [] : [`--timeout ${saved.timeoutMs}ms`]),
  ]
  const url = quote(call.url)
  if (!needsInput(data)) return descriptorsStep(call) + joinParts([...parts, `-d ${quote(data)}`, url])
  return descriptorsStep(call) + withInput(joinParts([...parts, '-d @-', url]), data)
}

/** buf reads the value of this option as a line of CSV, in which a comma would start another header. */
function headerPart(header: SnippetHeader): string {
  if ('value' in header) return `-H ${quote(csvField(`${header.name}: ${header.value}`))}`
  return `-H ${quote(`"${header.name}: `)}"$${header.variable}"'"'`
}

function csvField(text: string): string {
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

function protocolOf({ saved, place }: SnippetCall): 'connect' | 'grpc' | 'grpcweb' {
  if (saved.protocol === 'grpc') return 'grpc'
  if (saved.protocol === 'grpc-web' || saved.protocol === 'websocket') return 'grpcweb'
  return place.protocols.includes('connect') ? 'connect' : 'grpc'
}

/** Without TLS nothing else says that the server speaks HTTP/2. */
function needsHttp2({ place, method }: SnippetCall, protocol: string): boolean {
  const isNeeded = protocol === 'grpc' || method.methodKind === 'bidi_streaming' || place.hasReflection
  return isNeeded && place.origin.startsWith('http:')
}
