/** The heads of what the client asks its servers by itself. */
import { type HeaderSource, HeaderTemplate } from '../../../wire/http2/http2.ts'
import { userFields } from '../../../wire/user-fields.ts'
import type { CallAuthenticator } from '../credentials/call-authenticator.ts'

/** What these heads have in common with those of the channel's calls. */
export interface OwnRequestSettings {
  readonly isTls: boolean
  readonly authority: string
  /** Put before the path of each method; empty, or begins with a slash and ends without. */
  readonly pathPrefix: string
  /** What requests name as `User-Agent`. */
  readonly userAgent: string
  readonly authenticator: CallAuthenticator
}

/**
 * Gives the head of a request for its path. A promise where the channel has credentials, which are made each time: it rejects with
 * a ConnectError if they fail, with a TypeError for what may not go on the wire, and with the reason of the signal if it aborts.
 */
export type OwnHeads = (path: string, signal: AbortSignal) => HeaderSource | Promise<HeaderSource>

/** Without credentials a path has always the same head: connections keep what they have encoded. */
export function ownRequests(settings: OwnRequestSettings): OwnHeads {
  const { authenticator } = settings
  const known = new Map<string, HeaderTemplate>()
  return (path, signal) => {
    const head = known.get(path) ?? createHead(path, settings)
    known.set(path, head)
    const source = authenticator.sourceFor(path)
    if (source === null) return head
    return source(signal).then((credentials) => [...head.fields, ...userFields(credentials)])
  }
}

function createHead(path: string, { isTls, authority, pathPrefix, userAgent }: OwnRequestSettings): HeaderTemplate {
  return new HeaderTemplate([
    { name: ':method', value: 'POST' },
    { name: ':scheme', value: isTls ? 'https' : 'http' },
    { name: ':path', value: `${pathPrefix}${path}` },
    { name: ':authority', value: authority },
    { name: 'te', value: 'trailers' },
    { name: 'content-type', value: 'application/grpc+proto' },
    { name: 'user-agent', value: userAgent },
  ])
}
