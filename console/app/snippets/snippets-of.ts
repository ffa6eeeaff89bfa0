/** Writes a call down as commands and programs that run elsewhere. */
import type { DescMethod } from '@bufbuild/protobuf'
import type { SavedCall } from '../contracts/saved-call.ts'
import { bufCurlSnippet } from './buf-curl-snippet.ts'
import { curlRestSnippet } from './curl-rest-snippet.ts'
import { curlSnippet } from './curl-snippet.ts'
import { fetchSnippet } from './fetch-snippet.ts'
import { grpcurlSnippet } from './grpcurl-snippet.ts'
import { porticoSnippet } from './portico-snippet.ts'
import type { Snippet, SnippetPlace } from './snippet.ts'
import { snippetCall } from './snippet-call.ts'
import { typescriptSnippet } from './typescript-snippet.ts'

/** Returns all ways to write a call down. Secrets are environment variables, never values. */
export function snippetsOf(saved: SavedCall, method: DescMethod, place: SnippetPlace): readonly Snippet[] {
  const call = snippetCall(saved, method, place)
  const rest = curlRestSnippet(call)
  return [
    curlSnippet(call),
    ...(rest === undefined ? [] : [rest]),
    grpcurlSnippet(call),
    bufCurlSnippet(call),
    porticoSnippet(call),
    typescriptSnippet(call),
    fetchSnippet(call),
  ]
}
