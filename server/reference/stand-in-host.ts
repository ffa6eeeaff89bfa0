/** Gives calls an authority that upstream can make a URL of: it throws at any other. */
import type { onRequestAsyncHookHandler } from 'fastify'
import { urlAuthorityOf } from '../../wire/http2/http2.ts'

/** An `onRequest` hook for calls. What the client stated is not seen from then on where no URL can have it. */
export const standInHost: onRequestAsyncHookHandler = async function onRequestStandInHost({ raw: { headers } }) {
  const name = headers[':authority'] === undefined ? 'host' : ':authority'
  headers[name] = urlAuthorityOf(String(headers[name] ?? ''))
}
