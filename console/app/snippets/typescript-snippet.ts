/** A call as a whole program with `portico/client`. */
import { type DescMessage, toBinary } from '@bufbuild/protobuf'
import { reflect } from '@bufbuild/protobuf/reflect'
import { exactMessage } from './exact-message.ts'
import { Imports } from './generated-names.ts'
import { bytesText, messageLiteral, NoLiteralError } from './message-literal.ts'
import type { Snippet } from './snippet.ts'
import { type SnippetCall, takesOne } from './snippet-call.ts'
import { groupText, indent, keyText, stringText } from './typescript-text.ts'

const TITLE = 'TypeScript'
const GENERATED = 'The program imports the code that protoc-gen-es generates into gen/, and runs in Node.'

/** Writes a program. */
export function typescriptSnippet(call: SnippetCall): Snippet {
  try {
    const note = [GENERATED, ...call.notes].join(' ')
    return { id: 'typescript', title: TITLE, language: 'ts', text: programOf(call), note }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return {
      id: 'typescript',
      title: TITLE,
      language: 'ts',
      text: '',
      note: `There is no program for this request. ${reason}`,
    }
  }
}

function programOf(call: SnippetCall): string {
  const { method, place, saved } = call
  const imports = new Imports()
  imports.add('portico/client', 'createClient')
  imports.add('portico/client', 'createTransport')
  const options = ['baseUrl', 'protocol'].map((name) =>
    name === 'baseUrl'
      ? `baseUrl: ${stringText(place.origin + place.prefix)}`
      : `protocol: '${protocolOf(saved.protocol, place.protocols)}'`,
  )
  const service = imports.addGenerated(method.parent)
  const body = bodyOf(call, imports)
  return [
    `${imports}`,
    `const transport = createTransport(${groupText(['{', '}'], options)})`,
    `const client = createClient(${service}, transport)`,
    '',
    body,
    'await transport.close()',
    '',
  ].join('\n')
}

function protocolOf(protocol: string, offered: readonly string[]): string {
  if (protocol === 'grpc' || protocol === 'connect') return protocol
  if (protocol === 'grpc-web' || protocol === 'websocket') return 'grpc-web'
  return offered.includes('grpc') ? 'grpc' : 'connect'
}

function bodyOf(call: SnippetCall, imports: Imports): string {
  const { method } = call
  const print = printOf(method.output, imports)
  const request = takesOne(method) ? literalOf(call, call.messages[0] ?? '{}', imports) : 'requests()'
  const made = `client.${method.localName}(${[request, ...optionsOf(call)].join(', ')})`
  const isOne = method.methodKind === 'unary' || method.methodKind === 'client_streaming'
  const received = isOne
    ? `const response = await ${made}\n${print}`
    : `for await (const response of ${made}) {\n${indent(print)}\n}`
  return takesOne(method) ? received : `${requestsOf(call, imports)}\n${received}`
}

/** JSON of a `google.protobuf.Any` would need the type of its value, which the program does not know. */
function printOf(schema: DescMessage, imports: Imports): string {
  if (holdsAny(schema)) return 'console.dir(response, { depth: null })'
  const toText = imports.add('@bufbuild/protobuf', 'toJsonString')
  return `console.log(${toText}(${imports.addGenerated(schema, 'Schema')}, response))`
}

function holdsAny(schema: DescMessage, seen = new Set<DescMessage>()): boolean {
  if (schema.typeName === 'google.protobuf.Any') return true
  if (seen.has(schema)) return false
  seen.add(schema)
  return schema.fields.some(({ message }) => message !== undefined && holdsAny(message, seen))
}

function requestsOf(call: SnippetCall, imports: Imports): string {
  const shape = imports.add('@bufbuild/protobuf', 'type MessageInitShape')
  const schema = imports.addGenerated(call.method.input, 'Schema')
  const yields = call.messages.map((text) => indent(`yield ${literalOf(call, text, imports)}`))
  return [`async function* requests(): AsyncGenerator<${shape}<typeof ${schema}>> {`, ...yields, '}', ''].join('\n')
}

function literalOf({ method, place }: SnippetCall, text: string, imports: Imports): string {
  const schema = method.input
  const message = exactMessage(schema, text, place.registry)
  try {
    return messageLiteral(reflect(schema, message), imports)
  } catch (error) {
    if (!(error instanceof NoLiteralError)) throw error
    const read = imports.add('@bufbuild/protobuf', 'fromBinary')
    return `${read}(${imports.addGenerated(schema, 'Schema')}, ${bytesText(toBinary(schema, message))})`
  }
}

function optionsOf({ headers, saved: { timeoutMs } }: SnippetCall): string[] {
  const fields = headers.map((header) =>
    'value' in header
      ? `${keyText(header.name)}: ${stringText(header.value)}`
      : `${keyText(header.name)}: process.env.${header.variable} ?? ''`,
  )
  const options = [
    ...(fields.length === 0 ? [] : [`headers: ${groupText(['{', '}'], fields)}`]),
    ...(timeoutMs === undefined ? [] : [`timeoutMs: ${timeoutMs}`]),
  ]
  return options.length === 0 ? [] : [groupText(['{', '}'], options)]
}
