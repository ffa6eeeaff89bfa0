/** A call by `fetch`, in the Connect protocol with JSON. */
import { usesGet } from './curl-snippet.ts'
import type { Snippet } from './snippet.ts'
import type { SnippetCall, SnippetHeader } from './snippet-call.ts'
import { typescriptSnippet } from './typescript-snippet.ts'
import { groupText, indent, keyText, stringText } from './typescript-text.ts'

const ONE_WAY =
  'fetch sends the whole request before it gives the response, so it cannot make a bidirectional call: this is TypeScript.'

/** Writes a call for `fetch`. */
export function fetchSnippet(call: SnippetCall): Snippet {
  const { methodKind } = call.method
  if (methodKind === 'bidi_streaming') {
    const { text, note } = typescriptSnippet(call)
    return { ...snippetOf(call, text), note: `${ONE_WAY} ${note ?? ''}` }
  }
  return snippetOf(call, methodKind === 'unary' ? unaryProgram(call) : streamProgram(call))
}

function snippetOf({ notes }: SnippetCall, text: string): Snippet {
  const note = notes.join(' ')
  return { id: 'fetch', title: 'fetch', language: 'ts', text, ...(note !== '' && { note }) }
}

function unaryProgram(call: SnippetCall): string {
  const [message = '{}'] = call.messages
  const isGet = usesGet(call)
  const url = isGet ? `${call.url}?connect=v1&encoding=json&message=${encodeURIComponent(message)}` : call.url
  const init = isGet
    ? initOf(call, [], [])
    : initOf(call, ["'content-type': 'application/json'"], [`body: ${stringText(message)}`], 'POST')
  const options = init === '{}' ? '' : `, ${init}`
  return `const response = await fetch(${stringText(url)}${options})\nconsole.log(await response.text())\n`
}

function streamProgram(call: SnippetCall): string {
  const messages = groupText(['[', ']'], call.messages.map(stringText))
  const type = ["'content-type': 'application/connect+json'"]
  const init = initOf(call, type, ['body: new Blob(messages.flatMap(toEnvelope))'], 'POST')
  return `const messages = ${messages}
const response = await fetch(${stringText(call.url)}, ${init})
for await (const message of readEnvelopes(response)) console.log(message)
${ENVELOPES}`
}

function initOf(call: SnippetCall, own: readonly string[], others: readonly string[], httpMethod?: string): string {
  const { headers, saved } = call
  const { timeoutMs } = saved
  const limit = timeoutMs === undefined ? [] : [`'connect-timeout-ms': '${timeoutMs}'`]
  const fields = [...own, ...limit, ...headers.map(headerText)]
  return groupText(
    ['{', '}'],
    [
      ...(httpMethod === undefined ? [] : [`method: '${httpMethod}'`]),
      ...(fields.length === 0 ? [] : [`headers: ${groupText(['{', '}'], fields)}`]),
      ...others,
      ...(timeoutMs === undefined ? [] : [`signal: AbortSignal.timeout(${timeoutMs})`]),
    ],
  )
}

function headerText(header: SnippetHeader): string {
  const value = 'value' in header ? stringText(header.value) : `process.env.${header.variable} ?? ''`
  return `${keyText(header.name)}: ${value}`
}

/** What the program needs to know of Connect's streams. */
const ENVELOPES = `
/** A flag, the length of the message in four octets, and the message. */
function toEnvelope(message: string): [DataView<ArrayBuffer>, Uint8Array<ArrayBuffer>] {
${indent(`const octets = new TextEncoder().encode(message)
const head = new DataView(new ArrayBuffer(5))
head.setUint32(1, octets.length)
return [head, octets]`)}
}

/** The last message is the end of the stream, with its error and its trailers. */
async function* readEnvelopes({ body }: Response): AsyncGenerator<string> {
${indent(`let rest: Uint8Array<ArrayBuffer> = new Uint8Array()
for await (const chunk of body ?? []) {
  rest = new Uint8Array([...rest, ...chunk])
  while (rest.length >= 5) {
    const end = 5 + new DataView(rest.buffer).getUint32(1)
    if (rest.length < end) break
    yield new TextDecoder().decode(rest.subarray(5, end))
    rest = rest.slice(end)
  }
}`)}
}
`
