/** The heads of what the client asks its servers by itself. */
import { HeaderTemplate } from '../../../wire/http2/http2.ts'
import { USER_AGENT } from '../user-agent.ts'

/** What these heads have in common with those of the channel's calls. */
export interface OwnRequestSettings {
  readonly isTls: boolean
  readonly authority: string
  /** Put before the path of each method; empty, or begins with a slash and ends without. */
  readonly pathPrefix: string
}

/** Makes the function that gives the head for a path, always the same one: connections keep what they have encoded. */
export function ownRequests({ isTls, authority, pathPrefix }: OwnRequestSettings): (path: string) => HeaderTemplate {
  const known = new Map<string, HeaderTemplate>()
  const create = (path: string): HeaderTemplate =>
    new HeaderTemplate([
      { name: ':method', value: 'POST' },
      { name: ':scheme', value: isTls ? 'https' : 'http' },
      { name: ':path', value: `${pathPrefix}${path}` },
      { name: ':authority', value: authority },
      { name: 'te', value: 'trailers' },
      { name: 'content-type', value: 'application/grpc+proto' },
      { name: 'user-agent', value: USER_AGENT },
    ])
  return (path) => {
    const head = known.get(path) ?? create(path)
    known.set(path, head)
    return head
  }
}
