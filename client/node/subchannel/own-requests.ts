/** The heads of the client's own requests, for health and load. */
import { type HeaderSource, HeaderTemplate } from '../../../wire/http2/http2.ts'
import { userFields } from '../../../wire/user-fields.ts'
import type { CallAuthenticator } from '../credentials/call-authenticator.ts'

/** The settings shared with the channel's calls. */
export interface OwnRequestSettings {
  readonly isTls: boolean
  readonly authority: string
  /** Prefix of the path of each method; empty, or starts with a slash and does not end with one. */
  readonly pathPrefix: string
  /** The `User-Agent` of requests. */
  readonly userAgent: string
  readonly authenticator: CallAuthenticator
}

/**
 * Returns the head of a request for its path; a promise if the channel has credentials, which are created each time. The promise rejects with
 * a ConnectError if they fail, with a TypeError for invalid metadata, and with the reason of the signal if it aborts.
 */
export type OwnHeads = (path: string, signal: AbortSignal) => HeaderSource | Promise<HeaderSource>

/** Creates the heads. Without credentials, each path always has the same head, whose encoded form connections keep. */
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
