/** A call by curl, in the REST form of the method. */
import { type RestRequest, restRequestOf } from '../api/rest-request.ts'
import { type RestRoute, restRoutesOf } from '../api/rest-routes.ts'
import { commandSnippet, headerParts, secondsOf } from './command.ts'
import { exactMessage } from './exact-message.ts'
import { isTooLong, joinParts, quote, withInput } from './shell-words.ts'
import type { Snippet } from './snippet.ts'
import { type SnippetCall, takesOne } from './snippet-call.ts'

const TITLE = 'curl (REST)'

/** Writes a call for curl; undefined if the method has no REST form. */
export function curlRestSnippet(call: SnippetCall): Snippet | undefined {
  const routes = restRoutesOf(call.method)
  if (routes.length === 0) return undefined
  try {
    const request = takesOne(call.method) ? oneRequest(call, routes) : streamRequest(call, routes)
    if (request === undefined) return refused('No REST route of the method can carry this request.')
    const { protocols } = call.place
    const others = protocols.includes('rest') ? [] : ['This server does not answer REST.']
    return commandSnippet('curl-rest', TITLE, commandOf(call, request), call, ...others)
  } catch (error) {
    return refused(`The request is not valid: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function refused(note: string): Snippet {
  return { id: 'curl-rest', title: TITLE, language: 'sh', text: '', note }
}

function oneRequest({ method, messages, place }: SnippetCall, routes: readonly RestRoute[]): RestRequest | undefined {
  const schema = method.input
  const message = exactMessage(schema, messages[0] ?? '{}', place.registry)
  return restRequestOf(routes, { schema, message, registry: place.registry })
}

/** A stream is sent as lines, each the whole of a message. */
function streamRequest({ messages }: SnippetCall, routes: readonly RestRoute[]): RestRequest | undefined {
  const route = routes.find(({ template, body }) => body === '*' && !/[{*]/.test(template))
  return route && { httpMethod: route.httpMethod, target: route.template, body: messages.join('\n') }
}

function commandOf(call: SnippetCall, { httpMethod, target, body }: RestRequest): string {
  const { place, headers, saved, method } = call
  const url = `${place.origin}${place.prefix}${target}`
  const type = takesOne(method) ? 'application/json' : 'application/x-ndjson'
  const parts = [
    `curl ${flagsOf(call, url)}${quote(url)}`,
    ...(httpMethod === (body === null ? 'GET' : 'POST') ? [] : [`-X ${quote(httpMethod)}`]),
    ...(body === null ? [] : [`-H 'content-type: ${type}'`]),
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
