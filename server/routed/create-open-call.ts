/** Makes a call of a request that Fastify is about to run hooks for, whatever server it came by. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyBaseLogger } from 'fastify'
import { MemorySocket } from '../listen/forwarded/memory-socket.ts'
import { http1ConnectionOf } from '../listen/http1-connection.ts'
import { RequestObservation } from '../listen/request-observation.ts'
import type { ExchangeConnection } from '../rpc/exchange/exchange.ts'
import type { MemoryBudget } from '../rpc/exchange/held-bytes.ts'
import { Http1Exchange } from '../rpc/exchange/http1-exchange.ts'
import { Http1Head } from '../rpc/exchange/http1-head.ts'
import type { NativeLane } from '../rpc/native-lane.ts'
import type { OpenCall } from './mount-call-routes.ts'
import { RoutedCall, type RoutedCallInit } from './routed-call.ts'
import { RoutedHead } from './routed-head.ts'

/** What calls are made with. */
export interface OpenCallInit {
  readonly lane: NativeLane
  readonly log: FastifyBaseLogger
  /** What bodies and answers may hold. */
  readonly budget: MemoryBudget
  readonly contextValues: RoutedCallInit['contextValues']
  /** The server has told clients to send their bodies before anybody wanted them, as node:http does by default. */
  readonly isContinueSent: boolean
}

/** Makes the function that opens calls. It warns once of hooks that replace bodies in vain. */
export function createOpenCall({ lane, log, budget, contextValues, isContinueSent }: OpenCallInit): OpenCall {
  let hasWarned = false
  function onReplaced(): void {
    if (hasWarned) return
    hasWarned = true
    log.warn(
      'portico: an onSend hook replaced the body of a call, which goes out as it was: only the bodies of unary Connect calls can be replaced',
    )
  }
  return (route, request, reply) => {
    const incoming: IncomingMessage = request.raw
    const response: ServerResponse = reply.raw
    const wire = new Http1Head(incoming)
    const transport = new Http1Exchange(incoming, response, {
      head: wire,
      connection: connectionOf(incoming),
      budget,
      isContinueSent,
      // The port has reported its start; without a port the call does.
      observation: RequestObservation.of(incoming)?.handOver(),
    })
    const head = new RoutedHead(wire, request)
    return new RoutedCall({ lane, route, request, reply, head, transport, contextValues, onReplaced })
  }
}

/** What came by our own HTTP/2 has the peer of its connection. */
function connectionOf(request: IncomingMessage): ExchangeConnection {
  const { socket } = request
  return socket instanceof MemorySocket ? socket.carrier.peer : http1ConnectionOf(request)
}
