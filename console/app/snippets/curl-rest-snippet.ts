/** A call by curl, in the REST form of the method. */
import { type HttpBinding, httpRuleOf } from '../call/rest/http-rule.ts'
import { buildRestRequest } from '../call/rest/rest-request.ts'
import { commandSnippet, headerParts, secondsOf } from './command.ts'
import { exactMessage } from './exact-message.ts'
import { isTooLong, joinParts, quote, withInput } from './shell-words.ts'
import type { Snippet } from './snippet.ts'
import { type SnippetCall, takesOne } from './snippet-call.ts'

const TITLE = 'curl (REST)'

interface TextRequest {
  readonly verb: string
  /** Path and query. */
  readonly target: string
  /** Null for none. */
  readonly body: string | null
  readonly contentType: string
}

/** Writes a call for curl; undefined if the method has no REST form. */
export function curlRestSnippet(call: SnippetCall): Snippet | undefined {
  const bindings = httpRuleOf(call.method)
  if (bindings === undefined) return undefined
  try {
    const request = takesOne(call.method) ? oneRequest(call) : streamRequest(call, bindings)
    const others = call.place.protocols.includes('rest') ? [] : ['This server does not support REST.']
    return commandSnippet('curl-rest', TITLE, commandOf(call, request), call, ...others)
  } catch (error) {
    return { id: 'curl-rest', title: TITLE, language: 'sh', text: '', note: refusalOf(error) }
  }
}

function refusalOf(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error)
  return `This request has no REST form. ${reason}`
}

function oneRequest({ method, messages, place }: SnippetCall): TextRequest {
  const message = exactMessage(method.input, messages[0] ?? '{}', place.registry)
  const { verb, target, body, contentType } = buildRestRequest(method, message, place.registry)
  const decoder = new TextDecoder('utf-8', { fatal: true })
  return { verb, target, body: body && decoder.decode(body), contentType: contentType ?? '' }
}

/** A stream is sent as lines, each the whole of a message. */
function streamRequest({ messages }: SnippetCall, bindings: readonly HttpBinding[]): TextRequest {
  const binding = bindings.find(({ template, body }) => body === '*' && !/[{*]/.test(template))
  if (binding === undefined) throw new RangeError('A stream of requests needs a route without variables.')
  const body = messages.join('\n')
  return { verb: binding.verb, target: binding.template, body, contentType: 'application/x-ndjson' }
}

function commandOf(call: SnippetCall, { verb, target, body, contentType }: TextRequest): string {
  const { place, headers, saved } = call
  const url = `${place.origin}${place.prefix}${target}`
  const parts = [
    `curl ${flagsOf(call, url)}${quote(url)}`,
    ...(verb === (body === null ? 'GET' : 'POST') ? [] : [`-X ${quote(verb)}`]),
    ...(body === null ? [] : [`-H ${quote(`content-type: ${contentType}`)}`]),
    ...headerParts(headers),
    ...(saved.timeoutMs === undefined ? [] : [`--max-time ${secondsOf(saved.timeoutMs)}`]),
  ]
  if (body === null) return joinParts(parts)
  if (!isTooLong(body)) return joinParts([...parts, `--data-raw ${quote(body)}`])
  return withInput(joinParts([...parts, '--data-binary @-']), body)
}

/** curl prints what has arrived only at the end of a line, resolves dots in paths, and takes brackets as ranges. */
function flagsOf({ method }: SnippetCall, url: string): string {
  const isStream = method.methodKind === 'server_streaming' || method.methodKind === 'bidi_streaming'
  const hasDots = /\/\.{1,2}(?:[/?]|$)/.test(url)
  return `${isStream ? '-N ' : ''}${hasDots ? '--path-as-is ' : ''}${url.includes('[') ? '-g ' : ''}`
}
