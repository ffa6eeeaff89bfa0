/** A call by curl, in the Connect protocol with JSON. */
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt'
import { bufCurlCommand } from './buf-curl-snippet.ts'
import { commandSnippet, headerParts, secondsOf } from './command.ts'
import { isTooLong, joinParts, quote, withInput } from './shell-words.ts'
import type { Snippet } from './snippet.ts'
import type { SnippetCall } from './snippet-call.ts'

/** Prints the message of each envelope on a line of its own. */
const PRINT_ENVELOPES =
  'perl -e \'$| = 1; while (read STDIN, $h, 5) { read STDIN, $m, unpack "xN", $h; print "$m\\n" }\''

const ONE_WAY =
  'curl sends the whole request before it reads, so it cannot make a bidirectional call: this is buf curl.'
const ENVELOPES =
  'Each message of a stream comes in an envelope: five octets, with a flag and its length. The last envelope is the end of the stream.'

/** Writes a call for curl. */
export function curlSnippet(call: SnippetCall): Snippet {
  const { methodKind } = call.method
  if (methodKind === 'bidi_streaming') return commandSnippet('curl', 'curl', bufCurlCommand(call), call, ONE_WAY)
  if (methodKind !== 'unary') return commandSnippet('curl', 'curl', streamCommand(call), call, ENVELOPES)
  return commandSnippet('curl', 'curl', usesGet(call) ? getCommand(call) : postCommand(call), call)
}

/** Whether a call is made by GET, as the method has no side effects and the user wants it. */
export function usesGet({ saved, method }: SnippetCall): boolean {
  return saved.usesGet === true && method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS
}

function postCommand(call: SnippetCall): string {
  const [message = '{}'] = call.messages
  const parts = [...startOf(call), "-H 'content-type: application/json'", ...metadataOf(call)]
  if (!isTooLong(message)) return joinParts([...parts, `--data-raw ${quote(message)}`])
  return withInput(joinParts([...parts, '--data-binary @-']), message)
}

function getCommand(call: SnippetCall): string {
  const [message = '{}'] = call.messages
  const fields = ['connect=v1', 'encoding=json', `message=${message}`]
  const [curl = '', ...parts] = [...startOf(call), ...metadataOf(call)]
  const data = fields.map((field) => `--data-urlencode ${quote(field)}`)
  if (!isTooLong(message)) return joinParts([curl.replace('curl', 'curl -G'), ...parts, ...data])
  // Servers refuse such long URLs anyway.
  return postCommand(call)
}

function streamCommand(call: SnippetCall): string {
  const type = "-H 'content-type: application/connect+json'"
  const [curl = '', ...parts] = [...startOf(call), type, ...metadataOf(call), '--data-binary @-']
  const request = call.messages.map((message) => `  ${printEnvelope(message)}\n`).join('')
  const curlCommand = [curl.replace('curl', 'curl -sSN'), ...parts].join(' \\\n  ')
  const input = request === '' ? 'printf %s ""' : `{\n${request}}`
  return `${input} | ${curlCommand} |\n  ${PRINT_ENVELOPES}`
}

function printEnvelope(message: string): string {
  const { length } = new TextEncoder().encode(message)
  const octets = [0, length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255]
  const head = octets.map((octet) => `\\0${octet.toString(8)}`).join('')
  return `printf '%b%s' '${head}' ${quote(message)}`
}

/** Brackets in the URL of an IPv6 address would be ranges to curl. */
function startOf({ url }: SnippetCall): string[] {
  return [`curl ${url.includes('[') ? '-g ' : ''}${quote(url)}`]
}

function metadataOf({ saved: { timeoutMs }, headers }: SnippetCall): string[] {
  const limit =
    timeoutMs === undefined ? [] : [`-H 'connect-timeout-ms: ${timeoutMs}'`, `--max-time ${secondsOf(timeoutMs)}`]
  return [...headerParts(headers), ...limit]
}
