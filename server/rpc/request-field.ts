/** Reads single request headers of a call. */
import type { HandlerContext } from '@connectrpc/connect'
import { CallContext } from './call-context.ts'

/**
 * Returns the values of a request header, joined as by `Headers`; null if there is none. On the native lane it builds no `Headers`, which
 * cost more than all else that a gate does.
 *
 * @param name in lower case
 */
export function requestField(context: HandlerContext, name: string): string | null {
  return context instanceof CallContext ? context.requestField(name) : context.requestHeader.get(name)
}
