/** Creates calls for requests before Fastify runs their hooks, on any server. */
import type { FastifyBaseLogger } from 'fastify'
import type { MemoryBudget } from '../../wire/http2/http2.ts'
import { NodeHead } from '../rpc/exchange/node-request.ts'
import type { NativeLane } from '../rpc/native-lane.ts'
import type { OpenCall } from './mount-call-routes.ts'
import { createNodeTransport } from './node-transport.ts'
import { RoutedCall, type RoutedCallInit } from './routed-call.ts'
import { RoutedHead } from './routed-head.ts'

/** What calls need. */
export interface OpenCallInit extends Pick<RoutedCallInit, 'contextValues' | 'isServerForeign'> {
  readonly lane: NativeLane
  readonly log: FastifyBaseLogger
  /** The memory budget of the process. */
  readonly budget: MemoryBudget
}

/** Creates the function that opens calls. It warns once about a hook that replaces a body without effect. */
export function createOpenCall({ lane, log, budget, contextValues, isServerForeign }: OpenCallInit): OpenCall {
  let hasWarned = false
  function onReplaced(): void {
    if (hasWarned) return
    hasWarned = true
    log.warn('portico: onSend hook replaced the body of a call: ignored, as only unary Connect calls allow it')
  }
  /** The head is shared with the call's plan; `RoutedHead` adds what hooks change for the service. */
  return (route, request, reply) => {
    const wire = new NodeHead(request.raw)
    const transport = createNodeTransport(request.raw, reply.raw, { head: wire, budget })
    const head = new RoutedHead(wire, request)
    return new RoutedCall({
      lane,
      route,
      request,
      reply,
      head,
      transport,
      contextValues,
      isServerForeign,
      onReplaced,
    })
  }
}
