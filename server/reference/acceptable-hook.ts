/** Tells callers whose request no handler of a path takes what one would take. */
import type { ConnectRouter } from '@connectrpc/connect'
import type { onRequestAsyncHookHandler } from 'fastify'
import { STANDARD_PROTOCOLS } from '../rpc/standard-protocols.ts'

type Handler = ConnectRouter['handlers'][number]

const CONTENT_TYPES = STANDARD_PROTOCOLS.flatMap(({ contentTypes }) => contentTypes)

/**
 * Makes an `onRequest` hook for the routes of the calls: the 405 that a request is about to get carries `Allow` (RFC 9110
 * section 15.5.6), the 415 carries `Accept-Post` (Linked Data Platform 1.0, section 7.1).
 *
 * @param handlerOf finds the handler by the path of the route
 */
export function acceptableHook(handlerOf: (path: string) => Handler | undefined): onRequestAsyncHookHandler {
  return async function onRequestAcceptable({ method, headers, routeOptions }, reply) {
    const handler = handlerOf(routeOptions.url ?? '')
    if (handler === undefined) return
    if (!handler.allowedMethods.includes(method)) reply.header('allow', handler.allowedMethods.join(', '))
    else if (method === 'POST' && !handler.supportedContentType(headers['content-type'] ?? '')) {
      reply.header('accept-post', CONTENT_TYPES.filter((type) => handler.supportedContentType(type)).join(', '))
    }
  }
}
